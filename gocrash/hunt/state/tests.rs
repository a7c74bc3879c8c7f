//! Tests: the state of a hunt, driven by events alone.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::*;
use crate::attempt::leaks::Leaks;
use crate::exit::Verdict;
use crate::hunt::event::Span;
use crate::hunt::golden::Spoiled;
use crate::hunt::sift::{Decided, Sifted, Signed};
use crate::slate::Rest;
use crate::slate::room::Shortage;
use crate::slate::{Seen, Unprepared};
use crate::triage::class::Class;
use crate::triage::rules::Action;

mod ahead;
mod stop;

/// A hunt whose attempts end as told.
struct Drive {
    hunt: Hunt,
}

impl Drive {
    fn new(concurrency: u16, stop_after: Option<u64>, keep: Keep) -> Drive {
        let hunt = Hunt::new(concurrency, stop_after, keep);
        let mut drive = Drive { hunt };
        let seen = Seen::for_tests();
        assert_eq!(drive.hear(Event::Checked(Ok(seen))), [Step::Open]);
        drive
    }

    /// With a first attempt under way on each thread, and the next slate of
    /// each being made.
    fn running(concurrency: u16, stop_after: Option<u64>) -> Drive {
        let mut drive = Drive::new(concurrency, stop_after, Keep::Failures);
        drive.open();
        for thread in 0..concurrency {
            drive.prepared(thread, 0);
        }
        drive
    }

    fn hear(&mut self, event: Event) -> Vec<Step> {
        self.hunt.apply(&event)
    }

    fn open(&mut self) -> Vec<Step> {
        let working = Working::for_tests("tank/go/gocrash-1");
        self.hear(Event::Opened(Ok(working)))
    }

    fn prepared(&mut self, thread: u16, run: u64) -> Vec<Step> {
        let guid = Ok(String::new());
        self.hear(Event::Prepared(AttemptName { thread, run }, guid))
    }

    fn ended(&mut self, thread: u16, run: u64, outcome: Outcome) -> Vec<Step> {
        let name = AttemptName { thread, run };
        let go = Instant::now();
        let path = PathBuf::from("test_run_stdout");
        self.hear(Event::Started(name, path, go));
        let span = Span { go, exit: go };
        self.hear(Event::Ended(name, outcome, span, Leaks::default()))
    }

    fn retired(&mut self, thread: u16, run: u64) -> Vec<Step> {
        self.hear(Event::Retired(AttemptName { thread, run }, Rest::Gone))
    }

    fn kept(&mut self, thread: u16, run: u64) -> Vec<Step> {
        self.hear(Event::Kept(AttemptName { thread, run }, Ok(())))
    }
}

fn name(thread: u16, run: u64) -> AttemptName {
    AttemptName { thread, run }
}

fn prepare(thread: u16, run: u64) -> Step {
    Step::Order(thread, Order::Prepare(name(thread, run)))
}

fn run(thread: u16, run: u64) -> Step {
    Step::Order(thread, Order::Run(name(thread, run)))
}

fn retire(thread: u16, run: u64) -> Step {
    Step::Order(thread, Order::Retire(name(thread, run)))
}

fn keep(thread: u16, run: u64, word: &'static str) -> Step {
    Step::Order(thread, Order::Keep(name(thread, run), word))
}

#[test]
fn the_next_slate_is_made_while_an_attempt_runs() {
    let mut drive = Drive::new(1, None, Keep::Failures);
    assert_eq!(drive.open(), [Step::Start, prepare(0, 0)]);
    assert_eq!(drive.prepared(0, 0), [run(0, 0), prepare(0, 1)]);
    // One ahead, no more.
    assert_eq!(drive.prepared(0, 1), []);
    let ended = drive.ended(0, 0, Outcome::Passed);
    assert_eq!(ended, [retire(0, 0), run(0, 1), prepare(0, 2)]);
}

#[test]
fn each_thread_does_its_runs_and_nothing_is_left() {
    let mut drive = Drive::new(1, Some(2), Keep::Failures);
    drive.open();
    assert_eq!(drive.prepared(0, 0), [run(0, 0), prepare(0, 1)]);
    // There is no third run to make a slate for.
    assert_eq!(drive.prepared(0, 1), []);
    let ended = drive.ended(0, 0, Outcome::Passed);
    assert_eq!(ended, [retire(0, 0), run(0, 1)]);
    assert_eq!(drive.ended(0, 1, Outcome::Passed), [retire(0, 1)]);
    assert_eq!(drive.retired(0, 0), []);
    assert_eq!(drive.retired(0, 1), [Step::Close]);
    assert_eq!(drive.hear(Event::Closed(Rest::Gone)), [Step::Over]);
    assert_eq!(drive.hunt.verdict(), Verdict::Passed);
    assert_eq!(drive.hunt.threads[0].tries, 2);
}

