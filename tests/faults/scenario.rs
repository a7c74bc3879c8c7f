//! A scenario: something that goes wrong, so many times, told in one line.

use std::cell::Cell;
use std::io::{self, Write};

/// `all` has every scenario run as often as its kind of trouble needs.
const VARIABLE: &str = "FAULTS";

/// How often it runs in `make test`, and how often in `make faults`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) test: u32,
    pub(crate) faults: u32,
}

/// What comes out the same each time.
pub(crate) const ONCE: Times = Times { test: 1, faults: 1 };

/// What depends on who is quicker.
pub(crate) const SOME: Times = Times { test: 1, faults: 10 };

impl Times {
    /// How often it is to run now.
    pub(crate) fn wanted(self) -> u32 {
        match std::env::var(VARIABLE).is_ok_and(|value| value == "all") {
            true => self.faults,
            false => self.test,
        }
    }
}

thread_local! {
    /// What the audits of this test's thread have found unaccounted for.
    static LEFT: Cell<usize> = const { Cell::new(0) };
}

/// Runs a scenario as often as it should, with the number of the run.
pub(crate) fn scenario(name: &str, times: Times, mut run: impl FnMut(u32)) {
    let wanted = times.wanted();
    let mut told = Told { name, wanted, ran: 0 };
    for number in 0..wanted {
        run(number);
        told.ran += 1;
    }
}

/// Says how it went, also when a run panics.
struct Told<'a> {
    name: &'a str,
    wanted: u32,
    ran: u32,
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        let Told { name, wanted, ran } = self;
        let left = LEFT.take();
        let word = if *ran == *wanted { "ran" } else { "FAILED after" };
        let line = format!("scenario: {name}: {word} {ran}, left {left}\n");
        // Past the harness, which shows what is printed only of failures.
        let _ = io::stdout().write_all(line.as_bytes());
    }
}

/// Fails when there is anything unaccounted for.
pub(crate) fn nothing_left(left: &[String], context: &impl std::fmt::Debug) {
    LEFT.set(LEFT.get() + left.len());
    assert!(left.is_empty(), "left: {left:#?}\n{context:#?}");
}
