//! One run: a sequence of actions, chosen on the way or given.

use std::path::PathBuf;

use crate::checker::Checker;
use crate::error::RunErr;
use crate::live::{Live, settle};
use crate::rate::Rate;
use crate::report::Report;
use crate::rng::CaseRng;
use crate::stop::{EnvError, Failure, Stop};
use crate::system::System;
use crate::watchdog::Watchdog;

/// A run may choose ten actions for each one that it may apply, so that some
/// can prove invalid, and a thousand to complete what it began.
const INVALID_RATIO_MAX: usize = 10;
const INCOMPLETE_MAX: usize = 1_000;

/// How a run ended that did not pass.
pub(crate) enum Trouble<P> {
    Failed(Box<Found<P>>),
    Env(EnvError),
    Unproven(String),
}

/// A failure, and the valid actions up to it.
pub(crate) struct Found<P> {
    pub(crate) case: Vec<P>,
    pub(crate) failure: Failure,
    /// Whether `finish` failed, so that the last action may be innocent.
    pub(crate) at_end: bool,
    pub(crate) seed: Option<u64>,
    /// The file that the case was read from.
    pub(crate) file: Option<PathBuf>,
    /// Whether its state could not be cleaned up.
    pub(crate) trouble: Option<EnvError>,
}

impl<P> Trouble<P> {
    /// Says that the case is kept already.
    pub(crate) fn of_file(self, file: PathBuf) -> Trouble<P> {
        match self {
            Trouble::Failed(mut found) => {
                found.file = Some(file);
                Trouble::Failed(found)
            }
            Trouble::Env(error) => {
                Trouble::Env(error.during(&format!("`{}`", file.display())))
            }
            Trouble::Unproven(why) => Trouble::Unproven(why),
        }
    }

    /// Says which run it was, so that it can be looked at again.
    fn of_run(self, seed: u64) -> Trouble<P> {
        match self {
            Trouble::Failed(mut found) => {
                found.seed = Some(seed);
                Trouble::Failed(found)
            }
            Trouble::Env(error) => Trouble::Env(
                error.during(&format!("run MCHK_SEED={seed:#018x}")),
            ),
            Trouble::Unproven(why) => {
                Trouble::Unproven(format!("{why}\nMCHK_SEED={seed:#018x}"))
            }
        }
    }
}

impl<P> Found<P> {
    /// The failure as it was found.
    pub(crate) fn into_run_err<S>(self, checker: &Checker<S>) -> RunErr<P>
    where
        S: System<Params = P>,
        P: Clone,
    {
        RunErr {
            source: self.case.iter().map(|p| checker.source(p)).collect(),
            json: checker.encode(&self.case),
            original: self.case.clone(),
            minimal: self.case,
            original_failure: self.failure.clone(),
            failure: self.failure,
            seed: self.seed,
            rate: Rate::default(),
            evaluations: 0,
            applied: 0,
            trouble: self.trouble.map(|error| error.to_string()),
            file: self.file,
            unkept: None,
        }
    }
}

impl<S: System> Checker<S> {
    /// Makes the run of this seed.
    pub(crate) fn run_once(
        &self,
        seed: u64,
        watchdog: Option<&Watchdog>,
        report: &mut Report,
    ) -> Result<(), Trouble<S::Params>> {
        let mut course = Course::new(self, seed);
        self.follow(watchdog, report, |state, done| course.next(state, done))
            .map_err(|trouble| trouble.of_run(seed))
    }

    /// Makes the run of this case.
    pub(crate) fn replay_once(
        &self,
        case: &[S::Params],
        watchdog: Option<&Watchdog>,
        report: &mut Report,
    ) -> Result<(), Trouble<S::Params>> {
        let mut actions = case.iter().cloned();
        self.follow(watchdog, report, |_, _| Ok(actions.next()))
    }

    /// Performs the actions that `choose` gives, until it gives none. It is
    /// told how many were valid so far.
    fn follow(
        &self,
        watchdog: Option<&Watchdog>,
        report: &mut Report,
        mut choose: impl FnMut(
            &S::State,
            usize,
        )
            -> Result<Option<S::Params>, Trouble<S::Params>>,
    ) -> Result<(), Trouble<S::Params>> {
        if let Some(watchdog) = watchdog {
            watchdog.begin(Vec::new());
        }
        report.runs += 1;
        let mut live = Live::init(self, watchdog).map_err(Trouble::Env)?;
        let mut case = Vec::new();
        let mut stop = None;
        while stop.is_none() {
            let Some(params) = choose(live.state(), case.len())? else {
                break;
            };
            match live.apply(&params) {
                Ok(()) => {
                    let label = || Ok(self.system().label(&params));
                    let label = settle("`label`", label);
                    report.count(label.map_err(Trouble::Env)?);
                }
                Err(Stop::Invalid) => {
                    report.invalid += 1;
                    continue;
                }
                Err(failed_or_env) => stop = Some(failed_or_env),
            }
            case.push(params);
        }
        let at_end = stop.is_none();
        let stop = stop.or_else(|| live.finish().err());
        let cleaned = live.cleanup();
        match stop {
            Some(Stop::Failed(failure)) => {
                Err(Trouble::Failed(Box::new(Found {
                    case,
                    failure,
                    at_end,
                    seed: None,
                    file: None,
                    trouble: cleaned.err(),
                })))
            }
            Some(Stop::Env(error)) => Err(Trouble::Env(error)),
            Some(Stop::Invalid) | None => cleaned.map_err(Trouble::Env),
        }
    }
}

/// How a run chooses its way.
struct Course<'a, S: System> {
    checker: &'a Checker<S>,
    rng: CaseRng,
    /// How many actions were chosen.
    chosen: usize,
    /// How many of them were valid when the last one was chosen.
    done: usize,
    /// Whether the last valid action may not, or must, end the run.
    incomplete: bool,
    terminate: bool,
    /// The same of the action chosen last, which may prove invalid.
    pending: (bool, bool),
}

impl<'a, S: System> Course<'a, S> {
    fn new(checker: &'a Checker<S>, seed: u64) -> Self {
        let mut rng = CaseRng::new(seed);
        if checker.swarm && !rng.one_in(4) {
            rng = rng.swarming();
        }
        Course {
            checker,
            rng,
            chosen: 0,
            done: 0,
            incomplete: false,
            terminate: false,
            pending: (false, false),
        }
    }

    fn next(
        &mut self,
        state: &S::State,
        done: usize,
    ) -> Result<Option<S::Params>, Trouble<S::Params>> {
        if done > self.done {
            (self.incomplete, self.terminate) = self.pending;
            self.done = done;
        }
        let max_length = self.checker.max_length;
        if self.terminate || (done >= max_length && !self.incomplete) {
            return Ok(None);
        }
        let chosen_max = max_length.saturating_mul(INVALID_RATIO_MAX);
        if self.chosen >= chosen_max.saturating_add(INCOMPLETE_MAX) {
            return if self.incomplete {
                Err(Trouble::Unproven(format!(
                    "the run did not end: after {done} actions, with \
                     {max_length} allowed, the last is still incomplete\n\
                     help: let `next` complete what it began"
                )))
            } else {
                Ok(None)
            };
        }
        self.chosen += 1;
        let system = self.checker.system();
        let rng = &mut self.rng;
        let action = settle("`next`", || Ok(system.next(state, rng)))
            .map_err(Trouble::Env)?;
        self.pending = (action.incomplete, action.terminate);
        Ok(Some(action.params))
    }
}
