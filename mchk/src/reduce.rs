//! Minimises a case of a system: how sure is its failure, what can go, what
//! can be simpler, and is the result still true.

use std::path::PathBuf;

use crate::checker::Checker;
use crate::error::RunErr;
use crate::live::{Live, settle};
use crate::minimizer::{Minimizer, retries};
use crate::rate::Rate;
use crate::run::Found;
use crate::shelf::Shelf;
use crate::stop::{EnvError, Failure, Stop};
use crate::system::System;
use crate::watchdog::Watchdog;

/// A failure that shows again so many times in a row is taken for certain,
/// until a later run says otherwise.
const CERTAIN_RUNS: usize = 2;

/// A rate is measured until so many runs failed, or so many were made.
const MEASURED_FAILURES: usize = 10;
const MEASURED_RUNS_MAX: usize = 60;

/// How often minimising starts over from what it has, because the rate of
/// failures was not what it seemed.
const ROUNDS_MAX: usize = 4;

/// How often removing and simplifying take turns.
const TURNS_MAX: usize = 8;

/// Minimises what was found.
pub(crate) fn reduce<S: System>(
    checker: &Checker<S>,
    found: Found<S::Params>,
) -> RunErr<S::Params> {
    let watchdog = checker.watchdog();
    let mut reduction = Reduction {
        checker,
        watchdog: watchdog.as_ref(),
        best: (0..found.case.len()).collect(),
        params: found.case.clone(),
        failure: found.failure.clone(),
        last_is_essential: !found.at_end,
        history: Vec::new(),
        any_kept: false,
        shelf: Shelf::new(checker.snapshots_max),
        evaluations: 0,
        applied: 0,
        trouble: found.trouble.clone(),
    };
    // Looking at it again can take long, and an interrupt can come.
    let mut kept = match &found.file {
        Some(file) => Ok(Some(file.clone())),
        None => reduction.keep(&reduction.best),
    };
    let rate = reduction.minimize();
    let minimal = reduction.case(&reduction.best);
    if reduction.any_kept {
        kept = reduction.keep(&reduction.best);
    }
    let mut run = found.into_run_err(checker);
    run.keep_in(kept);
    run.source = minimal.iter().map(|p| checker.source(p)).collect();
    run.json = checker.encode(&minimal);
    run.minimal = minimal;
    run.failure = reduction.failure.clone();
    run.rate = rate;
    run.evaluations = reduction.evaluations;
    run.applied = reduction.applied;
    run.trouble = match &reduction.trouble {
        Some(error) => Some(format!("minimising was cut short: {error}")),
        None if rate.failed == 0 && rate.runs > 0 => {
            Some("it did not fail again, so it is not minimised".to_owned())
        }
        None if reduction.is_exhausted() => {
            Some("minimising reached its limit of runs".to_owned())
        }
        None => None,
    };
    run
}

/// A case on its way to the minimum. Actions are named by their place in
/// `params`, where simpler ones are added, so that equal names mean equal
/// actions.
struct Reduction<'a, S: System> {
    checker: &'a Checker<S>,
    watchdog: Option<&'a Watchdog>,
    params: Vec<S::Params>,
    best: Vec<usize>,
    /// What the best case fails with.
    failure: Failure,
    last_is_essential: bool,
    /// The best cases before this one.
    history: Vec<(Vec<usize>, Failure)>,
    /// Whether a case smaller than the original was written down.
    any_kept: bool,
    shelf: Shelf<'a, S::State>,
    evaluations: usize,
    applied: usize,
    trouble: Option<EnvError>,
}

