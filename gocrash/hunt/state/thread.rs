//! What the coordinator knows of one thread.

use std::collections::BTreeSet;
use std::mem;
use std::path::PathBuf;

use crate::attempt::name::AttemptName;
use crate::attempt::outcome::Outcome;

/// One of those that run attempts at the same time.
#[derive(Debug)]
pub(crate) struct Thread {
    /// Slates for attempts to come.
    pub(super) stock: Vec<Stocked>,
    /// So many it is to have.
    pub(super) ahead: usize,
    pub(super) hindrance: Option<Hindrance>,
    pub(super) running: Option<AttemptName>,
    /// Its command was started, or was to be.
    pub(super) has_started: bool,
    /// The number of the last attempt that began.
    begun: Option<u64>,
    /// Slates that are being kept or destroyed, or are about to.
    pub(super) settling: Vec<AttemptName>,
    /// Those that are to go, once there are some of them.
    pub(super) waste: Vec<AttemptName>,
    /// The number of the next attempt to prepare.
    pub(super) next_run: u64,
    /// Numbers that nothing came of, since one was last given.
    given_back: BTreeSet<u64>,
    /// Runs that count for `--stop-after`.
    pub(super) runs: u64,
    pub(super) infra_in_a_row: u32,
    /// One of its hands panicked, or was never there.
    pub(super) lost: bool,
    /// Where the output of the last attempt is.
    pub(crate) stdout_path: PathBuf,
    /// Attempts whose suite was to start.
    pub(crate) tries: u64,
    /// What became of the last of them.
    pub(crate) outcome: Option<Outcome>,
}

/// A slate that no attempt has begun in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stocked {
    pub(super) name: AttemptName,
    /// It is made, and not only about to be.
    pub(super) is_ready: bool,
}

/// Why no slate is made for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hindrance {
    /// There was no room for one. There may be when something has gone.
    NoRoom,
    /// There was trouble. It may have passed when the next attempt is over.
    Trouble,
}

/// So many slates may be on their way to be kept or destroyed before no more
/// are made.
pub(super) const fn settling_max(ahead: usize) -> usize {
    2 * ahead
}

impl Thread {
    pub(super) fn new() -> Thread {
        Thread {
            stock: Vec::new(),
            ahead: 1,
            hindrance: None,
            running: None,
            has_started: false,
            begun: None,
            settling: Vec::new(),
            waste: Vec::new(),
            next_run: 0,
            given_back: BTreeSet::new(),
            lost: false,
            runs: 0,
            infra_in_a_row: 0,
            stdout_path: PathBuf::new(),
            tries: 0,
            outcome: None,
        }
    }

    /// The attempts that have a slate, or are about to.
    pub(super) fn unsettled(&self) -> Vec<AttemptName> {
        let stock = self.stock.iter().map(|stocked| stocked.name);
        let settling = self.settling.iter().copied();
        settling.chain(self.running).chain(stock).collect()
    }

    /// Whether nothing of it is under way; of one that is lost nothing is
    /// waited for but the end of what it runs.
    pub(super) fn is_done(&self) -> bool {
        match self.lost {
            true => self.running.is_none(),
            false => self.unsettled().is_empty(),
        }
    }

    /// How many attempts it has that no one knows the end of: one runs, others
    /// wait or are about to.
    pub(super) fn under_way(&self) -> u64 {
        self.stock.len() as u64 + u64::from(self.running.is_some())
    }

    /// Whether its runs, with those under way, are fewer than it is to do.
    pub(super) fn has_runs_left(&self, stop_after: Option<u64>) -> bool {
        stop_after.is_none_or(|runs| self.runs + self.under_way() < runs)
    }

    /// How many slates are to be made. What is asked of the pool at the same
    /// time costs it less, so that half of them are used up first.
    pub(super) fn lacks_slates(&self) -> usize {
        let is_held_up = self.hindrance.is_some()
            || self.settling.len() >= settling_max(self.ahead);
        match is_held_up || self.stock.len() > self.ahead / 2 {
            true => 0,
            false => self.ahead - self.stock.len(),
        }
    }

    /// The slates that are to go now: some at a time, too, while others are
    /// being made.
    pub(super) fn take_waste(&mut self, waits: bool) -> Vec<AttemptName> {
        let waits = waits && self.stock.iter().any(|one| !one.is_ready);
        match waits && self.waste.len() < self.ahead {
            true => Vec::new(),
            false => mem::take(&mut self.waste),
        }
    }

    /// When an attempt is over: one that stands still had too few slates ahead,
    /// and one that has all of them, too many.
    pub(super) fn adapt(&mut self, ahead_max: usize) {
        let ready = self.stock.iter().filter(|one| one.is_ready).count();
        self.ahead = self.ahead.min(ahead_max);
        if ready == 0 && self.hindrance.is_none() {
            self.ahead = ahead_max.min(2 * self.ahead);
        } else if ready >= self.ahead {
            self.ahead = 1.max(self.ahead - 1);
        }
    }

    /// Puts a slate in stock that is about to be made, and gives its number.
    pub(super) fn next_run(&mut self, thread: u16) -> AttemptName {
        self.given_back.clear();
        let run = self.next_run;
        self.next_run += 1;
        let name = AttemptName { thread, run };
        self.stock.push(Stocked { name, is_ready: false });
        name
    }

    /// A slate is made.
    pub(super) fn made(&mut self, name: AttemptName) {
        for stocked in &mut self.stock {
            stocked.is_ready |= stocked.name == name;
        }
    }

    /// Nothing came of a slate, and nothing is under its name, which the next
    /// one gets unless there are later ones.
    pub(super) fn give_back(&mut self, name: AttemptName) {
        self.unstock(name);
        self.given_back.insert(name.run);
        while self.next_run > 0 && self.given_back.remove(&(self.next_run - 1))
        {
            self.next_run -= 1;
        }
    }

    /// Takes out the next one, if it is ready. Attempts are in the order of
    /// their numbers, whichever slate is made first.
    pub(super) fn take_next(&mut self) -> Option<AttemptName> {
        let next = self.stock.iter().map(|stocked| stocked.name).min()?;
        let is_it = |one: &&Stocked| one.name == next && one.is_ready;
        self.stock.iter().find(is_it)?;
        self.unstock(next);
        self.begun = Some(next.run);
        self.has_started = false;
        Some(next)
    }

    pub(super) fn any_ready(&self) -> Option<AttemptName> {
        let ready = self.stock.iter().find(|stocked| stocked.is_ready);
        ready.map(|stocked| stocked.name)
    }

    pub(super) fn unstock(&mut self, name: AttemptName) {
        self.stock.retain(|stocked| stocked.name != name);
    }

    /// Whether this attempt has not begun. They do in the order of their
    /// numbers.
    pub(super) fn awaits(&self, name: AttemptName) -> bool {
        self.begun.is_none_or(|begun| begun < name.run)
    }
}
