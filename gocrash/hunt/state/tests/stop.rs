//! Tests: stop rules.

use super::*;
use crate::attempt::outcome::Told;
use crate::hunt::state::stop::{Rule, SILENT_IN_A_ROW_MAX};
use crate::stats::{Fate, Limits};

const NO_LIMITS: Limits = Limits { fails: None, runs: None, time: None };

fn running(concurrency: u16, limits: Limits, halt: Halt) -> Drive {
    let hunt = Hunt::new(concurrency, None, Keep::Failures);
    let mut drive = Drive { hunt: hunt.stopping(limits, halt) };
    drive.hear(Event::Checked(Ok(Seen::for_tests())));
    drive.open();
    for thread in 0..concurrency {
        drive.prepared(thread, 0);
    }
    drive
}

#[test]
fn no_more_attempts_start_than_all_may_do_together() {
    let limits = Limits { runs: Some(3), ..NO_LIMITS };
    // Two run, and the slate for one more is being made by thread 0.
    let mut drive = running(2, limits, Halt::Soon);
    assert_eq!(drive.ended(1, 0, Outcome::Passed), [retire(1, 0)]);
    // One that says nothing makes room for another one.
    let ended = drive.ended(0, 0, Outcome::Ignored);
    assert_eq!(ended, [prepare(1, 1)]);
    assert_eq!(drive.prepared(0, 1), [retire(0, 0), run(0, 1)]);
    assert_eq!(drive.prepared(1, 1), [run(1, 1)]);
    drive.ended(0, 1, Outcome::Passed);
    drive.ended(1, 1, Outcome::Failed(1));
    for (thread, run) in [(0, 0), (1, 0), (0, 1)] {
        drive.retired(thread, run);
    }
    assert_eq!(drive.kept(1, 1), [Step::Over]);
    assert_eq!(drive.hunt.rule(), Some(Rule::MaxRuns(3)));
    assert_eq!(drive.hunt.verdict(), Verdict::Reproduced);
    let rate = drive.hunt.rate().unwrap();
    assert_eq!((rate.fails, rate.runs), (1, 3));
    assert!(!rate.is_approximate);
}

#[test]
fn as_many_failures_are_looked_for_as_were_asked_for() {
    let limits = Limits { fails: Some(2), ..NO_LIMITS };
    let mut drive = running(1, limits, Halt::Soon);
    drive.prepared(0, 1);
    let failed = drive.ended(0, 0, Outcome::Failed(1));
    assert_eq!(failed, [keep(0, 0, "failed"), run(0, 1), prepare(0, 2)]);
    drive.prepared(0, 2);
    let told = Outcome::Told(Told::Fail, Box::new(Outcome::Passed));
    let failed = drive.ended(0, 1, told);
    assert_eq!(failed, [keep(0, 1, "failed"), retire(0, 2)]);
    assert_eq!(drive.hunt.rule(), Some(Rule::MaxFails(2)));
}

#[test]
fn with_halt_now_the_others_are_killed_and_count_for_nothing() {
    let limits = Limits { fails: Some(1), ..NO_LIMITS };
    let mut drive = running(2, limits, Halt::Now);
    drive.prepared(1, 1);
    let failed = drive.ended(0, 0, Outcome::Failed(1));
    let kill = Step::Kill(1, Kill::Gently);
    assert_eq!(failed, [keep(0, 0, "failed"), kill, retire(1, 1)]);
    let killed = drive.ended(1, 0, Outcome::Interrupted);
    assert_eq!(killed, [retire(1, 0)]);
    let rate = drive.hunt.rate().unwrap();
    assert_eq!((rate.fails, rate.runs), (1, 1));
    assert!(rate.is_approximate);
    // Nobody knows what the other one would have done.
    assert_eq!(drive.hunt.fails_alike(), None);
}

#[test]
fn time_counts_from_the_first_start_and_ends_a_hunt() {
    let time = Duration::from_secs(60);
    let limits = Limits { time: Some(time), ..NO_LIMITS };
    let mut drive = running(2, limits, Halt::Soon);
    let started = |thread| {
        Event::Started(name(thread, 0), PathBuf::new(), Instant::now())
    };
    assert_eq!(drive.hear(started(0)), [Step::Measure(time)]);
    assert_eq!(drive.hear(started(1)), []);
    drive.prepared(0, 1);
    drive.prepared(1, 1);
    assert_eq!(drive.hear(Event::TimeIsUp), [retire(0, 1), retire(1, 1)]);
    assert_eq!(drive.ended(0, 0, Outcome::Passed), [retire(0, 0)]);
    assert_eq!(drive.ended(1, 0, Outcome::Passed), [retire(1, 0)]);
    for (thread, run) in [(0, 0), (1, 0), (0, 1)] {
        drive.retired(thread, run);
    }
    assert_eq!(drive.retired(1, 1), [Step::Close]);
    assert_eq!(drive.hunt.rule(), Some(Rule::MaxTime(time)));
    assert_eq!(drive.hunt.verdict(), Verdict::Passed);
}

#[test]
fn few_runs_that_are_left_are_for_threads_that_have_none() {
    let limits = Limits { fails: None, runs: Some(3), time: None };
    let mut drive = running(2, limits, Halt::Soon);
    // The third one is in stock.
    drive.prepared(0, 1);
    let passed = drive.ended(1, 0, Outcome::Passed);
    assert_eq!(passed, [retire(1, 0)]);
    let ignored = drive.ended(0, 0, Outcome::Ignored);
    let run = Step::Order(0, Order::Run(name(0, 1)));
    assert_eq!(ignored, [retire(0, 0), run, prepare(1, 1)]);
}

#[test]
fn where_all_runs_fail_alike_it_is_no_flake() {
    let alike = |outcomes: &[Outcome]| {
        let mut drive = Drive::running(1, None);
        for outcome in outcomes {
            let hunt = &mut drive.hunt;
            hunt.listen(outcome);
            let run = hunt.tally.runs();
            let at = Instant::now();
            hunt.tally.started(name(0, run), at);
            hunt.tally.ended(name(0, run), Fate::Failed, at);
        }
        drive.hunt.fails_alike().map(|(_, outcome)| outcome.clone())
    };
    use Outcome::{Failed, Ignored, Interrupted, Passed, Signaled};
    assert_eq!(alike(&[Failed(1), Failed(1)]), Some(Failed(1)));
    assert_eq!(
        alike(&[Signaled(11), Signaled(11), Interrupted]),
        Some(Signaled(11))
    );
    assert_eq!(alike(&[Failed(1), Failed(2)]), None);
    assert_eq!(alike(&[Failed(1), Failed(1), Passed]), None);
    assert_eq!(alike(&[Failed(1), Ignored, Failed(1)]), None);
    assert_eq!(alike(&[Passed, Passed]), None);
    // One failure may be by chance.
    assert_eq!(alike(&[Failed(1)]), None);
}

#[test]
fn a_hunt_in_which_nothing_has_a_verdict_is_silent() {
    use Outcome::{Ignored, Interrupted, Passed};
    let mut drive = Drive::running(1, None);
    let mut ended = |outcomes: &[(u64, Outcome)]| {
        for (count, outcome) in outcomes {
            (0..*count).for_each(|_| drive.hunt.listen(outcome));
        }
        drive.hunt.is_silent()
    };
    let almost = SILENT_IN_A_ROW_MAX - 1;
    assert!(!ended(&[(almost, Ignored), (1, Interrupted)]));
    assert!(ended(&[(1, Ignored)]));
    assert!(!ended(&[(1, Passed), (almost, Ignored)]));
}
