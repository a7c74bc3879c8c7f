//! Runs of a sequence and then of branches on threads of their own.

use std::fmt::{self, Debug, Write};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::{hint, panic, thread};

use crate::action::Action;
use crate::catch::catch;
use crate::concurrent::{Concurrent, Step};
use crate::linearize::{self, CALLS_MAX, Call};
use crate::rng::CaseRng;
use crate::stop::{EnvError, Stop};
use crate::system::System;

/// How many actions the branches may have together; the rest of the calls
/// that can be searched are for `closing`.
const BRANCHED_MAX: usize = CALLS_MAX / 4 * 3;

/// Checks a [`Concurrent`] system: a sequence, then two or three branches on
/// threads of their own. It is a [`System`], so a
/// [`Checker`](crate::Checker) runs, minimises and keeps its cases like any
/// others; races are failures that show only sometimes.
#[derive(Debug)]
pub struct Parallel<C> {
    concurrent: C,
    prefix_max: u64,
    branches: u8,
    branch_length: usize,
}

impl<C: Concurrent> Parallel<C> {
    /// Up to eight actions in sequence, then two branches of four.
    pub fn new(concurrent: C) -> Parallel<C> {
        Parallel { concurrent, prefix_max: 8, branches: 2, branch_length: 4 }
    }

    /// The system that is checked.
    pub fn concurrent(&self) -> &C {
        &self.concurrent
    }

    /// The greatest number of actions in sequence; 8 unless told.
    pub fn prefix_max(mut self, actions: u64) -> Self {
        self.prefix_max = actions;
        self
    }

    /// The number of branches, 2 or 3, and of the actions in each.
    ///
    /// # Panics
    ///
    /// If the branches have more than 96 actions together.
    pub fn branches(mut self, branches: u8, length: usize) -> Self {
        self.branches = branches.max(1);
        self.branch_length = length.max(1);
        let branched = usize::from(self.branches);
        let branched = branched.saturating_mul(self.branch_length);
        assert!(branched <= BRANCHED_MAX, "no more than {BRANCHED_MAX}");
        self
    }
}

/// The state of a run: the sequence is performed at once, the branches when
/// the run ends.
pub struct Race<C: Concurrent> {
    real: C::Real,
    model: C::Model,
    in_sequence: Vec<(C::Params, C::Answer)>,
    branched: Vec<Step<C::Params>>,
}

impl<C: Concurrent> Debug for Race<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Race { in_sequence, branched, .. } = self;
        write!(f, "{in_sequence:?} in sequence, then {branched:?}")
    }
}

impl<C: Concurrent> System for Parallel<C> {
    type State = Race<C>;
    type Params = Step<C::Params>;

    fn init(&self) -> Result<Race<C>, EnvError> {
        let (real, model) = self.concurrent.init()?;
        let (in_sequence, branched) = (Vec::new(), Vec::new());
        Ok(Race { real, model, in_sequence, branched })
    }

    fn next(
        &self,
        race: &Race<C>,
        rng: &mut CaseRng,
    ) -> Action<Step<C::Params>> {
        // Every length of the sequence is equally likely.
        let left =
            self.prefix_max.saturating_sub(race.in_sequence.len() as u64);
        let in_sequence = race.branched.is_empty() && !rng.one_in(left + 1);
        let params = self.concurrent.next(&race.model, rng);
        if in_sequence {
            return Action::incomplete(Step { branch: 0, params });
        }
        let branches = usize::from(self.branches);
        let branched = race.branched.len();
        let branch = (branched % branches + 1) as u8;
        let step = Step { branch, params };
        if branched + 1 >= branches * self.branch_length {
            Action::terminate(step)
        } else {
            Action::incomplete(step)
        }
    }

    fn apply(
        &self,
        race: &mut Race<C>,
        step: &Step<C::Params>,
    ) -> Result<(), Stop> {
        if step.branch > 0 {
            if race.branched.len() >= BRANCHED_MAX {
                return Err(Stop::env("the branches have too many actions"));
            }
            race.branched.push(step.clone());
            return Ok(());
        }
        let answer = self.concurrent.call(&race.real, &step.params)?;
        if !self.concurrent.step(&mut race.model, &step.params, &answer) {
            let label = self.concurrent.label(&step.params);
            let params = &step.params;
            return Err(Stop::failed(format!(
                "the model does not allow {params:?} to answer {answer:?}"
            ))
            .fingerprint(format!("{label}, in sequence")));
        }
        race.in_sequence.push((step.params.clone(), answer));
        Ok(())
    }

    fn finish(&self, race: &mut Race<C>) -> Result<(), Stop> {
        let clock = AtomicUsize::new(0);
        let mut calls = self.branch_out(race, &clock)?;
        for params in self.concurrent.closing() {
            let step = Step { branch: 0, params };
            calls.extend(self.time(&race.real, &step, &clock).transpose()?);
        }
        if calls.len() > CALLS_MAX {
            return Err(Stop::env("`closing` has too many actions"));
        }
        let allows = |model: &mut C::Model, params: &C::Params, answer: &_| {
            self.concurrent.step(model, params, answer)
        };
        match linearize::has_order(race.model.clone(), &calls, allows) {
            Ok(true) => Ok(()),
            Ok(false) => {
                Err(Stop::failed(unexplained(&race.in_sequence, &calls))
                    .fingerprint(
                        "no order of the calls explains their answers",
                    ))
            }
            Err(linearize::TooManyOrders) => Err(Stop::env(
                "the calls can be ordered in too many ways to search them\n\
                 help: shorter or fewer branches",
            )),
        }
    }

