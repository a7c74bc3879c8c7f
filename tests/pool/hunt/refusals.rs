//! What is refused after a look at the pool: nothing in it changes.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::process::Command;

use expect_test::{Expect, expect};

use super::ground::{Ground, Hunted, PERSON};
use crate::pool::{run, zfs};

/// Runs it, which must be refused and change nothing.
fn refused(ground: &Ground, command: &mut Command, expected: Expect) {
    let before = ground.datasets();
    let hunted = ground.end(command.output().unwrap());
    let Hunted { stdout, stderr, .. } = &hunted;
    assert_eq!(hunted.code(), Some(129), "{stdout}{stderr}");
    assert_eq!(stdout, "");
    let stderr = stderr.replace(ground.pool.root().as_str(), "POOL");
    expected.assert_eq(&stderr);
    assert_eq!(ground.datasets(), before);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn sources_that_are_not_there_or_lack_something() {
    let ground = Ground::with("true", |tree| {
        symlink("/usr", tree.join("out")).unwrap();
        symlink("goroot", tree.join("in")).unwrap();
    });
    let pool = ground.pool.root().as_str();
    let go = ground.snapshot.as_str();
    let refused = |args: &[&str], expected| {
        refused(&ground, &mut ground.gocrash(args), expected);
    };
    refused(
        &[&format!("{pool}/go@inital")],
        expect![[r#"
        gocrash: error: there is no snapshot `POOL/go@inital`
          help: did you mean `POOL/go@initial`?
    "#]],
    );
    refused(
        &[&format!("{pool}/go@zzz")],
        expect![[r#"
        gocrash: error: there is no snapshot `POOL/go@zzz`
          help: `POOL/go` has `@initial`
    "#]],
    );
    refused(
        &[&format!("{pool}/no@initial")],
        expect![[r#"
        gocrash: error: there is no dataset `POOL/no`
          help: `zfs list` shows those there are
    "#]],
    );
    refused(
        &["no-such-pool/go@initial"],
        expect![[r#"
        gocrash: error: there is no dataset `no-such-pool/go`
          help: `zfs list` shows those there are
    "#]],
    );
    refused(
        &[go, "--cwd=goroot"],
        expect![[r#"
        gocrash: error: there is no `goroot/all.bash` in `POOL/go@initial`
          help: snapshot a dataset with the Go tree in `goroot`, or say what to run: `gocrash SNAPSHOT -- COMMAND`
    "#]],
    );
    refused(
        &[go, "--cwd=nowhere", "--", "true"],
        expect![[r#"
        gocrash: error: there is no directory `nowhere` in `POOL/go@initial`
          help: name one that the snapshot has: `--cwd DIR`
    "#]],
    );
    refused(
        &[go, "--cwd=out", "--", "true"],
        expect![[r#"
        gocrash: error: `out` leads out of `POOL/go@initial`
          help: name a directory inside the clone: `--cwd DIR`
    "#]],
    );
    refused(
        &[go, "--parent", &format!("{pool}/no")],
        expect![[r#"
        gocrash: error: there is no dataset `POOL/no`
          help: name one that is there: `--parent DATASET`
    "#]],
    );
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
    let refused = |args: &[&str], expected| {
        refused(&ground, &mut ground.gocrash(args), expected);
    };
    refused(
        &[go],
        expect![[r#"
        gocrash: error: `POOL/go@initial` has a directory named `test_run_stdout`
          help: the output of each run goes there: rename it in `POOL/go`, and take another snapshot
    "#]],
    );

    zfs(&["create", "-s", "-V", "16M", &format!("{pool}/vol")]);
    zfs(&["snapshot", &format!("{pool}/vol@a")]);
    refused(
        &[&format!("{pool}/vol@a")],
        expect![[r#"
        gocrash: error: `POOL/vol` can't be mounted: it is not a file system
          help: name a file system; `zfs list -t filesystem` shows them
    "#]],
    );
    refused(
        &[go, "--parent", &format!("{pool}/vol")],
        expect![[r#"
        gocrash: error: `POOL/vol` can't be mounted: it is not a file system
          help: name a file system; `zfs list -t filesystem` shows them
    "#]],
    );

    let dataset = format!("{pool}/go");
    for set in ["mountpoint=none", "mountpoint=legacy"] {
        zfs(&["set", set, &dataset]);
        let expected = match set {
            "mountpoint=none" => expect![[r#"
                gocrash: error: what is in `POOL/go` can't be mounted: its mountpoint is `none`
                  help: give it a place, `zfs set mountpoint=/SOME/DIR POOL/go`, or work elsewhere: `--parent DATASET`
            "#]],
            _ => expect![[r#"
                gocrash: error: what is in `POOL/go` can't be mounted: its mountpoint is `legacy`
                  help: give it a place, `zfs set mountpoint=/SOME/DIR POOL/go`, or work elsewhere: `--parent DATASET`
            "#]],
        };
        refused(&[go], expected);
    }
    zfs(&["inherit", "mountpoint", &dataset]);
    zfs(&["set", "readonly=on", &dataset]);
    refused(
        &[go],
        expect![[r#"
        gocrash: error: what is in `POOL/go` can't be written: it is read-only
          help: `zfs set readonly=off POOL/go`, or work elsewhere: `--parent DATASET`
    "#]],
    );
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn datasets_whose_key_is_not_loaded() {
    let ground = Ground::new("true");
    let secret = format!("{}/secret", ground.pool.root());
    let key = ground.pool.folder().join("key");
    fs::write(&key, "k".repeat(32)).unwrap();
    zfs(&[
        "create",
        "-o",
        "encryption=on",
        "-o",
        "keyformat=raw",
        "-o",
        &format!("keylocation=file://{}", key.display()),
        &secret,
    ]);
    zfs(&["snapshot", &format!("{secret}@a")]);
    zfs(&["unmount", &secret]);
    zfs(&["unload-key", &secret]);
    let mut hunt = ground.gocrash(&[&format!("{secret}@a")]);
    refused(
        &ground,
        &mut hunt,
        expect![[r#"
        gocrash: error: `POOL/secret` can't be mounted: its key is not loaded
          help: load it: `zfs load-key POOL/secret`
    "#]],
    );
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn callers_without_rights_or_a_name() {
    let ground = Ground::new("true");
    let go = ground.snapshot.as_str();
    let mut root = ground.gocrash(&[go]);
    root.env_remove("SUDO_USER").env_remove("SUDO_UID");
    refused(
        &ground,
        &mut root,
        expect![[r#"
        gocrash: error: gocrash runs as root, and nothing says who called it
          help: say who runs the suite: `--user NAME`; root only if you mean it: `--user root`
    "#]],
    );

    // The program where anybody may start it.
    let program = ground.pool.folder().join("gocrash");
    fs::copy(env!("CARGO_BIN_EXE_gocrash"), &program).unwrap();
    let uid = run(Command::new("id").args(["-u", PERSON])).parse().unwrap();
    let mut person = Command::new(&program);
    person.arg(go).uid(uid);
    refused(
        &ground,
        &mut person,
        expect![[r#"
        gocrash: error: cannot look into `POOL/go@initial`: cannot mount `POOL/go@initial`: permission denied
          help: run gocrash by sudo or doas
    "#]],
    );
    let mut person = Command::new(&program);
    person.args([go, "--user", "root"]).uid(uid);
    refused(
        &ground,
        &mut person,
        expect![[r#"
        gocrash: error: only root can run the suite as `root`
          help: call gocrash by sudo, or leave `--user` out
    "#]],
    );
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn hosts_without_the_kernel_module() {
    let ground = Ground::new("true");
    // As on such a host: there is no /dev/zfs.
    let mut without = Command::new("unshare");
    without
        .args(["-m", "sh", "-c", "mount -t tmpfs none /dev; exec \"$@\"", "-"])
        .arg(env!("CARGO_BIN_EXE_gocrash"))
        .args([ground.snapshot.as_str(), "--user", PERSON]);
    refused(
        &ground,
        &mut without,
        expect![[r#"
        gocrash: error: cannot open ZFS: the ZFS module is not loaded
          help: load the module with `modprobe zfs`
    "#]],
    );
}
