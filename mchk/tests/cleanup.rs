//! Every state is cleaned up exactly once, whatever happens to it.

use std::cell::Cell;
use std::fmt;

use mchk::{
    Action, CaseRng, CheckErr, Checker, EnvError, Snapshot, Stop, System,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    Succeeds,
    Fails,
    Panics,
    IsInvalid,
    MeetsTrouble,
    ChoosesNothing,
}
use Does::*;

/// Does one thing after a few that succeed, and counts its states.
struct Counting {
    does: Does,
    at_end: bool,
    cleanup: Does,
    made: Cell<u32>,
    cleaned: Cell<u32>,
}

impl Counting {
    fn new(does: Does) -> Counting {
        let count = Cell::new(0);
        let (made, cleaned) = (count.clone(), count);
        Counting { does, at_end: false, cleanup: Succeeds, made, cleaned }
    }

    fn outcome(&self, does: Does) -> Result<(), Stop> {
        match does {
            Succeeds | ChoosesNothing => Ok(()),
            Fails => Err(Stop::failed("wrong")),
            Panics => panic!("broken"),
            IsInvalid => Err(Stop::Invalid),
            MeetsTrouble => Err(Stop::env("no space")),
        }
    }

    fn made(&self, state: usize) -> usize {
        self.made.set(self.made.get() + 1);
        state
    }
}

impl System for Counting {
    type State = usize;
    type Params = Does;

    fn init(&self) -> Result<usize, EnvError> {
        Ok(self.made(0))
    }

    fn next(&self, done: &usize, _: &mut CaseRng) -> Action<Does> {
        assert!(*done < 4 || self.does != ChoosesNothing, "no choice");
        let its_turn = *done == 4 && !self.at_end;
        Action::new(if its_turn { self.does } else { Succeeds })
    }

    fn apply(&self, done: &mut usize, does: &Does) -> Result<(), Stop> {
        *done += 1;
        self.outcome(*does)
    }

    fn finish(&self, _: &mut usize) -> Result<(), Stop> {
        self.outcome(if self.at_end { self.does } else { Succeeds })
    }

    fn cleanup(&self, _: usize) -> Result<(), EnvError> {
        self.cleaned.set(self.cleaned.get() + 1);
        match self.outcome(self.cleanup) {
            Err(_) => Err(EnvError::new("cannot clean up")),
            Ok(()) => Ok(()),
        }
    }

    fn snapshot<'a>(
        &'a self,
        state: &usize,
    ) -> Result<Option<Snapshot<'a, usize>>, EnvError> {
        let kept = *state;
        Ok(Some(Snapshot::new(move || Ok(self.made(kept)))))
    }
}

impl fmt::Debug for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.does)
    }
}

#[track_caller]
fn check(counting: Counting) -> Result<mchk::Report, CheckErr<Does>> {
    let checker = Checker::new(counting);
    let result = checker.run_times(2);
    let counting = checker.system();
    assert!(counting.made.get() > 0);
    assert_eq!(counting.made, counting.cleaned, "{result:?}");
    result
}

#[test]
fn after_success() {
    assert_eq!(check(Counting::new(Succeeds)).unwrap().actions, 20);
}

#[test]
fn after_a_failure_and_all_of_its_replays() {
    let error = check(Counting::new(Fails)).unwrap_err().failed().unwrap();
    assert_eq!(error.minimal, [Fails]);
    assert!(error.evaluations > 20);
}

#[test]
fn after_a_panic() {
    let error = check(Counting::new(Panics)).unwrap_err().failed().unwrap();
    assert_eq!(error.minimal, [Panics]);
}

#[test]
fn after_what_is_invalid() {
    let report = check(Counting::new(IsInvalid)).unwrap();
    assert_eq!((report.actions, report.invalid), (20, 2));
}

#[test]
fn after_trouble_which_is_not_minimised() {
    let error = check(Counting::new(MeetsTrouble)).unwrap_err();
    assert!(matches!(error, CheckErr::Env(_)));
}

#[test]
fn after_the_choice_of_an_action_panicked() {
    let error = check(Counting::new(ChoosesNothing)).unwrap_err();
    assert!(matches!(error, CheckErr::Env(_)), "{error}");
    assert!(error.to_string().contains("no choice"), "{error}");
}

#[test]
fn after_the_end_went_wrong() {
    for does in [Fails, Panics] {
        let counting = Counting { at_end: true, ..Counting::new(does) };
        let error = check(counting).unwrap_err().failed().unwrap();
        assert_eq!(error.minimal, []);
    }
    let trouble = Counting { at_end: true, ..Counting::new(MeetsTrouble) };
    assert!(matches!(check(trouble), Err(CheckErr::Env(_))));
}

#[test]
fn when_cleaning_up_is_what_goes_wrong() {
    for cleanup in [Fails, Panics] {
        let counting = Counting { cleanup, ..Counting::new(Succeeds) };
        assert!(matches!(check(counting), Err(CheckErr::Env(_))));
        // A failure is worth more than the trouble after it.
        let counting = Counting { cleanup, ..Counting::new(Fails) };
        let error = check(counting).unwrap_err().failed().unwrap();
        assert!(error.trouble.is_some());
        assert_eq!(error.minimal, error.original);
    }
}