    fn cleanup(&self, race: Race<C>) -> Result<(), EnvError> {
        self.concurrent.cleanup(race.real)
    }

    /// What needs no branch of its own is simpler in sequence.
    fn shrink(&self, step: &Step<C::Params>) -> Vec<Step<C::Params>> {
        let Step { branch, params } = step;
        let simpler = self.concurrent.shrink(params).into_iter();
        // One that is tried twice is run twice as often as the rate asks for.
        let below = (*branch > 1).then(|| branch - 1);
        let fewer = (*branch > 0)
            .then_some(0)
            .into_iter()
            .chain(below)
            .map(|branch| Step { branch, params: params.clone() });
        fewer
            .chain(simpler.map(|params| Step { branch: *branch, params }))
            .collect()
    }

    fn label(&self, step: &Step<C::Params>) -> String {
        self.concurrent.label(&step.params)
    }

    fn source(&self, step: &Step<C::Params>) -> String {
        let Step { branch, params } = step;
        let params = self.concurrent.source(params);
        format!("Step {{ branch: {branch}, params: {params} }}")
    }
}

type CallOf<C> = Call<<C as Concurrent>::Params, <C as Concurrent>::Answer>;

impl<C: Concurrent> Parallel<C> {
    /// Performs the branches on threads of their own.
    fn branch_out(
        &self,
        race: &Race<C>,
        clock: &AtomicUsize,
    ) -> Result<Vec<CallOf<C>>, Stop> {
        let Race { real, branched, .. } = race;
        let mut branches: Vec<u8> =
            branched.iter().map(|step| step.branch).collect();
        branches.sort_unstable();
        branches.dedup();
        let start = Barrier::new(branches.len());
        let perform = |branch: u8| {
            let mut jitter = CaseRng::new(next_jitter());
            start.wait();
            let own = branched.iter().filter(|s| s.branch == branch);
            own.filter_map(|step| {
                wait_a_little(&mut jitter);
                self.time(real, step, clock)
            })
            .collect()
        };
        let ended: Vec<Result<Vec<CallOf<C>>, Stop>> = thread::scope(|scope| {
            let spawn = |branch| scope.spawn(move || perform(branch));
            let threads: Vec<_> = branches.into_iter().map(spawn).collect();
            let join = |thread: thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|p| panic::resume_unwind(p))
            };
            threads.into_iter().map(join).collect()
        });
        let mut calls = Vec::new();
        for branch in ended {
            calls.extend(branch?);
        }
        Ok(calls)
    }

    /// Makes a call and notes when; `None` if it made no sense.
    fn time(
        &self,
        real: &C::Real,
        step: &Step<C::Params>,
        clock: &AtomicUsize,
    ) -> Option<Result<CallOf<C>, Stop>> {
        let Step { branch, params } = step;
        let begin = clock.fetch_add(1, Ordering::SeqCst);
        let answer = catch(|| self.concurrent.call(real, params));
        let end = clock.fetch_add(1, Ordering::SeqCst);
        match answer.unwrap_or_else(|panic| Err(Stop::Failed(panic))) {
            Ok(answer) => Some(Ok(Call {
                branch: *branch,
                params: params.clone(),
                answer,
                begin,
                end,
            })),
            Err(Stop::Invalid) => None,
            Err(failed_or_env) => Some(Err(failed_or_env)),
        }
    }
}

/// The history, in the order in which the calls began.
fn unexplained<P: Debug, A: Debug>(
    in_sequence: &[(P, A)],
    calls: &[Call<P, A>],
) -> String {
    let mut text = "no order of the calls explains their answers:".to_owned();
    // Writing to a string cannot fail.
    for (params, answer) in in_sequence {
        let _ = write!(text, "\n  before: {params:?} answered {answer:?}");
    }
    let mut calls: Vec<&Call<P, A>> = calls.iter().collect();
    calls.sort_by_key(|call| call.begin);
    for Call { branch, params, answer, begin, end } in calls {
        let who = match branch {
            0 => "in the end".to_owned(),
            branch => format!("branch {branch}"),
        };
        let _ = write!(
            text,
            "\n  {begin} to {end}, {who}: {params:?} answered {answer:?}"
        );
    }
    text
}

/// The moments at which threads meet must differ from run to run, also of
/// the same case: this is what a seed cannot fix.
fn next_jitter() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

fn wait_a_little(jitter: &mut CaseRng) {
    const SPINS_LOG_MAX: u64 = 10;
    if jitter.one_in(8) {
        thread::yield_now();
    }
    let longest = 1 << jitter.below(SPINS_LOG_MAX);
    for _ in 0..jitter.below(longest) {
        hint::spin_loop();
    }
}
