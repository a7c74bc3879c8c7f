//! What stays of a hunt.

use std::path::PathBuf;

use crate::attempt::outcome::Outcome;
use crate::slate::collect::Collected;

/// A slate that stays as evidence.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The dataset or directory.
    pub(crate) name: String,
    pub(crate) stdout_path: PathBuf,
    pub(crate) outcome: Outcome,
}

/// What was copied out of all slates.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Collection {
    pub(crate) runs: u64,
    pub(crate) files: u64,
}

impl Collection {
    /// What was copied out of one more.
    pub(super) fn add(&mut self, collected: &Collected) {
        self.runs += u64::from(collected.files > 0);
        self.files += collected.files;
    }
}
