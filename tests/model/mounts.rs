//! The model of what is mounted where.
//!
//! Mounts form a tree: each is in the one that was on top at its directory
//! when it was made. One can cover another, at its directory or above it.

use std::collections::BTreeMap;

use crate::name::is_within;

/// A mount of a dataset at a directory, relative to that of the run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mount {
    pub(crate) dataset: String,
    pub(crate) at: String,
    /// What it was made in; `None` is the directory of the run itself.
    pub(crate) inside: Option<u32>,
    /// As it was mounted, whatever the property says now.
    pub(crate) read_only: bool,
}

/// All mounts of a run, by number, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Mounts {
    by_number: BTreeMap<u32, Mount>,
}

impl Mounts {
    pub(crate) fn of(&self, dataset: &str) -> Option<(u32, &Mount)> {
        let mut all = self.by_number.iter();
        all.find(|(_, mount)| mount.dataset == dataset)
            .map(|(&number, mount)| (number, mount))
    }

    /// The dataset that a directory shows; `None` is the run's directory.
    pub(crate) fn seen_at(&self, directory: &str) -> Option<&Mount> {
        self.top_at(directory).map(|number| &self.by_number[&number])
    }

    /// Whether the mount of a dataset is what its directory shows.
    pub(crate) fn is_seen(&self, dataset: &str) -> bool {
        self.of(dataset).is_some_and(|(number, mount)| {
            self.top_at(&mount.at) == Some(number)
        })
    }

    /// The directories in the mount of a dataset at which others are mounted.
    pub(crate) fn inner(&self, dataset: &str) -> Vec<String> {
        let Some((number, outer)) = self.of(dataset) else {
            return Vec::new();
        };
        let start = outer.at.len();
        let inner = self.by_number.values();
        inner
            .filter(|mount| mount.inside == Some(number))
            .map(|mount| mount.at[start..].trim_start_matches('/').to_owned())
            .collect()
    }

    /// Whether that dataset or one below it is mounted.
    pub(crate) fn any_within(&self, top: &str) -> bool {
        self.by_number.values().any(|mount| is_within(&mount.dataset, top))
    }

    pub(crate) fn add(&mut self, dataset: &str, at: &str, read_only: bool) {
        let last = self.by_number.keys().next_back().copied();
        let mount = Mount {
            dataset: dataset.to_owned(),
            at: at.to_owned(),
            inside: self.top_at(at),
            read_only,
        };
        self.by_number.insert(last.unwrap_or(0) + 1, mount);
    }

    pub(crate) fn remove(&mut self, dataset: &str) {
        if let Some((number, _)) = self.of(dataset) {
            self.by_number.remove(&number);
        }
    }

    /// What is mounted stays where it is when its name changes.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        for mount in self.by_number.values_mut() {
            if is_within(&mount.dataset, from) {
                mount.dataset.replace_range(..from.len(), to);
            }
        }
    }

    /// Follows a path down: at each directory on it, into what was mounted
    /// there last.
    fn top_at(&self, directory: &str) -> Option<u32> {
        let ends = directory
            .match_indices('/')
            .map(|(end, _)| end)
            .chain([directory.len()]);
        let mut inside = None;
        for end in ends {
            let at = &directory[..end];
            let next = |inside| {
                self.by_number
                    .iter()
                    .find(|(_, m)| m.inside == inside && m.at == at)
                    .map(|(&number, _)| number)
            };
            while let Some(number) = next(inside) {
                inside = Some(number);
            }
        }
        inside
    }
}
