//! Every attempt sees its slate where the tree was built, and nothing is kept
//! busy by that.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::ground::Ground;
use crate::pool::{exists, run, zfs};

/// Says what is in a file that it knows by the path it was built at.
const PROGRAM: &str = r#"
#include <stdio.h>
int main(void) {
    char line[64];
    FILE *file = fopen(TREE "/proj/data", "r");
    fputs(file && fgets(line, sizeof line, file) ? line : "nothing\n", stdout);
    return 0;
}"#;

/// Builds the program in the tree, with what Cargo would leave beside it.
fn build(tree: &Path) {
    let dir = tree.join("proj/target/debug");
    fs::create_dir_all(&dir).unwrap();
    fs::write(tree.join("proj/data"), "old\n").unwrap();
    let source = tree.join("proj/main.c");
    fs::write(&source, PROGRAM).unwrap();
    let program = dir.join("proj");
    run(Command::new("cc")
        .arg(format!("-DTREE=\"{}\"", tree.display()))
        .args(["-MD", "-MF", "proj.d", "-MT"])
        .arg(&program)
        .arg("-o")
        .arg(&program)
        .arg(source)
        .current_dir(dir));
}

/// Makes the slate differ from what it was made of, and runs the program.
const TELL: &str = r#"exec >>$DESK/told
cd ../..; echo "in $PWD"; echo slate >proj/data; proj/target/debug/proj"#;

/// What a Go tree has that was built in place, as far as it matters here.
fn build_go(tree: &Path) {
    let root = tree.join("goroot");
    fs::create_dir_all(root.join("bin")).unwrap();
    fs::write(root.join("VERSION"), "go1.19.8").unwrap();
    let names = format!("ELF\0{}/src/runtime/proc.go\0", root.display());
    fs::write(root.join("bin/go"), names).unwrap();
}

fn told(ground: &Ground) -> String {
    let path = ground.desk().join("told");
    let told = fs::read_to_string(&path).unwrap();
    fs::remove_file(path).unwrap();
    told
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_tree_that_was_built_in_place_finds_itself_in_its_slate() {
    let ground = Ground::with(TELL, build);
    let go = ground.snapshot.as_str();
    let tree = ground.path("");
    let tree = tree.to_str().unwrap().trim_end_matches('/');
    let hunt = |options: &[&str]| {
        let args = [&[go, "-p1", "--stop-after=1"], options].concat();
        ground.end(ground.alone("", &args).output().unwrap())
    };
    let without = hunt(&[]);
    assert_eq!(without.code(), Some(0), "{}", without.stderr);
    assert!(told(&ground).ends_with("\nold\n"));
    let warning = format!(
        "gocrash: warning: `proj/target/debug/proj.d` was built at \
         `{tree}/proj/target/debug`: runs may use the files there\n  \
         help: --at {tree}\n"
    );
    assert_eq!(without.stderr, warning);

    let with = hunt(&["--at", tree]);
    assert_eq!(with.code(), Some(0), "{}", with.stderr);
    assert_eq!(told(&ground), format!("in {tree}\nslate\n"));
    assert_eq!(with.stderr, "");
    let header = format!("\nat:              {tree}\n");
    assert!(with.stdout.contains(&header), "{}", with.stdout);
    // What is told about it is where everybody else finds it.
    let stdout_path = with.seen_path(": start ");
    assert!(stdout_path.ends_with("thread-0-run-0/test_run_stdout"));
    let data = fs::read_to_string(ground.path("proj/data")).unwrap();
    assert_eq!(data, "old\n");
    assert!(ground.left().is_empty(), "{:?}", ground.left());
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_go_tree_that_was_built_in_place_is_warned_of() {
    let ground = Ground::with("pwd >$DESK/told", build_go);
    let tree = ground.path("goroot");
    let without = ground.hunt(&["-p1", "--stop-after=1"]);
    let warning = format!("`goroot/bin/go` was built at `{}`", tree.display());
    assert!(without.stderr.contains(&warning), "{}", without.stderr);
    let go = ground.snapshot.as_str();
    let at = tree.parent().unwrap().to_str().unwrap();
    let args = [go, "-p1", "--stop-after=1", "--at", at];
    let with = ground.end(ground.alone("", &args).output().unwrap());
    assert_eq!(with.stderr, "");
    assert_eq!(told(&ground), format!("{}/src\n", tree.display()));
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
