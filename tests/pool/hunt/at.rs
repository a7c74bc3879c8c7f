//! Every attempt sees its slate where the tree was built, and nothing is kept
//! busy by that.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ground::Ground;
use crate::pool::{exists, run, zfs};

/// Something that a real toolchain has built in the tree, and that knows a file
/// by the path it was built at.
struct Built {
    build: fn(&Path),
    /// Where its file is, and what to run, both relative to the tree.
    data: &'static str,
    program: &'static str,
    /// What the warning names: a file, and the directory that is baked in.
    sign: (&'static str, &'static str),
}

const BY_CARGO: Built = Built {
    build: build_by_cargo,
    data: "proj/data",
    program: "proj/target/debug/proj",
    sign: ("proj/target/debug/proj.d", "proj/target/debug"),
};

const BY_GO: Built = Built {
    build: build_by_go,
    data: "goroot/data",
    program: "goroot/bin/go",
    sign: ("goroot/bin/go", "goroot"),
};

/// Those that this machine can build. Each release's has one of them.
fn built_here() -> Vec<Built> {
    let is_there = |program: &str| {
        let found = Command::new(program).arg("--help").output();
        found.is_ok()
    };
    let mut built = Vec::new();
    if is_there("cargo") {
        built.push(BY_CARGO);
    }
    if go().is_some() {
        built.push(BY_GO);
    }
    assert!(!built.is_empty(), "there is neither Cargo nor Go here");
    built
}

fn build_by_cargo(tree: &Path) {
    let proj = tree.join("proj");
    fs::create_dir_all(proj.join("src")).unwrap();
    fs::write(
        proj.join("Cargo.toml"),
        "[package]\nname = \"proj\"\nedition = \"2021\"\n",
    )
    .unwrap();
    fs::write(
        proj.join("src/main.rs"),
        r#"fn main() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data");
            print!("{}", std::fs::read_to_string(path).unwrap());
        }"#,
    )
    .unwrap();
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--offline"]).current_dir(proj);
    run(cargo.env_remove("CARGO_TARGET_DIR"));
}

/// A program in the place of `go`: what Go itself is built in place by takes
/// minutes, and bakes the same path in the same way.
fn build_by_go(tree: &Path) {
    let root = tree.join("goroot");
    fs::create_dir_all(root.join("bin")).unwrap();
    fs::write(root.join("VERSION"), "go1.19.8").unwrap();
    let source = root.join("main.go");
    fs::write(
        &source,
        r#"package main
        import ("os"; "runtime")
        func main() {
            text, _ := os.ReadFile(runtime.GOROOT() + "/data")
            os.Stdout.Write(text)
        }"#,
    )
    .unwrap();
    let mut go = Command::new(go().unwrap());
    go.args(["build", "-o", "bin/go", "main.go"]).current_dir(&root);
    go.env("GOROOT_FINAL", &root).env("GOCACHE", tree.join("cache"));
    run(go.env("GO111MODULE", "off"));
}

fn go() -> Option<PathBuf> {
    let dirs = fs::read_dir("/usr/lib").unwrap();
    let mut programs = dirs
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().as_bytes().starts_with(b"go-"))
        .map(|dir| dir.join("bin/go"));
    programs.find(|program| program.exists())
}

/// Makes the slate differ from what it was made of, and runs the program.
const TELL: &str = "exec >>$DESK/told
cd ../..; echo \"in $PWD\"; echo slate >$DATA; $PROGRAM";

