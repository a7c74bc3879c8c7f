//! What every attempt starts from, as it was asked for.

use std::fmt;
use std::path::PathBuf;

use ::zfs::{DatasetName, SnapshotName};

use crate::attempt::person::Ids;
use crate::refusal::Refusal;
use crate::slate::overlay;

/// Where trees come from, and where they go.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// Clones of a snapshot, in a dataset.
    Zfs {
        snapshot: SnapshotName,
        /// The directory that the hunt takes the snapshot of, if it does;
        /// then the snapshot's own name is yet to be found.
        taken_of: Option<PathBuf>,
        parent: DatasetName,
    },
    /// Overlays on a directory.
    Overlay(Tree),
}

/// A plain directory, and where everything that is made of it goes.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    /// Absolute, without links in it.
    pub(crate) dir: PathBuf,
    /// Where hunts keep what is theirs: `gocrash` in the state directory of
    /// the person who runs the suite.
    pub(crate) state: PathBuf,
    /// Whom it belongs to, where that isn't who runs gocrash.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "nothing is made of it")
    )]
    pub(crate) owner: Option<Ids>,
}

impl Origin {
    /// Gives this process the surroundings that it needs. Only while it has a
    /// single thread.
    pub(crate) fn enter(&self) -> Result<(), Refusal> {
        match self {
            Origin::Zfs { .. } => Ok(()),
            Origin::Overlay(_) => overlay::enter(),
        }
    }

    /// What one that is to be looked at again is called in a sentence.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Origin::Zfs { taken_of: None, .. } => "the snapshot",
            Origin::Zfs { taken_of: Some(_), .. } => "the dataset",
            Origin::Overlay(_) => "the source",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Zfs { snapshot, taken_of: None, .. } => snapshot.fmt(f),
            Origin::Zfs { taken_of: Some(dir), .. } => dir.display().fmt(f),
            Origin::Overlay(tree) => tree.dir.display().fmt(f),
        }
    }
}