#[test]
fn a_slow_pool_piles_up_no_more_slates_than_the_limit() {
    let mut drive = Drive::running(1, None);
    let mut slates = 2;
    for i in 0..10 {
        let steps = drive.prepared(0, i + 1);
        assert!(
            !steps
                .iter()
                .any(|step| matches!(step, Step::Order(_, Order::Prepare(_))))
        );
        // Nothing is ever retired.
        let steps = drive.ended(0, i, Outcome::Passed);
        if !steps.contains(&prepare(0, i + 2)) {
            break;
        }
        slates += 1;
    }
    assert_eq!(slates, 3);
    // As soon as one is gone, it goes on.
    assert_eq!(drive.retired(0, 0), [prepare(0, 3)]);
}

#[test]
fn after_a_failure_the_others_finish_their_run_and_start_no_other() {
    let mut drive = Drive::running(2, None);
    drive.prepared(0, 1);
    let failed = drive.ended(0, 0, Outcome::Failed(2));
    assert_eq!(failed, [keep(0, 0, "failed"), retire(0, 1)]);
    drive.kept(0, 0);
    drive.retired(0, 1);
    // Made too late to be used.
    assert_eq!(drive.prepared(1, 1), [retire(1, 1)]);
    drive.retired(1, 1);
    assert_eq!(drive.ended(1, 0, Outcome::Passed), [retire(1, 0)]);
    // The working dataset holds the evidence, so it stays.
    assert_eq!(drive.retired(1, 0), [Step::Over]);
    assert_eq!(drive.hunt.verdict(), Verdict::Reproduced);
    assert_eq!(drive.hunt.threads[0].tries, 1);
    let kept = &drive.hunt.kept[0].name;
    assert_eq!(kept, "tank/go/gocrash-1/thread-0-run-0");
}

#[test]
fn a_signal_kills_what_runs_and_destroys_its_slates() {
    let mut drive = Drive::running(2, None);
    drive.ended(0, 0, Outcome::Failed(2));
    assert_eq!(drive.hear(Event::Signal(2)), [Step::Kill(1, Kill::Gently)]);
    assert_eq!(drive.ended(1, 0, Outcome::Interrupted), [retire(1, 0)]);
    assert_eq!(drive.prepared(0, 1), [retire(0, 1)]);
    assert_eq!(drive.prepared(1, 1), [retire(1, 1)]);
    drive.retired(0, 1);
    drive.retired(1, 1);
    drive.retired(1, 0);
    assert_eq!(drive.kept(0, 0), [Step::Over]);
    assert_eq!(drive.hunt.verdict(), Verdict::Signaled(2));
    assert_eq!(drive.hunt.kept.len(), 1);
    assert!(drive.hunt.left.is_empty());
}

#[test]
fn a_signal_while_it_prepares_ends_that_and_destroys_what_there_is() {
    let hunt = Hunt::new(1, Some(1), Keep::Failures).preparing(true);
    let mut drive = Drive { hunt };
    drive.hear(Event::Checked(Ok(Seen::for_tests())));
    assert_eq!(drive.open(), [Step::Prepare]);
    let steps = drive.hear(Event::Signal(2));
    assert_eq!(steps, [Step::StopPreparing(Kill::Gently)]);
    let spoiled = Spoiled {
        why: "interrupted".to_owned(),
        tail: Vec::new(),
        rest: Rest::Gone,
    };
    let steps = drive.hear(Event::Golden(Err(spoiled), Duration::ZERO));
    assert_eq!(steps, [Step::Close]);
    assert_eq!(drive.hear(Event::Closed(Rest::Gone)), [Step::Over]);
    assert_eq!(drive.hunt.verdict(), Verdict::Signaled(2));
}

fn no_room(thread: u16, run: u64) -> Event {
    Event::NoRoom(name(thread, run), Shortage::for_tests(0))
}

