//! A pool or a quota that fills up is no failure of the suite.

use std::fs;
use std::thread;
use std::time::Duration;

use super::ground::{Ground, lines};
use crate::pool::{Pool, get, zfs, zpool};

const MIB: u64 = 1 << 20;

/// A hunt in a small pool, of suites with this text.
fn ground(script: &str) -> Ground {
    Ground::on(Pool::with_bytes(256 * MIB), script, |_| ())
}

/// What keeps so much of what is free now, in bytes, for `--min-free`. The
/// record of the hunt takes 32 MiB of it.
fn all_but(ground: &Ground, bytes: u64) -> String {
    let free: u64 = get(ground.pool.root(), "available").parse().unwrap();
    format!("--min-free={}", free - bytes)
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_suite_that_meets_the_quota_has_not_failed() {
    let ground = ground("until [ -e $DESK/go-on ]; do sleep 0.1; done; exit 1");
    let before = ground.datasets();
    let go = ground.snapshot.as_str();
    let args = [go, "-p1", "--quota=16M"];
    let mut child = ground.gocrash(&args).spawn().unwrap();
    let mut lines = lines(&mut child);
    let mut seen = lines.until("attempt 0: start");
    let working = ground.dataset(&ground.left()[0]);
    assert_eq!(get(&working, "quota"), (16 * MIB).to_string());
    // Filling it would take ZFS a hundred transaction groups.
    let used: u64 = get(&working, "used").parse().unwrap();
    let quota = format!("quota={}", used + MIB / 4);
    zfs(&["set", &quota, working.as_str()]);
    fs::write(ground.desk().join("go-on"), "").unwrap();
    seen += &lines.rest();
    let hunted = ground.end(child.wait_with_output().unwrap());
    assert_eq!(hunted.code(), Some(125), "{seen}");
    let said = "attempt 0: no verdict: no space left: `";
    assert!(seen.contains(said), "{seen}");
    assert!(!seen.contains("kept"), "{seen}");
    assert_eq!(ground.datasets(), before, "{seen}");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_hunt_ends_before_the_pool_is_full_and_keeps_what_it_has() {
    let ground = ground("head -c 16M /dev/urandom >big; sync");
    let min_free = all_but(&ground, 72 * MIB);
    let hunted = ground.hunt(&["-p1", "--keep-success", &min_free]);
    assert_eq!(hunted.code(), Some(125), "{}", hunted.stdout);
    let paused = hunted.stdout.matches(" UTC: paused: `").count();
    assert_eq!(paused, 1, "{}", hunted.stdout);
    let why = "gocrash: error: there is no room for another run: `";
    assert!(hunted.stderr.starts_with(why), "{}", hunted.stderr);
    assert!(!hunted.stdout.contains("no slate"), "{}", hunted.stdout);
    let kept = ground.left().len();
    assert!((3..=6).contains(&kept), "{kept}: {}", hunted.stdout);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_hunt_goes_on_when_there_is_room_again() {
    let ground =
        ground("until [ -e $DESK/$GOCRASH_ATTEMPT ]; do sleep 0.1; done");
    let go_on = |run: u32| {
        fs::write(ground.desk().join(run.to_string()), "").unwrap();
    };
    let min_free = all_but(&ground, 48 * MIB);
    let go = ground.snapshot.as_str();
    let args = [go, "-p1", "--stop-after=3", &min_free];
    let mut child = ground.gocrash(&args).spawn().unwrap();
    let mut lines = lines(&mut child);
    lines.until("attempt 0: start");
    // The next one was let in before there was too little room.
    while !ground.left().iter().any(|name| name.ends_with("run-1")) {
        thread::sleep(Duration::from_millis(50));
    }
    let pool = ground.pool.root().as_str();
    let filler = ground.pool.mount_point().join("filler");
    // Later releases compress unless told.
    zfs(&["set", "compression=off", pool]);
    fs::write(&filler, vec![b'x'; 32 << 20]).unwrap();
    zpool(&["sync", pool]);
    go_on(0);
    lines.until("paused: ");
    fs::remove_file(&filler).unwrap();
    zpool(&["sync", pool]);
    go_on(1);
    go_on(2);
    let rest = lines.rest();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
    assert!(rest.contains("thread 0: 3 tries, result = ok"), "{rest}");
}