impl<S: System> Reduction<'_, S> {
    /// Minimises, and says how often the result fails.
    fn minimize(&mut self) -> Rate {
        let original = self.best.clone();
        self.shelf.follow(&original);
        let original_rate = self.measure_original();
        let mut assumed = original_rate;
        let mut measured = original_rate;
        let mut use_shelf = original_rate.is_certain();
        for _ in 0..ROUNDS_MAX {
            if assumed.failed == 0 || self.is_over() {
                break;
            }
            if !use_shelf {
                self.shelf = Shelf::new(0);
            }
            self.shrink(assumed);
            measured = self.measure(&self.best.clone());
            if use_shelf && measured.failed == 0 && !self.is_over() {
                // Snapshots that are not quite the state led astray.
                use_shelf = false;
                self.restore(original.clone());
                continue;
            }
            use_shelf = false;
            let seemed = retries(assumed.cautious());
            assumed = assumed.and(measured);
            if measured.failed == 0 || retries(assumed.cautious()) <= seemed {
                break;
            }
        }
        self.walk_back(&original, original_rate, measured)
    }

    /// Whether nothing more may be tried.
    fn is_over(&self) -> bool {
        self.trouble.is_some() || self.is_exhausted()
    }

    fn is_exhausted(&self) -> bool {
        self.evaluations >= self.checker.evaluations_max
    }

    /// Runs the original case until it is clear how often it fails.
    fn measure_original(&mut self) -> Rate {
        let mut rate = Rate::default();
        let certain =
            |rate: &Rate| rate.is_certain() && rate.runs >= CERTAIN_RUNS;
        while !certain(&rate)
            && rate.failed < MEASURED_FAILURES
            && rate.runs < MEASURED_RUNS_MAX
            && !self.is_over()
        {
            let again = self.evaluate(&self.best.clone(), true);
            rate.count(again.is_some());
        }
        rate
    }

    /// Runs a case as often as results are verified, also when the limit of
    /// runs is reached: what is reported is always seen from a fresh state.
    fn measure(&mut self, case: &[usize]) -> Rate {
        let mut rate = Rate::default();
        while rate.runs < self.checker.verify_runs && self.trouble.is_none() {
            rate.count(self.evaluate(case, true).is_some());
        }
        rate
    }

    /// Removes and simplifies in turns until neither changes anything.
    fn shrink(&mut self, rate: Rate) {
        for _ in 0..TURNS_MAX {
            let most = self.checker.evaluations_max;
            let left = most.saturating_sub(self.evaluations);
            let names = self.best.clone();
            Minimizer::new()
                .last_is_essential(self.last_is_essential)
                .failure_rate(rate.cautious())
                .evaluations_max(left)
                .minimize_indices(names.len(), |kept| {
                    let part: Vec<usize> =
                        kept.iter().map(|&place| names[place]).collect();
                    let failing = self.accept(&part)?;
                    Some(places(&names, &failing))
                });
            if !self.simplify(retries(rate.cautious())) {
                return;
            }
        }
    }

    /// Tries simpler actions in the place of each, last action first.
    fn simplify(&mut self, retries: usize) -> bool {
        let mut changed = false;
        for place in (0..self.best.len()).rev() {
            while self.simplify_one(place, retries) {
                changed = true;
            }
        }
        changed
    }

    fn simplify_one(&mut self, place: usize, retries: usize) -> bool {
        let Some(&name) = self.best.get(place) else { return false };
        let shrink = || Ok(self.checker.system().shrink(&self.params[name]));
        let simpler = settle("`shrink`", shrink).unwrap_or_else(|error| {
            self.trouble = Some(error);
            Vec::new()
        });
        for simpler in simpler {
            self.params.push(simpler);
            let mut part = self.best.clone();
            part[place] = self.params.len() - 1;
            for _ in 0..retries {
                if self.is_over() {
                    return false;
                }
                if self.accept(&part).is_some() {
                    return true;
                }
            }
        }
        false
    }

    /// If this case fails in the same way, it is the best one.
    fn accept(&mut self, part: &[usize]) -> Option<Vec<usize>> {
        if self.is_over() {
            return None;
        }
        let (failing, failure) = self.evaluate(part, false)?;
        let best = std::mem::replace(&mut self.best, failing.clone());
        let before = std::mem::replace(&mut self.failure, failure);
        self.history.push((best, before));
        self.shelf.follow(&failing);
        // If it cannot be kept, neither can the last one, and that is told.
        let _ = self.keep(&failing);
        self.any_kept = true;
        Some(failing)
    }

    /// Writes this case down in place of the original.
    fn keep(&self, best: &[usize]) -> Result<Option<PathBuf>, String> {
        let original = self.history.first().map_or(best, |(case, _)| case);
        self.checker.keep_regression(
            &self.case(original),
            &self.case(best),
            &self.failure,
        )
    }

    /// Goes back to a case that was the best one.
    fn restore(&mut self, best: Vec<usize>) {
        let place = self.history.iter().position(|(case, _)| *case == best);
        if let Some(place) = place {
            let (best, failure) = self.history.swap_remove(place);
            self.history.truncate(place);
            (self.best, self.failure) = (best, failure);
        }
    }

    /// A case that fails far less often than the original may have lost
    /// something: goes back, in growing strides, to one that does not.
    fn walk_back(
        &mut self,
        original: &[usize],
        mut wanted: Rate,
        mut measured: Rate,
    ) -> Rate {
        let is_rare = |measured: Rate, wanted: Rate| {
            measured.share() < wanted.cautious() / 2.0
        };
        // The original was run a few times only: look again before judging.
        let seems_rare = measured.share() < wanted.share() / 2.0;
        if seems_rare && wanted.runs < self.checker.verify_runs {
            wanted = wanted.and(self.measure(original));
        }
        let mut stride = 1;
        while is_rare(measured, wanted)
            && !self.history.is_empty()
            && self.trouble.is_none()
        {
            let place = self.history.len().saturating_sub(stride);
            let best = self.history[place].0.clone();
            self.restore(best);
            measured = self.measure(&self.best.clone());
            stride *= 2;
        }
        measured
    }

    fn case(&self, names: &[usize]) -> Vec<S::Params> {
        names.iter().map(|&name| self.params[name].clone()).collect()
    }

    /// Runs a case, from a fresh state or else from the nearest one kept. If
    /// it fails with the fingerprint wanted, the actions that took part, and
    /// how it failed.
    fn evaluate(
        &mut self,
        part: &[usize],
        fresh: bool,
    ) -> Option<(Vec<usize>, Failure)> {
        self.evaluations += 1;
        match self.try_run(part, fresh) {
            Ok(Some((failing, failure)))
                if failure.fingerprint() == self.failure.fingerprint() =>
            {
                Some((failing, failure))
            }
            Ok(_) => None,
            Err(error) => {
                self.trouble = Some(error);
                None
            }
        }
    }

    fn try_run(
        &mut self,
        part: &[usize],
        fresh: bool,
    ) -> Result<Option<(Vec<usize>, Failure)>, EnvError> {
        let checker = self.checker;
        let shared = self.shelf.shared(part);
        let kept = self.shelf.longest(shared).filter(|_| !fresh);
        let from = kept.map_or(0, |(len, _)| len);
        let mut live = match kept {
            Some((_, state)) => Live::restore(checker, self.watchdog, state)?,
            None => Live::init(checker, self.watchdog)?,
        };
        if let Some(watchdog) = self.watchdog {
            let done = part[..from].iter();
            watchdog.begin(
                done.map(|&name| checker.text(&self.params[name])).collect(),
            );
        }
        let stride = self.shelf.stride(from, shared);
        let mut took_part = part[..from].to_vec();
        let mut stop = None;
        for (place, &name) in part.iter().enumerate().skip(from) {
            // Worth keeping is a beginning of the best case.
            let at_stride = place <= shared && (place - from) % stride == 0;
            if at_stride && self.shelf.wants(place) {
                let keep = || (checker.keep)(checker.system(), live.state());
                match settle("keeping a snapshot", keep)? {
                    Some(state) => self.shelf.keep(place, state),
                    None => self.shelf = Shelf::new(0),
                }
            }
            self.applied += 1;
            match live.apply(&self.params[name]) {
                Ok(()) => took_part.push(name),
                Err(Stop::Invalid) => {}
                Err(failed_or_env) => {
                    took_part.push(name);
                    stop = Some(failed_or_env);
                    break;
                }
            }
        }
        let stop = stop.or_else(|| live.finish().err());
        live.cleanup()?;
        match stop {
            Some(Stop::Failed(failure)) => Ok(Some((took_part, failure))),
            Some(Stop::Env(error)) => Err(error),
            Some(Stop::Invalid) | None => Ok(None),
        }
    }
}

/// The places of `some` among `all`, both in the same order.
fn places(all: &[usize], some: &[usize]) -> Vec<usize> {
    let mut wanted = some.iter().peekable();
    let is_next =
        |&(_, name): &(usize, &usize)| wanted.next_if_eq(&name).is_some();
    all.iter().enumerate().filter(is_next).map(|(place, _)| place).collect()
}
