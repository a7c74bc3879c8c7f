//! Tests: how many slates are made ahead, and go together.

use super::super::stock::AHEAD_MAX;
use super::super::thread::Stocked;
use super::*;
use crate::stats::Limits;

#[test]
fn a_thread_that_stands_still_gets_more_slates_ahead() {
    let mut drive = Drive::running(2, None);
    // The next one is still being made.
    assert_eq!(drive.ended(0, 0, Outcome::Passed), [prepare(0, 2)]);
    // They are made in any order, and run in that of their numbers.
    assert_eq!(drive.prepared(0, 2), []);
    let steps = drive.prepared(0, 1);
    assert_eq!(steps, [retire(0, 0), run(0, 1), prepare(0, 3)]);
    let ended = drive.ended(0, 1, Outcome::Passed);
    assert_eq!(ended, [run(0, 2), prepare(0, 4)]);
    // Four are to be there now, and four to go together.
    let ended = drive.ended(0, 2, Outcome::Passed);
    assert_eq!(ended, [prepare(0, 5), prepare(0, 6)]);
    assert_eq!(drive.prepared(0, 3), [run(0, 3)]);
    drive.retired(0, 0);
    for next in 3..100 {
        let steps = drive.ended(0, next, Outcome::Passed);
        for step in steps {
            if let Step::Order(0, Order::Retire(gone)) = step {
                drive.retired(0, gone.run);
            }
        }
        assert!(drive.prepared(0, next + 1).contains(&run(0, next + 1)));
        let slates = drive.hunt.threads[0].unsettled();
        assert!(slates.len() <= SLATES_MAX, "{slates:?}");
    }
    // The other one never stood still.
    let ahead = |drive: &Drive| [0, 1].map(|i| drive.hunt.threads[i].ahead);
    assert_eq!(ahead(&drive), [AHEAD_MAX / 2, 1]);
    // Where all are ready in time, one is enough again, and what is to go goes
    // at once.
    for run in 100..200 {
        let waits = |one: &&Stocked| !one.is_ready;
        while let Some(made) = drive.hunt.threads[0].stock.iter().find(waits) {
            drive.prepared(0, made.name.run);
        }
        let steps = drive.ended(0, run, Outcome::Passed);
        assert!(steps.contains(&retire(0, run)), "{steps:?}");
        drive.retired(0, run);
    }
    assert_eq!(ahead(&drive), [1, 1]);
}

#[test]
fn what_is_to_go_is_gone_before_the_hunt_ends_or_pauses() {
    for pauses in [false, true] {
        let mut drive = Drive::running(1, None);
        assert_eq!(drive.ended(0, 0, Outcome::Passed), [prepare(0, 2)]);
        if pauses {
            let steps = drive.hear(no_room(0, 1));
            assert_eq!(steps, [retire(0, 0)]);
            assert_eq!(drive.hear(no_room(0, 2)), []);
            // Nothing came of these numbers.
            let steps = drive.retired(0, 0);
            assert_eq!(steps, [prepare(0, 1), prepare(0, 2)]);
            continue;
        }
        drive.prepared(0, 1);
        let failed = drive.ended(0, 1, Outcome::Failed(1));
        assert_eq!(failed, [keep(0, 1, "failed"), retire(0, 0)]);
        assert_eq!(drive.prepared(0, 2), [retire(0, 2)]);
    }
}

#[test]
fn trouble_that_several_slates_meet_at_a_time_counts_once() {
    let mut drive = four_being_made();
    let trouble = |run| {
        let why = "cannot fork".to_owned();
        let unprepared = Unprepared { why, left: None };
        Event::Prepared(name(0, run), Err(unprepared))
    };
    let first = drive.hunt.threads[0].next_run - 4;
    for run in first..first + 4 {
        drive.hear(trouble(run));
    }
    assert!(!drive.hunt.is_stopping());
}

#[test]
fn where_room_was_short_one_slate_is_ahead() {
    let mut drive = four_being_made();
    drive.hear(no_room(0, drive.hunt.threads[0].next_run - 1));
    let ahead = |drive: &Drive| drive.hunt.threads[0].ahead;
    assert!(ahead(&drive) > 1);
    let running = drive.hunt.threads[0].running.unwrap();
    drive.ended(0, running.run, Outcome::Passed);
    assert_eq!(ahead(&drive), 1);

    let mut drive = Drive::new(1, None, Keep::Failures);
    let mut working = Working::for_tests("tank/go/gocrash-1");
    working.has_plenty = false;
    drive.hear(Event::Opened(Ok(working)));
    drive.prepared(0, 0);
    drive.ended(0, 0, Outcome::Passed);
    assert_eq!(ahead(&drive), 1);
}

#[test]
fn no_thread_has_more_than_its_share_of_the_last_runs() {
    let limits = Limits { fails: None, runs: Some(10), time: None };
    let mut drive = Drive::running(2, None);
    drive.hunt = drive.hunt.stopping(limits, Halt::Soon);
    drive.hunt.threads[0].ahead = AHEAD_MAX;
    drive.ended(0, 0, Outcome::Passed);
    // Nine are left for two threads.
    let under_way = [0, 1].map(|i| drive.hunt.threads[i].under_way());
    assert_eq!(under_way, [5, 2]);
}

/// Two threads, of which one runs, and has some slates made.
fn four_being_made() -> Drive {
    let mut drive = Drive::running(2, None);
    let mut next = 0;
    loop {
        let thread = &drive.hunt.threads[0];
        let is_made = |one: &Stocked| one.is_ready;
        if thread.stock.len() >= 4 && !thread.stock.iter().any(is_made) {
            return drive;
        }
        drive.ended(0, next, Outcome::Passed);
        next += 1;
        drive.prepared(0, next);
    }
}
