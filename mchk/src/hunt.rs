//! Runs after runs with different seeds, on one thread or several, until one
//! fails or the budget is spent.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::checker::Checker;
use crate::report::Report;
use crate::rng;
use crate::run::Trouble;
use crate::system::System;

/// How long to go on.
#[derive(Clone, Copy)]
pub(crate) struct Budget {
    pub(crate) runs: u64,
    pub(crate) until: Option<Instant>,
}

/// A search for a failure, shared by the threads that make the runs.
pub(crate) struct Hunt<P> {
    seed: u64,
    budget: Budget,
    next_run: AtomicU64,
    stop: AtomicBool,
    result: Mutex<Tally<P>>,
}

struct Tally<P> {
    report: Report,
    /// The trouble of the earliest run that met any, and its number.
    trouble: Option<(u64, Trouble<P>)>,
}

impl<P> Hunt<P> {
    pub(crate) fn new(seed: u64, budget: Budget) -> Hunt<P> {
        let report = Report { seed: Some(seed), ..Report::default() };
        Hunt {
            seed,
            budget,
            next_run: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            result: Mutex::new(Tally { report, trouble: None }),
        }
    }

    /// What one thread does.
    pub(crate) fn work<S: System<Params = P>>(&self, checker: &Checker<S>) {
        let watchdog = checker.watchdog();
        let mut report = Report::default();
        let mut trouble = None;
        while let Some(run) = self.claim() {
            let seed = rng::seed_of_run(self.seed, run);
            let ended = checker.run_once(seed, watchdog.as_ref(), &mut report);
            if let Err(met) = ended {
                self.stop.store(true, Ordering::Relaxed);
                trouble = Some((run, met));
            }
        }
        let mut tally =
            self.result.lock().unwrap_or_else(PoisonError::into_inner);
        tally.report.add(&report);
        let earlier = tally.trouble.iter().map(|(run, _)| *run).min();
        if let Some((run, met)) = trouble {
            if earlier.is_none_or(|earlier| run < earlier) {
                tally.trouble = Some((run, met));
            }
        }
    }

    pub(crate) fn end(self) -> (Report, Option<Trouble<P>>) {
        let tally =
            self.result.into_inner().unwrap_or_else(PoisonError::into_inner);
        (tally.report, tally.trouble.map(|(_, trouble)| trouble))
    }

    /// The number of the next run, unless it is time to stop. The first run
    /// is always made: a check that tries nothing would pass.
    fn claim(&self) -> Option<u64> {
        if self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let run = self.next_run.fetch_add(1, Ordering::Relaxed);
        let late = self.budget.until.is_some_and(|at| Instant::now() >= at);
        (run < self.budget.runs && !(run > 0 && late)).then_some(run)
    }
}
