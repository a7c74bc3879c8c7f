//! A check of a system: what to try, how long, and what to do with failures.

use std::fmt::{self, Debug};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::codec::Codec;
use crate::environment::Environment;
use crate::error::{CheckErr, RunErr};
use crate::hunt::{Budget, Hunt};
use crate::live::settle;
use crate::reduce;
use crate::report::Report;
use crate::rng;
use crate::run::{Found, Trouble};
use crate::stop::EnvError;
use crate::system::{Snapshot, System};
use crate::watchdog::Watchdog;

/// The result of a check of the system `S`.
pub type CheckResult<S> = Result<Report, CheckErr<<S as System>::Params>>;

/// Keeps a state by a function of the system, or of the type.
type Keep<S> =
    for<'a> fn(
        &'a S,
        &<S as System>::State,
    )
        -> Result<Option<Snapshot<'a, <S as System>::State>>, EnvError>;

/// A check of a [`System`].
///
/// The methods that say how return the checker; those that run it begin
/// with `run` or `minimize`, and can be called any number of times.
pub struct Checker<S: System> {
    system: S,
    environment: Result<Environment, String>,
    pub(crate) max_length: usize,
    pub(crate) swarm: bool,
    pub(crate) verify_runs: usize,
    pub(crate) evaluations_max: usize,
    pub(crate) codec: Option<Codec<S::Params>>,
    pub(crate) regressions: Option<PathBuf>,
    pub(crate) keep: Keep<S>,
    pub(crate) snapshots_max: usize,
    minimize: bool,
    seed: Option<u64>,
    requirements: Vec<(String, u64)>,
    action_time_limit: Option<Duration>,
    pub(crate) jobs: usize,
    /// Hunts on the threads that `jobs` asks for. A pointer, so that only
    /// who asks for more than one needs a system that threads can share.
    spread: fn(&Checker<S>, &Hunt<S::Params>),
}

impl<S: System> Checker<S> {
    /// A check of this system by runs of up to ten actions.
    pub fn new(system: S) -> Checker<S> {
        Checker {
            system,
            environment: Environment::read(),
            max_length: 10,
            swarm: false,
            verify_runs: 20,
            evaluations_max: 20_000,
            codec: None,
            regressions: None,
            keep: S::snapshot,
            snapshots_max: 64,
            minimize: true,
            seed: None,
            requirements: Vec::new(),
            action_time_limit: None,
            jobs: 1,
            spread: |checker, hunt| hunt.work(checker),
        }
    }

    /// The greatest number of actions of a run; 10 unless told. Incomplete
    /// actions may make a run longer.
    pub fn max_length(mut self, actions: usize) -> Self {
        self.max_length = actions;
        self
    }

    /// Whether failures are minimised; they are, unless told.
    pub fn minimize(mut self, yes: bool) -> Self {
        self.minimize = yes;
        self
    }

    /// The seed of the first run, and so of all; a random one unless told.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Whether three runs in four leave out a random half of the kinds of
    /// action; see [`CaseRng::kind`](crate::CaseRng::kind).
    pub fn swarm(mut self, yes: bool) -> Self {
        self.swarm = yes;
        self
    }

    /// Makes the check fail unless at least `min` actions with this label
    /// were applied. Cases that are only replayed are exempt.
    pub fn require(mut self, label: impl Into<String>, min: u64) -> Self {
        self.requirements.push((label.into(), min));
        self
    }

    /// The longest time one action may take. After that the case is written
    /// to a file and the process aborted: what hangs cannot be cleaned up
    /// from inside.
    pub fn action_time_limit(mut self, limit: Duration) -> Self {
        self.action_time_limit = Some(limit);
        self
    }

    /// How often a minimised case is run from a fresh state to see whether,
    /// and how often, it fails; 20 unless told, at least once.
    pub fn verify_runs(mut self, runs: usize) -> Self {
        self.verify_runs = runs.max(1);
        self
    }

    /// How many runs minimising may take; 20 000 unless told. Verifying its
    /// result is not limited by it.
    pub fn evaluations_max(mut self, runs: usize) -> Self {
        self.evaluations_max = runs;
        self
    }

    /// Makes independent runs on so many threads at once. Which of several
    /// failures is reported can then differ; its seed still leads to it.
    pub fn jobs(mut self, jobs: usize) -> Self
    where
        S: Sync,
        S::Params: Send + Sync,
    {
        self.jobs = jobs.max(1);
        self.spread = |checker, hunt| {
            std::thread::scope(|scope| {
                for _ in 0..checker.jobs {
                    scope.spawn(|| hunt.work(checker));
                }
            });
        };
        self
    }

    /// Keeps clones of states while minimising, so that only what comes
    /// after a change is applied again.
    pub fn snapshots(mut self) -> Self
    where
        S::State: Clone,
    {
        self.keep = |_, state| {
            let kept = state.clone();
            Ok(Some(Snapshot::new(move || Ok(kept.clone()))))
        };
        self
    }

    /// How many states are kept at a time while minimising; 64 unless told.
    pub fn snapshots_max(mut self, snapshots: usize) -> Self {
        self.snapshots_max = snapshots;
        self
    }

    /// Makes one run.
    ///
    /// # Errors
    ///
    /// See [`CheckErr`].
    pub fn run(&self) -> CheckResult<S> {
        self.run_times(1)
    }

    /// Makes so many runs, or fewer if one fails.
    ///
    /// # Errors
    ///
    /// See [`CheckErr`].
    pub fn run_times(&self, runs: u64) -> CheckResult<S> {
        self.hunt(Budget { runs, until: None })
    }

