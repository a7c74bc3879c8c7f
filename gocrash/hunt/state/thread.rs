//! What the coordinator knows of one thread.

use std::path::PathBuf;

use crate::attempt::name::AttemptName;
use crate::attempt::outcome::Outcome;

/// One of those that run attempts at the same time.
#[derive(Debug)]
pub(crate) struct Thread {
    pub(super) stock: Stock,
    pub(super) running: Option<AttemptName>,
    /// Slates that are being kept or destroyed.
    pub(super) settling: Vec<AttemptName>,
    /// The number of the next attempt to prepare.
    pub(super) next_run: u64,
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

/// The slate after the one in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stock {
    Nothing,
    Preparing(AttemptName),
    Ready(AttemptName),
    /// There was no room for one. There may be when something has gone.
    NoRoom,
    /// There was trouble. It may have passed when the attempt that runs is
    /// over.
    Failed,
}

impl Thread {
    pub(super) fn new() -> Thread {
        Thread {
            stock: Stock::Nothing,
            running: None,
            settling: Vec::new(),
            next_run: 0,
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
        let stock = match self.stock {
            Stock::Preparing(name) | Stock::Ready(name) => Some(name),
            Stock::Nothing | Stock::NoRoom | Stock::Failed => None,
        };
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

    /// How many attempts it has that no one knows the end of: one runs, and
    /// another one waits or is about to.
    pub(super) fn under_way(&self) -> u64 {
        let stock = matches!(self.stock, Stock::Preparing(_) | Stock::Ready(_));
        u64::from(self.running.is_some()) + u64::from(stock)
    }

    /// Whether its runs, with those under way, are fewer than it is to do.
    pub(super) fn has_runs_left(&self, stop_after: Option<u64>) -> bool {
        let under_way = u64::from(self.running.is_some())
            + u64::from(matches!(self.stock, Stock::Ready(_)));
        stop_after.is_none_or(|runs| self.runs + under_way < runs)
    }
}