fn told(ground: &Ground) -> String {
    let path = ground.desk().join("told");
    let told = fs::read_to_string(&path).unwrap();
    fs::remove_file(path).unwrap();
    told
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_tree_that_was_built_in_place_finds_itself_in_its_slate() {
    for built in built_here() {
        finds_itself(&built);
    }
}

fn finds_itself(built: &Built) {
    let Built { build, data, program, sign: (file, named) } = built;
    let ground = Ground::with(TELL, |tree| {
        build(tree);
        fs::write(tree.join(data), "old\n").unwrap();
    });
    let tree = ground.path("");
    let tree = tree.to_str().unwrap().trim_end_matches('/');
    let hunt = |options: &[&str]| {
        let go = ground.snapshot.as_str();
        let args = [&[go, "-p1", "--stop-after=1"], options].concat();
        let mut hunt = ground.alone("", &args);
        hunt.env("DATA", data).env("PROGRAM", program);
        ground.end(hunt.output().unwrap())
    };
    let without = hunt(&[]);
    assert_eq!(without.code(), Some(0), "{}", without.stderr);
    assert!(told(&ground).ends_with("\nold\n"));
    let warning = format!(
        "gocrash: warning: `{file}` was built at `{tree}/{named}`: runs may \
         use the files there\n  help: --at {tree}\n"
    );
    assert!(without.stderr.ends_with(&warning), "{}", without.stderr);

    let with = hunt(&["--at", tree]);
    assert_eq!(with.code(), Some(0), "{}", with.stderr);
    assert_eq!(told(&ground), format!("in {tree}\nslate\n"));
    assert_eq!(with.stderr, "");
    let header = format!("\nat:              {tree}\n");
    assert!(with.stdout.contains(&header), "{}", with.stdout);
    // What is told about it is where everybody else finds it.
    let stdout_path = with.seen_path(": start ");
    assert!(stdout_path.ends_with("thread-0-run-0/test_run_stdout"));
    let old = fs::read_to_string(ground.path(data)).unwrap();
    assert_eq!(old, "old\n");
    assert!(ground.left().is_empty(), "{:?}", ground.left());
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn the_suite_cannot_have_the_other_view_back() {
    let ground = Ground::new(
        r#"exec 2>/dev/null
        ls -d $AT/gocrash-* && exit 3
        umount $AT && exit 4
        nsenter --mount=/proc/$PPID/ns/mnt true && exit 5
        unshare --user --map-root-user --mount umount $AT && exit 6
        exit 0"#,
    );
    let tree = ground.path("");
    let at = tree.to_str().unwrap().trim_end_matches('/');
    let go = ground.snapshot.as_str();
    let args = [go, "-p1", "--stop-after=1", "--at", at];
    let output = ground.alone("", &args).env("AT", at).output().unwrap();
    let hunted = ground.end(output);
    assert_eq!(hunted.code(), Some(0), "{}{}", hunted.stdout, hunted.stderr);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn an_attempt_that_lasts_keeps_no_other_slate_busy() {
    // The first thread's attempt ends when all the others have.
    let ground = Ground::new(
        r#">$DESK/$GOCRASH_SLOT-$GOCRASH_ATTEMPT
        [ $GOCRASH_SLOT = 0 ] || exit 0
        until [ $(ls $DESK/[123]-* | wc -l) = 18 ]; do sleep 0.1; done"#,
    );
    let before = ground.datasets();
    let tree = ground.path("");
    let go = ground.snapshot.as_str();
    let at = tree.to_str().unwrap();
    let args = [go, "-p4", "--stop-after=6", "--at", at];
    let hunted = ground.end(ground.alone("", &args).output().unwrap());
    assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
    assert!(!hunted.stdout.contains("left"), "{}", hunted.stdout);
    assert_eq!(ground.datasets(), before);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn what_others_unmount_is_not_kept_busy() {
    let ground =
        Ground::new(">$DESK/up; until [ -e $DESK/go-on ]; do sleep 0.1; done");
    let other = ground.pool.dataset("other");
    zfs(&["create", "-u", other.as_str()]);
    // As where systemd has made all mounts shared.
    let before = format!(
        "mount --make-shared {}; zfs mount {other}
        (until [ -e $DESK/up ]; do sleep 0.1; done
         zfs destroy {other} 2>$DESK/why || true; >$DESK/go-on) &",
        ground.pool.mount_point().display()
    );
    let go = ground.snapshot.as_str();
    let tree = ground.path("");
    let at = tree.to_str().unwrap();
    let args = [go, "-p1", "--stop-after=1", "--at", at];
    let hunted = ground.end(ground.alone(&before, &args).output().unwrap());
    assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
    let why = fs::read_to_string(ground.desk().join("why")).unwrap();
    assert!(!exists(&other), "{why}");
}
