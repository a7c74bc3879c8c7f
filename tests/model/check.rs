//! The check of the library against the model, one action after the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

use mchk::{CaseRng, EnvError, Stop, System};
use zfs::{Properties, Zfs};

use crate::action::Action;
use crate::answer::{Answer, Expected};
use crate::facts::{self, Facts, difference};
use crate::fault::Fault;
use crate::generate;
use crate::model::Model;
use crate::name::Root;
use crate::pool::Pool;
use crate::subject::{Subject, read_files};
use crate::witness;

/// What is set on the dataset of a run, so that the defaults of a release do
/// not matter.
const ROOT_PROPERTIES: [(&str, &str); 2] =
    [("compression", "off"), ("canmount", "off")];

/// The system for the checker: real datasets and the model of them. Each run
/// has a dataset of its own in one pool.
pub(crate) struct Check {
    zfs: Zfs,
    pool: Arc<Pool>,
    fault: Option<Fault>,
    tally: Mutex<BTreeMap<String, Tally>>,
}

/// How often a kind of action was performed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) done: u64,
    pub(crate) refused: u64,
}

/// The state of a run.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) subject: Subject,
    pub(crate) model: Model,
}

impl Check {
    /// A check in a new pool.
    ///
    /// # Errors
    /// When there is no ZFS.
    pub(crate) fn new() -> Result<Check, EnvError> {
        Check::within(Arc::new(Pool::new()), None)
    }

    /// A check in a pool that is there, of a library with a mistake.
    ///
    /// # Errors
    /// When there is no ZFS.
    pub(crate) fn within(
        pool: Arc<Pool>,
        fault: Option<Fault>,
    ) -> Result<Check, EnvError> {
        let zfs = Zfs::open()?;
        Ok(Check { zfs, pool, fault, tally: Mutex::default() })
    }

    /// How many actions were performed, of each kind.
    pub(crate) fn tally(&self) -> BTreeMap<String, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn begin(&self) -> Result<State, EnvError> {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let name = self.pool.dataset(&format!("r{run:06}"));
        let directory = self.pool.folder().join(format!("r{run:06}"));
        fs::create_dir(&directory)?;
        let mut properties =
            Properties::new().with("mountpoint", directory.to_string_lossy());
        for (property, value) in ROOT_PROPERTIES {
            properties = properties.with(property, value);
        }
        self.zfs.create(&name, &properties)?;
        let model = Model::new(name.as_str().len(), &ROOT_PROPERTIES);
        let subject = Subject {
            zfs: self.zfs.clone(),
            root: Root { name },
            directory,
            fault: self.fault,
            memory: Mutex::default(),
        };
        Ok(State { subject, model })
    }

    pub(crate) fn count(&self, action: &Action, answer: &Answer) {
        let mut tally =
            self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = tally.entry(action.label()).or_default();
        match answer {
            Answer::Refused { .. } => tally.refused += 1,
            Answer::Done | Answer::Listed(_) => tally.done += 1,
        }
    }
}

impl System for Check {
    type State = State;
    type Params = Action;

    fn init(&self) -> Result<State, EnvError> {
        self.begin()
    }

    fn next(&self, state: &State, rng: &mut CaseRng) -> mchk::Action<Action> {
        generate::action(&state.model, &generate::KINDS, rng).into()
    }

    fn apply(&self, state: &mut State, action: &Action) -> Result<(), Stop> {
        let mut model = state.model.clone();
        let expected = model.apply(action);
        if expected == Expected::Senseless {
            return Err(Stop::Invalid);
        }
        let answer = state.subject.call(action)?;
        self.count(action, &answer);
        let call = action.source();
        if !expected.allows(&answer) {
            let kind = action.label();
            return Err(Stop::failed(format!(
                "{call} answers {answer:?}, the model says {expected:?}"
            ))
            .fingerprint(format!("the answer of {kind}")));
        }
        let is_named = |snapshot: &str| action.names(snapshot);
        let seen = state.subject.facts(&model.mounts, is_named)?;
        let expected = facts::expected(&model, is_named);
        compare(&expected, &seen, "the library", &call)?;
        state.model = model;
        Ok(())
    }

    /// Asks the commands and looks into what was hidden until now.
    fn finish(&self, state: &mut State) -> Result<(), Stop> {
        let State { subject, model } = state;
        if subject.fault.is_some() {
            return Ok(());
        }
        let expected = facts::expected(model, |_| true);
        let seen = subject.facts(&model.mounts, |_| true)?;
        compare(&expected, &seen, "the library", "the end")?;
        let seen = witness::facts(subject, model).map_err(env)?;
        compare(&expected, &seen, "the zfs command", "the end")?;
        let hidden = facts::hidden_files(model);
        let seen = witness::hidden_files(subject, &hidden).map_err(env)?;
        compare(&hidden, &seen, "the mount command", "the end")?;
        // Only now nothing covers what is below.
        subject.unmount_all()?;
        let files = read_files(&subject.directory).map_err(env)?;
        let own = |files| [("run: files".to_owned(), facts::files_fact(files))];
        compare(
            &own(&model.directory).into(),
            &own(&files).into(),
            "its directory",
            "the end",
        )
    }

    fn cleanup(&self, state: State) -> Result<(), EnvError> {
        state.subject.remove()
    }

    fn shrink(&self, action: &Action) -> Vec<Action> {
        action.simpler()
    }

    fn label(&self, action: &Action) -> String {
        action.label()
    }

    fn source(&self, action: &Action) -> String {
        action.source()
    }
}

fn env(error: io::Error) -> Stop {
    Stop::env(error.to_string())
}

fn compare(
    expected: &Facts,
    seen: &Facts,
    by: &str,
    after: &str,
) -> Result<(), Stop> {
    match difference(expected, seen, by) {
        None => Ok(()),
        Some((kind, text)) => {
            let what = after.split('(').next().unwrap_or_default();
            Err(Stop::failed(format!("after {after}: {text}"))
                .fingerprint(format!("{kind} after {what}, by {by}")))
        }
    }
}
