//! There is no room: not for what a suite writes, not for the next slate, not
//! for what is written down.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};

use super::ground::Ground;
use super::{Mounted, WAIT, for_root, go, hunt, start};
use crate::audit::Audit;
use crate::scenario::ONCE;

const MIB: usize = 1 << 20;

/// Fills the file system that hunts are kept on.
fn fill(ground: &Ground) {
    let mut filler = File::create(ground.path("state/filler")).unwrap();
    for bytes in [MIB, 4096, 1] {
        let chunk = vec![b'x'; bytes];
        let error = loop {
            match filler.write(&chunk) {
                Ok(written) => assert!(written > 0),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull);
    }
}

fn make_room(ground: &Ground) {
    fs::remove_file(ground.path("state/filler")).unwrap();
}

#[test]
fn a_disk_that_a_suite_fills_is_no_failure_of_it() {
    for_root("disk full during an attempt", ONCE, |ground, _| {
        let _room = Mounted::for_state(ground, "size=24m");
        let audit = Audit::begin(ground);
        let script = "head -c 1G /dev/zero >big; exit 3";
        let ran = hunt(ground, &["-p1"], script).expect(125);
        let ran = ran.expect_verdict((0, 0), "no verdict");
        audit.end_empty(&ran.expect_said("no verdict: no space left: "));
    });
}

#[test]
fn ten_gigabytes_of_output_are_no_failure_either() {
    for_root("10 GB of output at once", ONCE, |ground, _| {
        let _room = Mounted::for_state(ground, "size=64m");
        let audit = Audit::begin(ground);
        let script = "head -c 10G /dev/zero";
        let ran = hunt(ground, &["-p2"], script).expect(125);
        assert!(ran.verdicts().values().all(|said| said == "no verdict"));
        audit.end_empty(&ran);
    });
}

#[test]
fn a_hunt_waits_for_room_and_goes_on() {
    for_root("disk full when a slate is made", ONCE, |ground, _| {
        let _room = Mounted::for_state(ground, "size=24m");
        let audit = Audit::begin(ground);
        let options = ["-p1", "--stop-after=4"];
        let mut running = start(ground, &options, WAIT);
        running.until("attempt 0: start");
        fill(ground);
        go(ground);
        running.until(": paused: ");
        make_room(ground);
        let ran = running.end().expect(0);
        assert_eq!(ran.verdicts().len(), 4, "{ran:#?}");
        audit.end_empty(&ran);
    });
}

#[test]
fn a_file_system_without_inodes_ends_a_hunt() {
    for_root("no inode left for a slate", ONCE, |ground, _| {
        let _room = Mounted::for_state(ground, "size=24m,nr_inodes=64");
        let audit = Audit::begin(ground);
        // What the slate before it had is free again before it begins: nobody
        // can tell whether a run met the end of it otherwise.
        let script = "free() { stat -f -c %d .; }
            until a=$(free); sleep 0.5; [ $a = $(free) ] && [ $a -gt 9 ]
            do :; done
            i=0; while : >file-$i; do i=$((i + 1)); done 2>/dev/null";
        let ran = hunt(ground, &["-p1"], script).expect(125);
        audit.end_empty(&ran);
    });
}

#[test]
fn what_could_not_be_written_down_at_once_is_not_lost() {
    for_root("disk full while the record is written", ONCE, |ground, _| {
        let _room = Mounted::for_state(ground, "size=24m");
        let audit = Audit::begin(ground);
        // More lines than find room in the file's last page.
        let options = ["-p40", "--stop-after=3"];
        // The second slate may be ready before there is no room: what runs in
        // that has no verdict when it fails.
        let script = format!(
            "{WAIT}; [ $GOCRASH_SLOT-$GOCRASH_ATTEMPT != 39-2 ] || exit 7"
        );
        let mut running = start(ground, &options, &script);
        for _ in 0..40 {
            running.until("attempt 0: start");
        }
        fill(ground);
        go(ground);
        running.until(": paused: ");
        make_room(ground);
        let ran = running.end().expect(1);
        // The audit compares the logs.
        audit.end(&ran.expect_verdict((39, 2), "exited with code 7"));
    });
}