#[test]
fn a_pool_that_fills_up_pauses_the_hunt_until_something_has_gone() {
    let mut drive = Drive::running(2, None);
    assert_eq!(drive.hear(no_room(0, 1)), []);
    assert!(drive.hunt.has_begun_to_pause());
    assert_eq!(drive.hear(no_room(1, 1)), []);
    assert!(!drive.hunt.has_begun_to_pause());
    drive.ended(0, 0, Outcome::Passed);
    // Under the number that came to nothing.
    assert_eq!(drive.retired(0, 0), [prepare(0, 1), prepare(1, 1)]);
    assert_eq!(drive.prepared(0, 1), [run(0, 1), prepare(0, 2)]);
}

#[test]
fn a_hunt_without_room_ends_when_nothing_is_left_that_could_go() {
    let mut drive = Drive::new(1, None, Keep::Everything);
    assert_eq!(drive.open(), [Step::Start, prepare(0, 0)]);
    for _ in 1..room::TRIES_MAX {
        assert_eq!(drive.hear(no_room(0, 0)), [prepare(0, 0)]);
    }
    assert_eq!(drive.hear(no_room(0, 0)), [Step::Close]);
    assert_eq!(drive.hunt.verdict(), Verdict::None);
    let trouble = drive.hunt.trouble.as_deref().unwrap();
    assert!(trouble.starts_with("there is no room"), "{trouble}");
}

#[test]
fn a_hunt_waits_for_room_as_long_as_that_grows() {
    let mut drive = Drive::new(1, None, Keep::Everything);
    assert_eq!(drive.open(), [Step::Start, prepare(0, 0)]);
    let some =
        |free| Event::NoRoom(name(0, 0), Shortage::for_tests(free << 20));
    for free in 0..3 * u64::from(room::TRIES_MAX) {
        assert_eq!(drive.hear(some(free)), [prepare(0, 0)]);
    }
    // Less than there once was is no more than that.
    for free in 1..room::TRIES_MAX - 1 {
        assert_eq!(drive.hear(some(u64::from(free))), [prepare(0, 0)]);
    }
    assert_eq!(drive.hear(some(2)), [Step::Close]);
}

#[test]
fn a_signal_ends_a_pause() {
    let mut drive = Drive::running(1, None);
    drive.hear(no_room(0, 1));
    drive.hear(Event::Signal(2));
    assert_eq!(drive.ended(0, 0, Outcome::Interrupted), [retire(0, 0)]);
    assert_eq!(drive.retired(0, 0), [Step::Close]);
}

#[test]
fn attempts_start_from_what_was_prepared() {
    let hunt = Hunt::new(1, Some(1), Keep::Failures).preparing(true);
    let mut drive = Drive { hunt };
    drive.hear(Event::Checked(Ok(Seen::for_tests())));
    drive.open();
    let working = Working::for_tests("tank/go/gocrash-1");
    let steps = drive.hear(Event::Golden(Ok(working), Duration::ZERO));
    assert_eq!(steps, [Step::Start, prepare(0, 0)]);
}

#[test]
fn a_signal_before_anything_was_created_creates_nothing() {
    let mut hunt = Hunt::new(2, None, Keep::Failures);
    assert_eq!(hunt.apply(&Event::Signal(15)), []);
    let seen = Seen::for_tests();
    assert_eq!(hunt.apply(&Event::Checked(Ok(seen))), [Step::Over]);
    assert_eq!(hunt.verdict(), Verdict::Signaled(15));

    let mut drive = Drive::new(2, None, Keep::Failures);
    drive.hear(Event::Signal(15));
    assert_eq!(drive.open(), [Step::Close]);
}

#[test]
fn a_second_signal_waits_for_nothing_and_names_what_is_left() {
    let mut drive = Drive::running(3, None);
    drive.hunt.working = Some(Working::directory_for_tests("/go/gocrash-1"));
    drive.prepared(0, 1);
    drive.ended(2, 0, Outcome::Failed(1));
    drive.hear(Event::Signal(2));
    let second = drive.hear(Event::Signal(2));
    let at_once = |thread| Step::Kill(thread, Kill::AtOnce);
    assert_eq!(second, [at_once(0), at_once(1), Step::Hurry]);
    assert_eq!(drive.ended(0, 0, Outcome::Interrupted), []);
    assert_eq!(drive.hear(Event::OutOfPatience), [Step::Over]);
    let mut left: Vec<_> =
        drive.hunt.left.iter().map(|left| left.name.as_str()).collect();
    left.sort_unstable();
    let expected = [
        "/go/gocrash-1",
        // It was ready, and is to go before its attempt begins.
        "/go/gocrash-1/.ready/thread-0-run-1",
        // Being made.
        "/go/gocrash-1/.ready/thread-1-run-1",
        "/go/gocrash-1/.ready/thread-2-run-1",
        // Retired, but it was not waited for.
        "/go/gocrash-1/thread-0-run-0",
        "/go/gocrash-1/thread-1-run-0",
    ];
    assert_eq!(left, expected);
    assert_eq!(drive.hunt.kept.len(), 1);
}

