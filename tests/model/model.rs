//! The pure model: what datasets, snapshots, holds, mounts, files and
//! properties there are, and what each action does to them.
//!
//! It knows nothing of the library, only of what ZFS promises.

use std::collections::{BTreeMap, BTreeSet};

use zfs::ErrorKind;

use crate::action::Action;
use crate::answer::Expected;
use crate::mounts::Mounts;
use crate::name::{LONGEST, is_within, longest_length, parent, split};

/// What is in a file system, by path in it.
pub(crate) type Files = BTreeMap<String, Node>;

/// A file with its text, or a directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    Directory,
    File(String),
}

/// The datasets below that of the run, which is called the empty name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Model {
    pub(crate) datasets: BTreeMap<String, Dataset>,
    pub(crate) mounts: Mounts,
    /// What is in the run's directory, in which all is mounted.
    pub(crate) directory: Files,
    /// Of the name of the run's dataset; decides which names are too long.
    root_length: usize,
    /// Snapshots keep their number when they are renamed or promoted away.
    next_number: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Dataset {
    pub(crate) origin: Option<u32>,
    /// In the order in which they were made.
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) files: Files,
    /// The properties that were set here.
    pub(crate) local: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Snapshot {
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) files: Files,
    pub(crate) local: BTreeMap<String, String>,
    pub(crate) tags: BTreeSet<String>,
    /// Goes with its last clone and its last tag.
    pub(crate) deferred: bool,
}

impl Model {
    /// Of a run whose dataset has a name of so many bytes and these
    /// properties, and nothing below it.
    pub(crate) fn new(root_length: usize, local: &[(&str, &str)]) -> Model {
        let own = |&(name, value): &(&str, &str)| (name.into(), value.into());
        let root = Dataset {
            local: local.iter().map(own).collect(),
            ..Dataset::default()
        };
        Model {
            datasets: [(String::new(), root)].into(),
            mounts: Mounts::default(),
            directory: Files::new(),
            root_length,
            next_number: 0,
        }
    }

    /// Performs an action, if ZFS would.
    pub(crate) fn apply(&mut self, action: &Action) -> Expected {
        match action {
            Action::Create { dataset } => self.create(dataset),
            Action::Snapshot { names } => self.snapshot(names),
            Action::Clone { dataset, origin } => {
                self.clone_from(dataset, origin)
            }
            Action::Promote { dataset } => self.promote(dataset),
            Action::Rename { from, to } => self.rename(from, to),
            Action::Rollback { dataset, snapshot } => {
                self.rollback(dataset, snapshot)
            }
            Action::Destroy { name } if name.contains('@') => {
                self.destroy_snapshot(name)
            }
            Action::Destroy { name } => self.destroy(name),
            Action::DestroySnapshots { names, deferred } => {
                self.destroy_snapshots(names, *deferred)
            }
            Action::Hold { names, tag } => self.hold(names, tag),
            Action::Release { names, tag } => self.release(names, tag),
            Action::Mount { dataset } => self.mount(dataset),
            Action::Unmount { dataset } => self.unmount(dataset),
            Action::Write { dataset, file, text } => {
                self.write(dataset, file, text)
            }
            Action::Set { name, property, value } => {
                self.set(name, property, value)
            }
            Action::Inherit { name, property } => self.inherit(name, property),
            Action::List { dataset } => self.list(dataset),
        }
    }

    pub(crate) fn has(&self, dataset: &str) -> bool {
        self.datasets.contains_key(dataset)
    }

    pub(crate) fn get(&self, snapshot: &str) -> Option<&Snapshot> {
        let (dataset, name) = split(snapshot);
        let snapshots = &self.datasets.get(dataset)?.snapshots;
        snapshots.iter().find(|snapshot| snapshot.name == name)
    }

    pub(crate) fn get_mut(&mut self, snapshot: &str) -> Option<&mut Snapshot> {
        let (dataset, name) = split(snapshot);
        let snapshots = &mut self.datasets.get_mut(dataset)?.snapshots;
        snapshots.iter_mut().find(|snapshot| snapshot.name == name)
    }

    /// The full relative names of all snapshots.
    pub(crate) fn snapshot_names(&self) -> Vec<String> {
        let of = |(name, dataset): (&String, &Dataset)| {
            let full =
                |snapshot: &Snapshot| format!("{name}@{}", snapshot.name);
            dataset.snapshots.iter().map(full).collect::<Vec<_>>()
        };
        self.datasets.iter().flat_map(of).collect()
    }

    pub(crate) fn name_of(&self, number: u32) -> String {
        let full = |(name, dataset): (&String, &Dataset)| {
            let snapshot =
                dataset.snapshots.iter().find(|s| s.number == number)?;
            Some(format!("{name}@{}", snapshot.name))
        };
        self.datasets.iter().find_map(full).expect("an origin stays")
    }

    pub(crate) fn has_clones(&self, number: u32) -> bool {
        self.datasets.values().any(|dataset| dataset.origin == Some(number))
    }

    pub(crate) fn remove_snapshot(&mut self, number: u32) {
        for dataset in self.datasets.values_mut() {
            dataset.snapshots.retain(|snapshot| snapshot.number != number);
        }
    }

    /// A snapshot whose destroy was deferred goes when nothing needs it.
    pub(crate) fn collect(&mut self, number: u32) {
        let mut all = self.datasets.values().flat_map(|d| &d.snapshots);
        let is_free = |s: &&Snapshot| {
            s.number == number && s.deferred && s.tags.is_empty()
        };
        if all.any(|snapshot| is_free(&snapshot)) && !self.has_clones(number) {
            self.remove_snapshot(number);
        }
    }

    pub(crate) fn new_number(&mut self) -> u32 {
        self.next_number += 1;
        self.next_number
    }

    /// Whether a name has more bytes than ZFS allows.
    pub(crate) fn is_too_long(&self, name: &str) -> bool {
        let letters = match name.ends_with(LONGEST) {
            true => longest_length(self.root_length) - LONGEST.len(),
            false => 0,
        };
        self.root_length + "/".len() + name.len() + letters
            > zfs::NAME_LENGTH_MAX
    }

    /// Names that can't be are refused before ZFS is asked.
    pub(crate) fn refuse_long(&self, names: &[String]) -> Option<Expected> {
        let too_long = names.iter().any(|name| self.is_too_long(name));
        too_long.then(|| Expected::refused(ErrorKind::NameTooLong))
    }

    /// That dataset and those below it.
    pub(crate) fn within(&self, top: &str) -> Vec<String> {
        let names = self.datasets.keys();
        names.filter(|name| is_within(name, top)).cloned().collect()
    }

    pub(crate) fn has_children(&self, dataset: &str) -> bool {
        let mut names = self.datasets.keys();
        names.any(|name| !name.is_empty() && parent(name) == dataset)
    }

    fn list(&self, dataset: &str) -> Expected {
        let Some(found) = self.datasets.get(dataset) else {
            return Expected::refused(ErrorKind::NotFound);
        };
        let children = self.datasets.keys();
        let children = children
            .filter(|name| !name.is_empty() && parent(name) == dataset)
            .cloned();
        let snapshots = found.snapshots.iter();
        let snapshots = snapshots.map(|s| format!("{dataset}@{}", s.name));
        Expected::Listed(children.chain(snapshots).collect())
    }
}
