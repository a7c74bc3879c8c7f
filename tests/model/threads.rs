//! Several threads on the datasets of one pool: whatever they are answered,
//! some order of their calls explains it.

use mchk::{CaseRng, Checker, Concurrent, EnvError, Parallel, Step, Stop};
use serde::{Deserialize, Serialize};

use crate::action::{Action, create, list, snapshot};
use crate::answer::{Answer, Expected};
use crate::budget;
use crate::check::{Check, State};
use crate::facts::{self, Facts};
use crate::generate;
use crate::model::Model;
use crate::mounts::Mounts;
use crate::name::DATASETS;
use crate::report::print;
use crate::subject::Subject;

/// About two minutes of an emulated machine.
const RUNS: u64 = 25;

/// So often that they should meet at least once.
const MEETINGS: u32 = 5;

/// A race that seldom shows would otherwise be minimised for hours.
const EVALUATIONS_MAX: usize = 200;

/// The check of single calls, from several threads.
struct Threads<'a> {
    check: &'a Check,
}

/// An action of a thread, or a look at all there is.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Call {
    Act(Action),
    Look,
}

#[derive(Debug)]
enum Told {
    Answer(Answer),
    Facts(Facts),
}

impl Concurrent for Threads<'_> {
    type Real = Subject;
    type Model = Model;
    type Params = Call;
    type Answer = Told;

    fn init(&self) -> Result<(Subject, Model), EnvError> {
        let State { subject, model } = self.check.begin()?;
        Ok((subject, model))
    }

    fn next(&self, model: &Model, rng: &mut CaseRng) -> Call {
        let kinds = &generate::CONCURRENT_KINDS;
        Call::Act(generate::action(model, kinds, rng))
    }

    fn call(&self, subject: &Subject, call: &Call) -> Result<Told, Stop> {
        match call {
            Call::Act(action) => {
                let answer = subject.call(action)?;
                self.check.count(action, &answer);
                Ok(Told::Answer(answer))
            }
            Call::Look => {
                let none = Mounts::default();
                Ok(Told::Facts(subject.facts(&none, |_| true)?))
            }
        }
    }

    fn step(&self, model: &mut Model, call: &Call, told: &Told) -> bool {
        match (call, told) {
            (Call::Act(action), Told::Answer(answer)) => {
                match model.apply(action) {
                    // No mounts are made here, which alone make no sense.
                    Expected::Senseless => false,
                    expected => expected.allows(answer),
                }
            }
            (Call::Look, Told::Facts(facts)) => {
                facts::expected(model, |_| true) == *facts
            }
            _ => false,
        }
    }

    /// What the threads left is seen when they are done.
    fn closing(&self) -> Vec<Call> {
        let mut calls = vec![Call::Look];
        calls.extend(DATASETS.map(|dataset| Call::Act(list(dataset))));
        calls
    }

    fn cleanup(&self, subject: Subject) -> Result<(), EnvError> {
        subject.remove()
    }

    fn shrink(&self, call: &Call) -> Vec<Call> {
        match call {
            Call::Act(action) => {
                action.simpler().into_iter().map(Call::Act).collect()
            }
            Call::Look => Vec::new(),
        }
    }

    fn label(&self, call: &Call) -> String {
        match call {
            Call::Act(action) => action.label(),
            Call::Look => "look".to_owned(),
        }
    }

    fn source(&self, call: &Call) -> String {
        match call {
            Call::Act(action) => format!("Call::Act({})", action.source()),
            Call::Look => "Call::Look".to_owned(),
        }
    }
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn calls_of_several_threads_have_an_order() {
    let check = Check::new().expect("there is a pool");
    let kinds = &generate::CONCURRENT_KINDS;
    let (_, report) = budget::spend(checker(&check), RUNS, kinds);
    print(&check, report);
}

/// The kernel tries again when both meet in one transaction group, and told
/// of the first try although the second went well.
#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn snapshots_of_a_dataset_that_meet_are_both_made() {
    let check = Check::new().expect("there is a pool");
    let checker = checker(&check);
    let step = |branch, action| Step { branch, params: Call::Act(action) };
    for _ in 0..MEETINGS {
        let ran = checker.run_case(&[
            step(0, create("a")),
            step(1, snapshot(&["a@x"])),
            step(2, snapshot(&["a@y"])),
        ]);
        if let Err(error) = ran {
            panic!("{error}");
        }
    }
}

fn checker(check: &Check) -> Checker<Parallel<Threads<'_>>> {
    let parallel = Parallel::new(Threads { check }).branches(3, 3);
    Checker::new(parallel)
        .verify_runs(5)
        .evaluations_max(EVALUATIONS_MAX)
        .json()
}