fn no_slate() -> Unprepared {
    Unprepared { why: "pool is full".to_owned(), left: None }
}

#[test]
fn trouble_that_is_not_the_suites_counts_for_no_limit_and_ends_it_at_last() {
    let mut drive = Drive::new(1, Some(1), Keep::Failures);
    drive.open();
    drive.prepared(0, 0);
    let passing = || Outcome::Infra(Infra::Passing("no memory".to_owned()));
    // The run has to be done again.
    let steps = drive.ended(0, 0, passing());
    assert_eq!(steps, [retire(0, 0), prepare(0, 1)]);
    drive.retired(0, 0);
    let steps = drive.hear(Event::Prepared(name(0, 1), Err(no_slate())));
    assert_eq!(steps, [prepare(0, 2)]);
    let steps = drive.hear(Event::Prepared(name(0, 2), Err(no_slate())));
    assert_eq!(steps, [Step::Close]);
    assert_eq!(drive.hunt.verdict(), Verdict::None);
}

#[test]
fn trouble_that_lasts_loses_nothing_that_was_said() {
    let mut drive = Drive::running(1, None);
    drive.ended(0, 0, Outcome::Passed);
    let passing = || Outcome::Infra(Infra::Passing("no memory".to_owned()));
    for run in 1..=2 {
        drive.prepared(0, run);
        drive.ended(0, run, passing());
    }
    // One that was to begin has nothing to show.
    let mut hunt = Drive::running(1, None);
    hunt.hunt.threads[0].infra_in_a_row = 2;
    let span = Span { go: Instant::now(), exit: Instant::now() };
    let never = Event::Ended(name(0, 0), passing(), span, Leaks::default());
    assert_eq!(hunt.hear(never), [retire(0, 0)]);
    drive.prepared(0, 3);
    let steps = drive.ended(0, 3, passing());
    assert_eq!(steps[0], keep(0, 3, "infra"));
    assert!(drive.hunt.keeps(name(0, 3), &passing()));
    for run in 0..=2 {
        assert!(steps.contains(&retire(0, run)));
        drive.retired(0, run);
    }
    for being_made in drive.hunt.threads[0].stock.clone() {
        let run = being_made.name.run;
        assert_eq!(drive.prepared(0, run), [retire(0, run)]);
        drive.retired(0, run);
    }
    assert_eq!(drive.kept(0, 3), [Step::Over]);
    assert_eq!(drive.hunt.verdict(), Verdict::None);
    // Without that slate, the record would still be there.
    drive.hunt.kept.clear();
    assert!(drive.hunt.keeps_record());
}

#[test]
fn a_slate_that_cannot_be_made_ahead_is_tried_again_after_the_attempt() {
    let mut drive = Drive::running(1, None);
    let steps = drive.hear(Event::Prepared(name(0, 1), Err(no_slate())));
    assert_eq!(steps, []);
    let steps = drive.ended(0, 0, Outcome::Passed);
    assert_eq!(steps, [retire(0, 0), prepare(0, 2)]);
    assert_eq!(drive.hunt.trouble, None);
}

#[test]
fn a_suite_that_cannot_start_ends_the_hunt_without_a_verdict() {
    let mut drive = Drive::running(1, Some(1));
    let infra = Infra::SaidNotStarted(127);
    let steps = drive.ended(0, 0, Outcome::Infra(infra));
    // Its output says why, so it is kept.
    assert_eq!(steps, [keep(0, 0, "infra")]);
    assert_eq!(drive.kept(0, 0), [Step::Over]);
    assert_eq!(drive.hunt.verdict(), Verdict::None);
}

