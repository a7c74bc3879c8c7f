//! What the hunt works with gets another name, another origin, or goes.

use super::{WAIT, ground, meddled};
use crate::audit::Audit;
use crate::pool::{exists, zfs};
use crate::scenario::{ONCE, scenario};

const TWO_RUNS: [&str; 2] = ["-p1", "--stop-after=2"];

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_source_that_is_renamed_ends_a_hunt_with_all_it_has() {
    scenario("pool: the snapshot's dataset is renamed", ONCE, |_| {
        let ground = ground(WAIT);
        let audit = Audit::begin(&ground);
        let here = ground.snapshot.dataset().as_str();
        let away = ground.pool.dataset("away");
        let ran = meddled(&ground, &["-p1"], |_| {
            zfs(&["rename", "-u", here, away.as_str()]);
        });
        // Back, for the audit to compare.
        zfs(&["rename", "-u", away.as_str(), here]);
        // What had ended has its verdict.
        let ran = ran.expect(125).expect_verdict((0, 0), "passed");
        audit.end(&ran);
    });
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_snapshot_that_is_destroyed_when_nobody_needs_it_is_needed_till_then() {
    scenario("pool: the snapshot is destroyed, deferred", ONCE, |_| {
        let ground = ground(WAIT);
        let mut audit = Audit::begin(&ground);
        let ran = meddled(&ground, &TWO_RUNS, |_| {
            zfs(&["destroy", "-d", ground.snapshot.as_str()]);
        });
        let ran = ran.expect(0);
        assert_eq!(ran.verdicts().len(), 2, "{ran:#?}");
        assert!(!exists(&ground.snapshot), "{ran:#?}");
        // That is what they wanted.
        audit.look_again();
        audit.end_empty(&ran);
    });
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_slate_that_is_promoted_is_no_longer_ours_to_destroy() {
    scenario("pool: a slate is promoted", ONCE, |_| {
        let ground = ground(WAIT);
        let audit = Audit::begin(&ground);
        let source = ground.snapshot.dataset().as_str();
        let ran = meddled(&ground, &["-p1", "--stop-after=1"], |working| {
            zfs(&["promote", &format!("{working}/thread-0-run-0")]);
        });
        zfs(&["promote", source]);
        let ran = ran.expect(0).expect_verdict((0, 0), "passed");
        audit.end(&ran);
    });
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_working_dataset_that_is_renamed_stays() {
    scenario("pool: the working dataset is renamed", ONCE, |_| {
        let ground = ground(WAIT);
        let audit = Audit::begin(&ground);
        let (mut here, mut away) = (String::new(), String::new());
        let ran = meddled(&ground, &["-p1"], |working| {
            here = working.to_owned();
            away = format!("{}/away", ground.snapshot.dataset());
            zfs(&["rename", "-u", &here, &away]);
        });
        zfs(&["rename", "-u", &away, &here]);
        let ran = ran.expect(125).expect_verdict((0, 0), "passed");
        audit.end(&ran);
    });
}
