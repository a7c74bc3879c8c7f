//! The clock of the machine jumps, or stands still.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{WAIT, go, ground, start, start_with};
use crate::audit::Audit;
use crate::pool::run;
use crate::scenario::{ONCE, SOME, scenario};

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn two_hunts_of_the_same_millisecond_have_a_dataset_each() {
    let name = "pool: two hunts started in the same millisecond";
    scenario(name, SOME, |_| {
        let ground = ground(
            "echo >$DESK/$GOCRASH_SESSION
            until [ $(ls $DESK | grep -c ^gocrash-) = 2 ]; do sleep 0.1; done",
        );
        let clock = ground.stopped_clock();
        let audit = Audit::begin(&ground);
        let start = || {
            start_with(&ground, &["-p1", "--stop-after=1"], |command| {
                command.env("LD_PRELOAD", &clock);
            })
        };
        for ran in [start(), start()].map(|hunt| hunt.end().expect(0)) {
            audit.end_empty(&ran);
        }
        for number in 1_700_000_000_000_u64..1_700_000_000_002 {
            let word = format!("gocrash-{number}");
            fs::remove_file(ground.desk().join(word)).unwrap();
        }
    });
}

/// Sets the clock of the machine.
fn set_clock(to: Duration) {
    run(Command::new("date").args(["-s", &format!("@{}", to.as_secs())]));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_clock_that_is_set_changes_nothing() {
    let is_vm = std::env::var_os("GOCRASH_TEST_VM").is_some();
    assert!(is_vm, "the clock of a real machine is not set");
    scenario("pool: the clock is set, ahead and back", ONCE, |_| {
        const DAY: Duration = Duration::from_secs(86400);
        let ground = ground(WAIT);
        let audit = Audit::begin(&ground);
        let mut running = start(&ground, &["-p1", "--stop-after=3"]);
        running.until("attempt 0: start");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let begin = Instant::now();
        set_clock(now + DAY);
        go(&ground);
        running.until("attempt 1: start");
        set_clock(now.saturating_sub(DAY));
        let ran = running.end();
        set_clock(now + begin.elapsed());
        let ran = ran.expect(0);
        for line in &ran.events {
            let t_ns = line["t_ns"].as_u64().unwrap();
            assert!(t_ns < 3_600_000_000_000, "{line}");
        }
        audit.end_empty(&ran);
    });
}