#[test]
fn runs_that_were_all_ignored_are_no_verdict() {
    let mut drive = Drive::running(1, Some(1));
    assert_eq!(drive.ended(0, 0, Outcome::Ignored), [retire(0, 0)]);
    assert_eq!(drive.retired(0, 0), [Step::Close]);
    assert_eq!(drive.hunt.verdict(), Verdict::None);
}

#[test]
fn a_slate_that_cannot_be_destroyed_changes_no_verdict() {
    let mut drive = Drive::running(1, Some(1));
    drive.ended(0, 0, Outcome::Passed);
    let left = Left {
        name: "tank/go/gocrash-1/thread-0-run-0".to_owned(),
        why: "it is busy".to_owned(),
    };
    let steps = drive.hear(Event::Retired(name(0, 0), Rest::Left(left)));
    assert_eq!(steps, [Step::Over]);
    assert_eq!(drive.hunt.verdict(), Verdict::Passed);
    assert_eq!(drive.hunt.left.len(), 1);
}

#[test]
fn a_lost_hand_ends_the_hunt_without_a_verdict() {
    let mut drive = Drive::running(2, Some(1));
    let lost =
        |task| Event::Lost(Who::Hand(0, task), "a thread panicked".to_owned());
    // What its thread runs is not left to itself.
    let steps = drive.hear(lost(Task::Stock));
    assert_eq!(steps, [Step::Kill(0, Kill::AtOnce)]);
    assert_eq!(drive.hear(lost(Task::Run)), []);
    assert_eq!(drive.ended(1, 0, Outcome::Passed), [retire(1, 0)]);
    assert_eq!(drive.retired(1, 0), [Step::Over]);
    assert_eq!(drive.hunt.verdict(), Verdict::None);
}

/// What triage says of an attempt, with a rule of this action.
fn sifted(id: &str, action: Action) -> Sifted {
    let title = "a failure".to_owned();
    Sifted {
        signatures: vec![Signed {
            id: id.to_owned(),
            class: Class::Assert,
            title,
            is_flaky: false,
        }],
        decision: Some(Decided { action, rule: "a rule".to_owned() }),
        unread: None,
    }
}

#[test]
fn a_failure_that_a_rule_counts_does_not_end_the_hunt() {
    let mut drive = Drive::running(1, None);
    drive.prepared(0, 1);
    drive.hear(Event::Sifted(name(0, 0), sifted("a", Action::Count)));
    let steps = drive.ended(0, 0, Outcome::Failed(1));
    assert_eq!(steps, [keep(0, 0, "failed"), run(0, 1), prepare(0, 2)]);
    assert_eq!(drive.hunt.verdict(), Verdict::Reproduced);
    drive.kept(0, 0);
    drive.prepared(0, 2);
    // The rule was about that one alone.
    assert_eq!(drive.ended(0, 1, Outcome::Failed(1))[0], keep(0, 1, "failed"));
    assert_eq!(drive.retired(0, 2), []);
    assert_eq!(drive.kept(0, 1), [Step::Over]);
}

#[test]
fn a_failure_that_a_rule_ignores_is_no_verdict() {
    let mut drive = Drive::running(1, Some(1));
    let failed = Outcome::Failed(1);
    let ignored = sifted("a", Action::Ignore).judge(failed.clone());
    assert_eq!(ignored.status(), failed.status());
    assert_eq!(drive.ended(0, 0, ignored), [retire(0, 0)]);
    assert_eq!(drive.retired(0, 0), [Step::Close]);
    assert_eq!(drive.hunt.verdict(), Verdict::None);
    // What ended otherwise is no rule's to say.
    let signal = Outcome::Interrupted;
    let sifted = sifted("a", Action::Ignore);
    assert_eq!(sifted.judge(signal.clone()), signal);
}

#[test]
fn a_signature_is_new_once() {
    let mut drive = Drive::running(2, None);
    for thread in [0, 1] {
        let sifted = sifted("a", Action::Count);
        drive.hear(Event::Sifted(name(thread, 0), sifted));
    }
    let new = |thread| drive.hunt.new_signatures(name(thread, 0)).count();
    assert_eq!((new(0), new(1)), (1, 0));
    let old = |thread| drive.hunt.old_signatures(name(thread, 0)).count();
    assert_eq!((old(0), old(1)), (0, 1));
    assert_eq!(drive.hunt.signatures(), 1);
}
