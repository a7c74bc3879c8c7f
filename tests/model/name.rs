//! The names that actions use, relative to the dataset of their run.
//!
//! They are few and short, so that actions meet, and a minimised case reads
//! well. One snapshot name stands for the longest that fits.

use zfs::{DatasetName, NAME_LENGTH_MAX, Result, SnapshotName};

/// Three at the top, so that a third can stand in the way of a rename.
pub(crate) const DATASETS: [&str; 6] = ["a", "b", "c", "a/d", "b/d", "a/d/e"];

/// What follows the `@`.
pub(crate) const SNAPSHOTS: [&str; 4] = ["x", "y", "z", LONGEST];

/// Stands for so many letters that `a@~` has the greatest length a name may
/// have, and `a/d@~` one that is too long.
pub(crate) const LONGEST: &str = "~";

/// Tags of holds.
pub(crate) const TAGS: [&str; 2] = ["s", "t"];

/// Files in a dataset.
pub(crate) const FILES: [&str; 2] = ["f", "g"];

/// How long the letters are that `~` stands for, below a root whose name has
/// so many bytes.
pub(crate) fn longest_length(root_length: usize) -> usize {
    NAME_LENGTH_MAX - root_length - "/a@".len()
}

/// Dataset and snapshot of `a@x`.
pub(crate) fn split(snapshot: &str) -> (&str, &str) {
    snapshot.split_once('@').expect("actions name snapshots with an `@`")
}

/// The dataset that this one is in; `` is the run's own.
pub(crate) fn parent(dataset: &str) -> &str {
    dataset.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Whether it is that dataset or one below it.
pub(crate) fn is_within(dataset: &str, top: &str) -> bool {
    dataset
        .strip_prefix(top)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The dataset of a run, below which all its names are.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    pub(crate) name: DatasetName,
}

impl Root {
    pub(crate) fn dataset(&self, relative: &str) -> Result<DatasetName> {
        if relative.is_empty() {
            return Ok(self.name.clone());
        }
        self.name.child(relative)
    }

    pub(crate) fn snapshot(&self, relative: &str) -> Result<SnapshotName> {
        let (dataset, short) = split(relative);
        let letters = longest_length(self.name.as_str().len());
        let short = short.replace(LONGEST, &"l".repeat(letters));
        SnapshotName::new(&format!("{}/{dataset}@{short}", self.name))
    }

    pub(crate) fn snapshots(
        &self,
        relative: &[String],
    ) -> Result<Vec<SnapshotName>> {
        relative.iter().map(|name| self.snapshot(name)).collect()
    }

    /// The other way round. What is not below the root stays as it is.
    pub(crate) fn relative(&self, full: &str) -> String {
        let root = self.name.as_str();
        let Some(rest) = full.strip_prefix(root) else {
            return full.to_owned();
        };
        let letters = "l".repeat(longest_length(root.len()));
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        rest.replace(&letters, LONGEST)
    }
}
