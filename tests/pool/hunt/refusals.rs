//! What is refused after a look at the pool: nothing in it changes.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;

use expect_test::expect_file;

use super::ground::{Ground, Hunted, PERSON};
use crate::copy_program;
use crate::pool::{run, zfs};

/// What is answered, under a line that says to what.
struct Answers<'a> {
    ground: &'a Ground,
    text: String,
}

impl Answers<'_> {
    fn new(ground: &Ground) -> Answers<'_> {
        Answers { ground, text: String::new() }
    }

    /// Runs gocrash with these arguments, which must be refused; if it isn't,
    /// the hunt has an end.
    fn ask(&mut self, args: &[&str]) {
        let bounded = [&["--stop-after=1"], args].concat();
        let mut command = self.ground.gocrash(&bounded);
        self.ask_by(&args.join(" "), &mut command);
    }

    /// Runs it, which must be refused and change nothing.
    fn ask_by(&mut self, title: &str, command: &mut Command) {
        let ground = self.ground;
        let before = ground.datasets();
        let hunted = ground.end(command.output().unwrap());
        let Hunted { stdout, stderr, .. } = &hunted;
        assert_eq!(hunted.code(), Some(129), "{title}: {stdout}{stderr}");
        assert_eq!(stdout, "");
        assert_eq!(ground.datasets(), before, "{title}");
        let pool = ground.pool.root().as_str();
        let answer = format!("$ gocrash {title}\n{stderr}\n");
        let mounted = ground.pool.mount_point();
        self.text += &answer
            .replace(mounted.to_str().unwrap(), "/POOL")
            .replace(pool, "POOL");
    }
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn sources_that_are_not_there_or_lack_something() {
    let ground = Ground::with("true", |tree| {
        symlink("/usr", tree.join("out")).unwrap();
        symlink("goroot", tree.join("in")).unwrap();
        let closed = tree.join("closed");
        fs::create_dir_all(closed.join("in")).unwrap();
        fs::set_permissions(closed, Permissions::from_mode(0o0)).unwrap();
    });
    let pool = ground.pool.root().as_str();
    let go = ground.snapshot.as_str();
    let mut answers = Answers::new(&ground);
    answers.ask(&[&format!("{pool}/go@inital")]);
    answers.ask(&[&format!("{pool}/go@zzz")]);
    answers.ask(&[&format!("{pool}/no@initial")]);
    answers.ask(&["no-such-pool/go@initial"]);
    answers.ask(&[go, "--cwd=goroot"]);
    answers.ask(&[go, "--cwd=nowhere", "--", "true"]);
    answers.ask(&[go, "--cwd=out", "--", "true"]);
    answers.ask(&[go, "--parent", &format!("{pool}/no")]);
    expect_file![golden!("sources.txt")].assert_eq(&answers.text);
    // It is not root who looks.
    answers.text.clear();
    answers.ask(&[go, "--cwd=closed/in", "--", "true"]);
    let said = "who runs the suite may not go to `closed/in` in `";
    assert!(answers.text.contains(said), "{}", answers.text);
    // A link that stays inside is fine.
    let inside = ground.hunt(&["--cwd=in/src", "--stop-after=1"]);
    assert_eq!(inside.code(), Some(0), "{}", inside.stderr);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn datasets_that_cannot_be_mounted_or_written() {
    let ground = Ground::with("true", |tree| {
        fs::create_dir(tree.join("test_run_stdout")).unwrap();
    });
    let pool = ground.pool.root().as_str();
    let go = ground.snapshot.as_str();
    let mut answers = Answers::new(&ground);
    answers.ask(&[go]);

    let volume = format!("{pool}/vol");
    zfs(&["create", "-s", "-V", "16M", &volume]);
    zfs(&["snapshot", &format!("{volume}@a")]);
    answers.ask(&[&format!("{volume}@a")]);
    answers.ask(&[go, "--parent", &volume]);

    let source = ground.snapshot.dataset().as_str();
    zfs(&["set", "mountpoint=none", source]);
    answers.ask(&[go]);
    zfs(&["set", "mountpoint=legacy", source]);
    answers.ask(&[go]);
    zfs(&["inherit", "mountpoint", source]);
    zfs(&["set", "readonly=on", source]);
    answers.ask(&[go]);

    let secret = format!("{pool}/secret");
    let key = ground.pool.folder().join("key");
    fs::write(&key, "k".repeat(32)).unwrap();
    let location = format!("keylocation=file://{}", key.display());
    let encryption = ["-o", "encryption=on", "-o", "keyformat=raw", "-o"];
    zfs(&[&["create"], &encryption[..], &[&location, &secret]].concat());
    zfs(&["snapshot", &format!("{secret}@a")]);
    zfs(&["unmount", &secret]);
    zfs(&["unload-key", &secret]);
    answers.ask(&[&format!("{secret}@a")]);
    expect_file![golden!("mounts.txt")].assert_eq(&answers.text);

    // Only the attempt tells: then it is as if it had not been.
    let file = ground.pool.mount_point().join("file");
    fs::write(&file, "").unwrap();
    let nowhere = format!("mountpoint={}/x", file.display());
    let odd = format!("{pool}/odd");
    zfs(&["create", "-o", "canmount=noauto", "-o", &nowhere, &odd]);
    zfs(&["snapshot", &format!("{odd}@a")]);
    answers.text.clear();
    answers.ask(&[&format!("{odd}@a"), "--", "true"]);
    let said = answers.text;
    assert!(said.contains("cannot set up the working dataset: "), "{said}");
    assert!(said.contains("help: see `zfs get -r mountpoint`"), "{said}");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn callers_and_hosts_that_cannot_do_it() {
    let ground = Ground::new("true");
    let go = ground.snapshot.as_str();
    let mut answers = Answers::new(&ground);
    let mut root = ground.gocrash(&[go]);
    root.env_remove("SUDO_USER").env_remove("SUDO_UID");
    answers.ask_by("as root", &mut root);

    // The program where anybody may start it.
    let program = ground.pool.folder().join("gocrash");
    copy_program(env!("CARGO_BIN_EXE_gocrash"), &program);
    let uid = run(Command::new("id").args(["-u", PERSON])).parse().unwrap();
    let mut person = Command::new(&program);
    answers.ask_by("as a person", person.arg(go).uid(uid));
    let mut person = Command::new(&program);
    person.args([go, "--user", "root"]).uid(uid);
    answers.ask_by("as a person, --user root", &mut person);

    // Nobody but root can pass.
    let way = ground.pool.folder();
    fs::set_permissions(way, Permissions::from_mode(0o700)).unwrap();
    answers.ask(&[go]);
    fs::set_permissions(way, Permissions::from_mode(0o755)).unwrap();

    // As where the kernel module is missing: there is no /dev/zfs.
    let mut without = Command::new("unshare");
    let forget = ground.pool.forget_others();
    let script = format!(
        "{forget}; mount -t tmpfs none /dev; \
         mknod -m 666 /dev/null c 1 3; exec \"$@\""
    );
    without
        .args(["-m", "sh", "-c", &script, "-"])
        .arg(env!("CARGO_BIN_EXE_gocrash"))
        .args([go, "--user", PERSON]);
    answers.ask_by("without the kernel module", &mut without);
    expect_file![golden!("callers.txt")].assert_eq(&answers.text);
}
