//! There is no room in the pool: for what a suite writes, for the next slate,
//! for what is written down, for a hunt at all.

use std::fs::{self, File};
use std::io::Write;

use super::ground::Ground;
use super::{WAIT, go, start, with_bystanders, working};
use crate::audit::Audit;
use crate::pool::{Pool, get, zfs, zpool};
use crate::scenario::{ONCE, scenario};

const MIB: u64 = 1 << 20;

/// A hunt in a small pool, of suites with this text.
fn ground(script: &str, mib: u64) -> Ground {
    with_bystanders(Ground::on(Pool::with_bytes(mib * MIB), script, |_| ()))
}

/// What keeps so much of what is free now, in bytes, for `--min-free`. The
/// record of the hunt takes 32 MiB of it.
fn all_but(ground: &Ground, bytes: u64) -> String {
    let free: u64 = get(ground.pool.root(), "available").parse().unwrap();
    format!("--min-free={}", free - bytes)
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_full_pool_loses_no_verdict() {
    scenario("pool: full during an attempt and the record", ONCE, |_| {
        // Not again: towards its end ZFS needs a transaction group for every
        // few bytes.
        let script = "[ $GOCRASH_ATTEMPT = 1 ] || exit 0
            cat /dev/urandom >big; sync; cat /dev/urandom >bigger; exit 3";
        let ground = ground(script, 128);
        let audit = Audit::begin(&ground);
        let options = ["-p1", "--keep-success", "--stop-after=3"];
        let ran = start(&ground, &options).end().expect(0);
        let said = "; exited with code 3 after ";
        let ran = ran.expect_said(said).expect_verdict((0, 1), "no verdict");
        assert!(!ran.stderr.contains("record"), "{ran:#?}");
        // Each verdict is written while the pool is full: its slate goes after
        // that. The audit compares the logs.
        audit.end(&ran);
    });
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn output_that_meets_the_quota_is_no_failure() {
    scenario("pool: output without end against a quota", ONCE, |_| {
        let ground = ground(&format!("{WAIT}; exec cat /dev/urandom"), 256);
        let audit = Audit::begin(&ground);
        let mut running = start(&ground, &["-p1", "--quota=16M"]);
        running.until("attempt 0: start");
        let working = working(&ground);
        assert_eq!(zfs(&["get", "-Hpo", "value", "quota", &working]), {
            (16 * MIB).to_string()
        });
        // Filling it would take ZFS a hundred transaction groups.
        let used = zfs(&["get", "-Hpo", "value", "used", &working]);
        let quota = used.parse::<u64>().unwrap() + MIB / 4;
        zfs(&["set", &format!("quota={quota}"), &working]);
        go(&ground);
        let ran = running.end().expect(125);
        let ran = ran.expect_verdict((0, 0), "no verdict");
        audit.end_empty(&ran.expect_said("0: no verdict: no space left: `"));
    });
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_hunt_ends_before_the_pool_is_full_and_keeps_what_it_has() {
    scenario("pool: no room for another clone", ONCE, |_| {
        let ground = ground("head -c 16M /dev/urandom >big; sync", 256);
        let audit = Audit::begin(&ground);
        let min_free = all_but(&ground, 72 * MIB);
        let options = ["-p1", "--keep-success", &min_free];
        let ran = start(&ground, &options).end().expect(125);
        let ran = ran.expect_said("error: there is no room for another run: `");
        assert_eq!(ran.stdout.matches(" UTC: paused: `").count(), 1);
        assert!(!ran.stdout.contains("no slate"), "{ran:#?}");
        assert!((2..=5).contains(&ran.verdicts().len()), "{ran:#?}");
        audit.end(&ran);
    });
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_hunt_goes_on_when_there_is_room_again() {
    scenario("pool: no room for a clone for a while", ONCE, |_| {
        let script =
            "until [ -e $DESK/go-$GOCRASH_ATTEMPT ]; do sleep 0.1; done";
        let ground = ground(script, 256);
        let go_on = |run: u32| {
            fs::write(ground.desk().join(format!("go-{run}")), "").unwrap();
        };
        let pool = ground.pool.root().as_str();
        // Later releases compress unless told.
        zfs(&["set", "compression=off", pool]);
        let audit = Audit::begin(&ground);
        let min_free = all_but(&ground, 48 * MIB);
        let options = ["-p1", "--stop-after=3", &min_free];
        let mut running = start(&ground, &options);
        running.until("attempt 0: start");
        // The next one was let in before there was too little room.
        let is_next = |name: &String| name.ends_with("run-1");
        crate::processes::wait_until("the next slate", || {
            ground.left().iter().any(is_next)
        });
        let filler = ground.pool.mount_point().join("filler");
        fs::write(&filler, vec![b'x'; 32 << 20]).unwrap();
        zpool(&["sync", pool]);
        go_on(0);
        running.until("paused: ");
        fs::remove_file(&filler).unwrap();
        zpool(&["sync", pool]);
        go_on(1);
        go_on(2);
        let ran = running.end().expect(0);
        assert_eq!(ran.verdicts().len(), 3, "{ran:#?}");
        audit.end_empty(&ran);
    });
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_pool_without_any_room_is_no_verdict() {
    scenario("pool: full before a hunt begins", ONCE, |_| {
        let ground = ground("exit 1", 96);
        let pool = ground.pool.root().as_str();
        zfs(&["set", "compression=off", pool]);
        let filler = ground.pool.mount_point().join("filler");
        let mut filler = File::create(filler).unwrap();
        while filler.write_all(&[b'x'; 1 << 17]).is_ok() {}
        zpool(&["sync", pool]);
        while filler.write_all(&[b'x'; 512]).is_ok() {}
        zpool(&["sync", pool]);
        let audit = Audit::begin(&ground);
        let ran = start(&ground, &["-p1"]).end().expect(125);
        audit.end_empty(&ran.expect_said("gocrash: error: "));
    });
}
