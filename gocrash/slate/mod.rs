//! A clean tree for one attempt: what the hunt knows of it. The work on it is
//! behind one seam, `zfs`: data goes in, data comes out.

pub(crate) mod baked;
#[cfg_attr(target_os = "linux", path = "hiding/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "hiding/none.rs")]
mod hiding;
pub(crate) mod look;
pub(crate) mod room;
pub(crate) mod zfs;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::slate::baked::Baked;
use crate::slate::zfs::base::Base;
use crate::slate::zfs::golden::Prepared;
use ::zfs::{DatasetName, SnapshotName};

/// What a hunt wants of its source, to be checked before anything is created.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) snapshot: SnapshotName,
    /// What the snapshot will be taken of, if it isn't there yet.
    pub(crate) taken_of: Option<PathBuf>,
    pub(crate) parent: DatasetName,
    /// Where the suite starts, relative to the tree.
    pub(crate) cwd: PathBuf,
    /// A file that has to be there, relative to the tree.
    pub(crate) script: Option<PathBuf>,
}

impl Wanted {
    /// What the person calls the source.
    pub(crate) fn source(&self) -> String {
        match &self.taken_of {
            None => self.snapshot.to_string(),
            Some(dir) => dir.display().to_string(),
        }
    }
}

/// What was seen while checking.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Permission bits, owner and group of the directory the suite starts in.
    pub(crate) cwd_mode: u32,
    pub(crate) cwd_uid: u32,
    pub(crate) cwd_gid: u32,
    /// A sign that the tree was built at another path than its slates have.
    pub(crate) baked: Option<Baked>,
}

#[cfg(test)]
impl Seen {
    /// What raises no doubts.
    pub(crate) fn for_tests() -> Seen {
        Seen { cwd_mode: 0o755, cwd_uid: 0, cwd_gid: 0, baked: None }
    }
}

/// The dataset that holds everything of one hunt.
#[derive(Debug, Clone)]
pub(crate) struct Working {
    pub(crate) dataset: DatasetName,
    /// Its last part: what the hunt is called.
    pub(crate) session: String,
    /// What all of it was made from.
    pub(crate) base: Base,
    /// What slates are clones of, if not of the base itself.
    prepared: Option<Prepared>,
    /// So much of the pool stays free.
    min_free_bytes: u64,
    guid: String,
    path: PathBuf,
}

impl Working {
    /// Where it is mounted.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What its slates are clones of.
    fn origin(&self) -> &SnapshotName {
        match &self.prepared {
            Some(prepared) => &prepared.snapshot,
            None => &self.base.snapshot,
        }
    }
}

#[cfg(test)]
impl Working {
    /// One that is nowhere.
    pub(crate) fn for_tests(dataset: &str) -> Working {
        let dataset = DatasetName::new(dataset).unwrap();
        Working {
            base: Base::given(dataset.snapshot("none").unwrap()),
            prepared: None,
            min_free_bytes: 0,
            session: dataset.to_string(),
            dataset,
            guid: String::new(),
            path: PathBuf::new(),
        }
    }
}

/// A clone of the snapshot, mounted.
#[derive(Debug)]
pub(crate) struct Slate {
    /// Where it is while its attempt runs, and where it stays if it is kept.
    pub(crate) path: PathBuf,
    /// Where it is until then, if that is somewhere else.
    hidden: Option<PathBuf>,
    dataset: DatasetName,
    guid: String,
}

impl Slate {
    /// Where the tree is now.
    pub(crate) fn here(&self) -> &Path {
        self.hidden.as_deref().unwrap_or(&self.path)
    }

    /// Moves it to its place.
    pub(crate) fn reveal(&mut self) -> anyhow::Result<()> {
        if let Some(hidden) = self.hidden.take() {
            hiding::move_mount(&hidden, &self.path)
                .with_context(|| format!("cannot move `{}`", hidden.display()))
                .inspect_err(|_| self.hidden = Some(hidden.clone()))?;
            // Empty now. It is no loss when it stays.
            let _ = std::fs::remove_dir(hidden);
        }
        Ok(())
    }
}

/// Why there is no slate, and what of it may be left.
#[derive(Debug)]
pub(crate) struct Unprepared {
    pub(crate) why: String,
    pub(crate) left: Option<Left>,
}

/// What became of a dataset that was to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rest {
    Gone,
    Left(Left),
}

/// A dataset of ours that is still there, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) dataset: String,
    pub(crate) why: String,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.dataset, self.why)
    }
}
