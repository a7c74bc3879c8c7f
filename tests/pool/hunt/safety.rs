//! What gocrash must not write to, and must not destroy.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::ground::{Ground, Hunted, lines};
use crate::pool::{exists, run, zfs};

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn output_files_of_the_snapshot_are_replaced_and_never_followed() {
    let victim = tempfile::NamedTempFile::new().unwrap();
    fs::write(&victim, "untouched").unwrap();
    let ground = Ground::with("echo out; echo err >&2; exit 1", |tree| {
        symlink(victim.path(), tree.join("test_run_stdout")).unwrap();
        run(Command::new("mkfifo").arg(tree.join("test_run_stderr")));
    });
    let hunted = ground.hunt(&["-p1"]);
    assert_eq!(hunted.code(), Some(1), "{}", hunted.stderr);
    let said = "replaced test_run_stdout and test_run_stderr, which";
    assert!(hunted.stdout.contains(said), "{}", hunted.stdout);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
    let stdout_path = hunted.seen_path("kept: ");
    assert_eq!(fs::read_to_string(&stdout_path).unwrap(), "out\n");
    let stderr_path = stdout_path.with_file_name("test_run_stderr");
    assert_eq!(fs::read_to_string(stderr_path).unwrap(), "err\n");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn the_next_slate_is_out_of_reach_until_its_attempt() {
    // Runs until the next slate is there: as somebody who may not look, the
    // suite sees only a link count, of which one is for the place, empty now,
    // where its own slate has waited.
    let ground = Ground::new(
        r#"ready=../../../.ready
        [ "$(stat -c '%a %U' $ready)" = "700 root" ] || exit 3
        ls $ready 2>/dev/null && exit 4
        [ "$GOCRASH_ATTEMPT" = 1 ] && exit 0
        until [ "$(stat -c %h $ready)" = 4 ]; do sleep 0.1; done
        ls -d ../../../thread-0-run-1/* 2>/dev/null && exit 5
        exit 0"#,
    );
    let hunted = ground.hunt(&["-p1", "--stop-after=2"]);
    assert_eq!(hunted.code(), Some(0), "{}", hunted.stdout);
    assert!(ground.left().is_empty(), "{:?}", ground.left());
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_link_where_the_working_dataset_belongs_is_passed_by() {
    let ground = Ground::new("true");
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(elsewhere.path(), ground.path("gocrash-1700000000000")).unwrap();
    let clock = ground.stopped_clock();
    let mut gocrash = ground.gocrash(&[ground.snapshot.as_str()]);
    gocrash.args(["-p1", "--stop-after=1", "--keep-success"]);
    let output = gocrash.env("LD_PRELOAD", clock).output().unwrap();
    let hunted = ground.end(output);
    assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
    let next = "gocrash-1700000000001";
    let kept = format!("{next}/thread-0-run-0");
    assert_eq!(ground.left(), [next, &kept]);
    assert!(ground.path(&kept).join("test_run_stdout").exists());
    assert!(elsewhere.path().read_dir().unwrap().next().is_none());
}

/// A hunt of one run, during which something is done to its slate.
fn meddled(ground: &Ground, meddle: impl FnOnce(&str)) -> Hunted {
    let args = [ground.snapshot.as_str(), "-p1", "--stop-after", "1"];
    let mut child = ground.gocrash(&args).spawn().unwrap();
    let mut lines = lines(&mut child);
    let mut seen = lines.until("attempt 0: start");
    let left = ground.left();
    let slate = left.iter().find(|name| name.ends_with("/thread-0-run-0"));
    meddle(ground.dataset(slate.unwrap()).as_str());
    fs::write(ground.desk().join("go-on"), "").unwrap();
    seen += &lines.rest();
    let mut hunted = ground.end(child.wait_with_output().unwrap());
    hunted.stdout = seen;
    hunted
}

const WAIT: &str = "cd /; until [ -e $DESK/go-on ]; do sleep 0.1; done";

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn another_dataset_of_the_same_name_is_not_destroyed() {
    for is_clone in [false, true] {
        let ground = Ground::new(WAIT);
        let mut name = String::new();
        let hunted = meddled(&ground, |slate| {
            let away = format!("{slate}-away");
            zfs(&["rename", "-u", slate, &away]);
            match is_clone {
                true => zfs(&["clone", ground.snapshot.as_str(), slate]),
                false => zfs(&["create", "-u", slate]),
            };
            slate.clone_into(&mut name);
        });
        assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
        assert!(exists(&zfs::DatasetName::new(&name).unwrap()));
        let line = format!("left: {name}: it is not the dataset");
        assert!(hunted.stdout.contains(&line), "{}", hunted.stdout);
    }
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn without_the_tag_nothing_is_destroyed() {
    let ground = Ground::new(WAIT);
    let hunted = meddled(&ground, |slate| {
        let (working, _) = slate.rsplit_once('/').unwrap();
        zfs(&["inherit", "gocrash:session", working]);
    });
    assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
    assert_eq!(ground.left().len(), 2, "{}", hunted.stdout);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn an_inherited_tag_is_not_taken_for_ones_own() {
    let ground = Ground::new(WAIT);
    let hunted = meddled(&ground, |slate| {
        let (working, _) = slate.rsplit_once('/').unwrap();
        let (source, session) = working.rsplit_once('/').unwrap();
        zfs(&["set", &format!("gocrash:session={session}"), source]);
        zfs(&["inherit", "gocrash:session", working]);
    });
    assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
    assert_eq!(ground.left().len(), 2, "{}", hunted.stdout);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_clone_with_somebodys_snapshot_is_left() {
    let ground = Ground::new(WAIT);
    let mut name = String::new();
    let hunted = meddled(&ground, |slate| {
        name = format!("{slate}@hourly");
        zfs(&["snapshot", &name]);
    });
    assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
    assert!(exists(&zfs::SnapshotName::new(&name).unwrap()));
    assert!(hunted.stdout.contains(&name), "{}", hunted.stdout);
}
