//! A panic of the system is told, wherever it is, and loses nothing.

use std::cell::Cell;

use mchk::{
    Action, CaseRng, CheckErr, Checker, EnvError, Snapshot, Stop, System,
};

/// Fails at action 7 of ten, and panics in the function of this name.
struct Panicking {
    place: &'static str,
    made: Cell<u32>,
    cleaned: Cell<u32>,
}

impl Panicking {
    fn at(&self, place: &str) {
        assert!(self.place != place, "in {place}");
    }

    fn made(&self, state: u32) -> u32 {
        self.made.set(self.made.get() + 1);
        state
    }
}

impl System for Panicking {
    type State = u32;
    type Params = u32;

    fn init(&self) -> Result<u32, EnvError> {
        self.at("init");
        Ok(self.made(0))
    }

    fn next(&self, done: &u32, _: &mut CaseRng) -> Action<u32> {
        self.at("next");
        Action::new(*done)
    }

    fn apply(&self, done: &mut u32, params: &u32) -> Result<(), Stop> {
        *done += 1;
        match params {
            7 => Err(Stop::failed("seven")),
            _ => Ok(()),
        }
    }

    fn cleanup(&self, _: u32) -> Result<(), EnvError> {
        self.cleaned.set(self.cleaned.get() + 1);
        Ok(())
    }

    fn shrink(&self, _: &u32) -> Vec<u32> {
        self.at("shrink");
        Vec::new()
    }

    fn label(&self, params: &u32) -> String {
        self.at("label");
        params.to_string()
    }

    fn source(&self, params: &u32) -> String {
        self.at("source");
        params.to_string()
    }

    fn snapshot<'a>(
        &'a self,
        done: &u32,
    ) -> Result<Option<Snapshot<'a, u32>>, EnvError> {
        self.at("snapshot");
        let done = *done;
        Ok(Some(Snapshot::new(move || {
            self.at("restore");
            Ok(self.made(done))
        })))
    }
}

fn check(place: &'static str) -> CheckErr<u32> {
    let (made, cleaned) = (Cell::new(0), Cell::new(0));
    let checker = Checker::new(Panicking { place, made, cleaned });
    let error = checker.run().expect_err(place);
    let Panicking { made, cleaned, .. } = checker.system();
    assert_eq!(made, cleaned, "{place}");
    error
}

#[test]
fn before_the_failure_it_ends_the_check() {
    for place in ["init", "next", "label"] {
        let error = check(place);
        assert!(matches!(error, CheckErr::Env(_)), "{place}: {error}");
        let told = format!("`{place}` failed: panic: in {place}");
        assert!(error.to_string().contains(&told), "{error}");
    }
}

#[test]
fn after_the_failure_it_ends_the_minimising() {
    for place in ["shrink", "snapshot", "restore"] {
        let error = check(place).failed().expect(place);
        assert_eq!(error.failure.message(), "seven");
        let trouble = error.trouble.expect("it was cut short");
        let told = format!("panic: in {place}");
        assert!(trouble.contains(&told), "{trouble}");
    }
}

#[test]
fn in_the_words_for_an_action_it_leaves_other_words() {
    let error = check("source").failed().expect("seven");
    assert_eq!(error.minimal, [7]);
    let printed = error.to_string();
    assert!(printed.contains("        7 /* `source` failed:"), "{printed}");
}

/// Catches a panic, and goes on with another one that no hook is told of.
#[test]
fn that_the_system_caught_itself_is_not_taken_for_a_later_one() {
    let catching = mchk::system(
        || (),
        |(), _: &mut CaseRng| Action::new(()),
        |(), (): &()| {
            let _ = std::panic::catch_unwind(|| panic!("caught"));
            std::panic::resume_unwind(Box::new("passed on"))
        },
    );
    let error = Checker::new(catching).run().unwrap_err().failed().unwrap();
    assert_eq!(error.failure.message(), "panic: passed on");
}