    /// Makes runs until the time has passed, at least one, or one fails.
    ///
    /// # Errors
    ///
    /// See [`CheckErr`]; a time of zero would show nothing and is refused.
    pub fn run_for(&self, time: Duration) -> CheckResult<S> {
        let time = self.environment()?.time.unwrap_or(time);
        if time.is_zero() {
            return Err(CheckErr::Unproven(
                "there was no time to run\n\
                 help: give `run_for` or `MCHK_TIME` more than zero"
                    .to_owned(),
            ));
        }
        let until = Instant::now().checked_add(time);
        self.hunt(Budget { runs: u64::MAX, until })
    }

    /// Replays a case, without minimising it.
    ///
    /// # Errors
    ///
    /// See [`CheckErr`].
    pub fn run_case(&self, case: &[S::Params]) -> CheckResult<S> {
        self.replay(case, false)
    }

    /// Replays a case, and minimises it if it fails.
    ///
    /// # Errors
    ///
    /// See [`CheckErr`]; that it fails is what one expects.
    pub fn minimize_case(&self, case: &[S::Params]) -> CheckResult<S> {
        self.replay(case, true)
    }

    /// The system.
    pub fn system(&self) -> &S {
        &self.system
    }

    /// The action as text: as JSON if the checker knows how.
    pub(crate) fn text(&self, params: &S::Params) -> String {
        let json = self.codec.as_ref();
        json.and_then(|codec| (codec.encode)(params).ok())
            .unwrap_or_else(|| self.source(params))
    }

    /// The action as Rust source. A case is shown whatever the functions
    /// that describe it do.
    pub(crate) fn source(&self, params: &S::Params) -> String {
        settle("`source`", || Ok(self.system.source(params)))
            .or_else(|error| {
                let debug = || Ok(format!("{params:?} /* {error} */"));
                settle("`Debug`", debug)
            })
            .unwrap_or_else(|error| format!("/* {error} */"))
    }

    pub(crate) fn watchdog(&self) -> Option<Watchdog> {
        let directory =
            self.regressions.clone().unwrap_or_else(std::env::temp_dir);
        let kind = if self.codec.is_some() { "json" } else { "txt" };
        self.action_time_limit
            .map(|limit| Watchdog::start(limit, directory, kind))
    }

    fn environment(&self) -> Result<&Environment, CheckErr<S::Params>> {
        self.environment.as_ref().map_err(|why| CheckErr::Unproven(why.clone()))
    }

    fn hunt(&self, budget: Budget) -> CheckResult<S> {
        let environment = self.environment()?;
        if let Some(case) = &environment.case {
            return self.replay(&self.decode_or_read(case)?, false);
        }
        let (mut report, hunt) = match environment.seed {
            // Only this run: a kept case could fail before it.
            Some(seed) => {
                let budget = Budget { runs: 1, until: None };
                (Report::default(), Hunt::new(seed, budget))
            }
            None => {
                let seed = self.seed.unwrap_or_else(rng::seed_from_system);
                (self.replay_regressions()?, Hunt::new(seed, budget))
            }
        };
        (self.spread)(self, &hunt);
        let (hunted, trouble) = hunt.end();
        if let Some(trouble) = trouble {
            return Err(self.report_trouble(trouble, self.minimize));
        }
        // What kept cases applied says nothing about `next`.
        if hunted.actions == 0 {
            return Err(CheckErr::Unproven(format!(
                "no action was applied: {hunted}\n\
                 help: run at least once, with a `max_length` above zero, \
                 and let `next` choose actions that make sense"
            )));
        }
        if environment.seed.is_none() {
            self.check_requirements(&hunted)?;
        }
        report.add(&hunted);
        Ok(report)
    }

    fn replay(&self, case: &[S::Params], minimize: bool) -> CheckResult<S> {
        let watchdog = self.watchdog();
        let mut report = Report::default();
        self.replay_once(case, watchdog.as_ref(), &mut report)
            .map_err(|trouble| self.report_trouble(trouble, minimize))?;
        Ok(report)
    }

    /// Replays the kept cases: what failed once must not fail again.
    fn replay_regressions(&self) -> CheckResult<S> {
        let mut report = Report::default();
        let watchdog = self.watchdog();
        for (file, case) in self.read_regressions()? {
            self.replay_once(&case, watchdog.as_ref(), &mut report)
                .map_err(|trouble| trouble.of_file(file))
                .map_err(|t| self.report_trouble(t, self.minimize))?;
        }
        Ok(report)
    }

    fn report_trouble(
        &self,
        trouble: Trouble<S::Params>,
        minimize: bool,
    ) -> CheckErr<S::Params> {
        match trouble {
            Trouble::Failed(found) => CheckErr::Failed(Box::new(if minimize {
                reduce::reduce(self, *found)
            } else {
                self.unreduced(*found)
            })),
            Trouble::Env(error) => CheckErr::Env(error),
            Trouble::Unproven(why) => CheckErr::Unproven(why),
        }
    }

    fn unreduced(&self, found: Found<S::Params>) -> RunErr<S::Params> {
        let mut run = found.into_run_err(self);
        // Whoever gave the case has it.
        if run.seed.is_some() {
            let RunErr { minimal, failure, .. } = &run;
            let file = self.keep_regression(minimal, minimal, failure);
            run.keep_in(file);
        }
        run
    }

    fn check_requirements(
        &self,
        report: &Report,
    ) -> Result<(), CheckErr<S::Params>> {
        for (label, min) in &self.requirements {
            let count = report.labels.get(label).copied().unwrap_or(0);
            if count < *min {
                return Err(CheckErr::Unproven(format!(
                    "`{label}` was applied {count} times, {min} are \
                     required\nhelp: run longer, or make it likelier in \
                     `next`\n{report}"
                )));
            }
        }
        Ok(())
    }
}

impl<S: System> Debug for Checker<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checker")
            .field("max_length", &self.max_length)
            .field("seed", &self.seed)
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}
