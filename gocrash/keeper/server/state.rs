//! What the keeper has made so far, and what may come next.

use std::collections::{BTreeSet, HashMap};
use std::time::SystemTime;

use anyhow::{bail, ensure};

use super::{Ground, OUT_OF_TURN};
use crate::attempt::name::AttemptName;
use crate::attempt::sys::Supervisor;
use crate::hunt::SLATES_MAX;
use crate::slate::{Golden, Slate};

/// So many numbers of a thread are kept in mind one by one.
const USED_MAX: usize = 2 * SLATES_MAX;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) stage: Stage,
    pub(super) ground: Option<Ground>,
    /// Those that are not settled: an endless hunt has endless numbers.
    pub(super) slates: HashMap<AttemptName, Entry>,
    /// By thread.
    used: HashMap<u16, Used>,
    pub(super) golden: Gilding,
    /// The files of the record were made.
    pub(super) is_recorded: bool,
    /// Nothing more is begun.
    pub(super) is_ending: bool,
}

/// The numbers that there was a slate of: nothing more is made under them.
/// Several are made at a time, and not always in their order.
#[derive(Debug, Default)]
struct Used {
    /// All below count as used.
    below: u64,
    latest: BTreeSet<u64>,
}

impl Used {
    fn has(&self, run: u64) -> bool {
        run < self.below || self.latest.contains(&run)
    }

    fn add(&mut self, run: u64) {
        self.latest.insert(run);
        if self.latest.len() > USED_MAX {
            // One that took long is lower than what was forgotten meanwhile.
            let forgotten = self.latest.pop_first().map_or(0, |run| run + 1);
            self.below = self.below.max(forgotten);
        }
    }
}

/// How far the hunt is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Stage {
    #[default]
    New,
    /// On the way from one to the next.
    Busy,
    Checked,
    Open,
    Finished,
    Closed,
}

/// The slate of an attempt.
#[derive(Debug)]
pub(super) enum Entry {
    /// Something is being done to it.
    Busy,
    /// It is out of reach.
    Waits(Held),
    /// It is where its attempt runs.
    Shown(Held),
}

/// A slate, and the process above what runs in it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) slate: Slate,
    pub(super) supervisor: Supervisor,
    /// When its attempt began.
    pub(super) shown: Option<SystemTime>,
}

/// What `--prepare` works in.
#[derive(Debug, Default)]
pub(super) enum Gilding {
    #[default]
    None,
    Busy,
    /// Until it has ended, with the process above the command.
    Made(Golden, Option<Supervisor>),
    Over,
}

impl Gilding {
    /// What was made, to be done something to.
    pub(super) fn take(&mut self) -> Option<(Golden, Option<Supervisor>)> {
        match std::mem::replace(self, Gilding::Busy) {
            Gilding::Made(golden, supervisor) => Some((golden, supervisor)),
            other => {
                *self = other;
                None
            }
        }
    }

    pub(super) fn take_unfinished(
        &mut self,
    ) -> Option<(Golden, Option<Supervisor>)> {
        let taken = self.take();
        if taken.is_some() {
            *self = Gilding::Over;
        }
        taken
    }
}

impl State {
    /// Notes that a slate is being made, if one may be.
    pub(super) fn begin(
        &mut self,
        name: AttemptName,
        threads: u16,
    ) -> anyhow::Result<()> {
        let AttemptName { thread, run } = name;
        let of_thread = |other: &&AttemptName| other.thread == thread;
        let count = self.slates.keys().filter(of_thread).count();
        let used = self.used.get(&thread);
        ensure!(
            self.stage == Stage::Open
                && !self.is_ending
                && thread < threads
                && !self.slates.contains_key(&name)
                && !used.is_some_and(|used| used.has(run))
                && count < SLATES_MAX,
            OUT_OF_TURN
        );
        self.slates.insert(name, Entry::Busy);
        Ok(())
    }

    /// There is a slate of that name, or was.
    pub(super) fn use_up(&mut self, name: AttemptName) {
        self.used.entry(name.thread).or_default().add(name.run);
    }

    /// Whether there never was a slate, nor is one under way.
    pub(super) fn is_new(&self) -> bool {
        self.slates.is_empty() && self.used.is_empty()
    }

    /// One that waits, to do something to it; others find it busy.
    pub(super) fn take_waiting(
        &mut self,
        name: AttemptName,
    ) -> anyhow::Result<Held> {
        self.take(name, |entry| matches!(entry, Entry::Waits(_)))
    }

    pub(super) fn take_shown(
        &mut self,
        name: AttemptName,
    ) -> anyhow::Result<Held> {
        self.take(name, |entry| matches!(entry, Entry::Shown(_)))
    }

    pub(super) fn take_any(
        &mut self,
        name: AttemptName,
    ) -> anyhow::Result<Held> {
        self.take(name, |_| true)
    }

    fn take(
        &mut self,
        name: AttemptName,
        is_wanted: impl Fn(&Entry) -> bool,
    ) -> anyhow::Result<Held> {
        let Some(entry) = self.slates.get_mut(&name) else {
            bail!("there is no slate for `{name}`");
        };
        ensure!(is_wanted(entry), "`{name}`: {OUT_OF_TURN}");
        match std::mem::replace(entry, Entry::Busy) {
            Entry::Waits(held) | Entry::Shown(held) => Ok(held),
            other => {
                *entry = other;
                bail!("`{name}`: {OUT_OF_TURN}")
            }
        }
    }

    /// All that are held, once nothing is under way.
    pub(super) fn take_all(&mut self) -> Vec<Held> {
        self.slates
            .drain()
            .filter_map(|(_, entry)| match entry {
                Entry::Waits(held) | Entry::Shown(held) => Some(held),
                Entry::Busy => None,
            })
            .collect()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.stage == Stage::Busy
            || matches!(self.golden, Gilding::Busy)
            || self.slates.values().any(|entry| matches!(entry, Entry::Busy))
    }

    /// Whether nothing is held, nor about to be.
    pub(super) fn is_settled(&self) -> bool {
        self.slates.is_empty()
            && matches!(self.golden, Gilding::None | Gilding::Over)
    }
}
