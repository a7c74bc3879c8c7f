//! Actions of the model on several snapshots at once.

use std::collections::{BTreeMap, BTreeSet};

use zfs::ErrorKind;

use crate::answer::Expected;
use crate::model::{Model, Snapshot};
use crate::name::split;

impl Model {
    pub(crate) fn snapshot(&mut self, names: &[String]) -> Expected {
        if let Some(refused) = self.refuse_long(names) {
            return refused;
        }
        let names: BTreeSet<&String> = names.iter().collect();
        let datasets: BTreeSet<&str> =
            names.iter().map(|name| split(name).0).collect();
        if datasets.len() < names.len() {
            return Expected::refused(ErrorKind::DifferentPool);
        }
        let mut missing = BTreeMap::new();
        let mut taken = BTreeMap::new();
        for &name in &names {
            let (dataset, _) = split(name);
            if !self.has(dataset) {
                missing.insert(name.clone(), ErrorKind::NotFound);
            } else if self.get(name).is_some() {
                taken.insert(name.clone(), ErrorKind::AlreadyExists);
            }
        }
        if !missing.is_empty() {
            // Names are looked at only when no dataset is missing, or when
            // one goes while the kernel is at it.
            return Expected::Refused {
                kinds: vec![ErrorKind::NotFound],
                failures: missing,
                untold: taken,
            };
        }
        if !taken.is_empty() {
            return Expected::failed(taken);
        }
        for name in names {
            let (dataset, short) = split(name);
            let number = self.new_number();
            let dataset = self.datasets.get_mut(dataset).expect("it was there");
            dataset.snapshots.push(Snapshot {
                number,
                name: short.to_owned(),
                files: dataset.files.clone(),
                local: BTreeMap::new(),
                tags: BTreeSet::new(),
                deferred: false,
            });
        }
        Expected::Done
    }

    /// One snapshot, which unlike in a batch must be there.
    pub(crate) fn destroy_snapshot(&mut self, name: &str) -> Expected {
        if self.is_too_long(name) {
            return Expected::refused(ErrorKind::NameTooLong);
        }
        let Some(snapshot) = self.get(name) else {
            return Expected::refused(ErrorKind::NotFound);
        };
        let number = snapshot.number;
        if let Some(kind) = self.in_the_way(snapshot) {
            return Expected::refused(kind);
        }
        self.remove_snapshot(number);
        Expected::Done
    }

    pub(crate) fn destroy_snapshots(
        &mut self,
        names: &[String],
        deferred: bool,
    ) -> Expected {
        if let Some(refused) = self.refuse_long(names) {
            return refused;
        }
        let mut failures = BTreeMap::new();
        let mut numbers = Vec::new();
        for name in names {
            let Some(snapshot) = self.get(name) else { continue };
            numbers.push(snapshot.number);
            match self.in_the_way(snapshot) {
                Some(kind) if !deferred => {
                    failures.insert(name.clone(), kind);
                }
                _ => (),
            }
        }
        if !failures.is_empty() {
            return Expected::failed(failures);
        }
        for name in names {
            if let Some(snapshot) = self.get_mut(name) {
                snapshot.deferred = true;
            }
        }
        for number in numbers {
            self.collect(number);
        }
        Expected::Done
    }

    /// Holds those that are there, unless one has the tag already.
    pub(crate) fn hold(&mut self, names: &[String], tag: &str) -> Expected {
        if let Some(refused) = self.refuse_long(names) {
            return refused;
        }
        let mut failures = BTreeMap::new();
        for name in names {
            match self.get(name) {
                None => {
                    failures.insert(name.clone(), ErrorKind::NotFound);
                }
                Some(snapshot) if snapshot.tags.contains(tag) => {
                    // The names after this one are not looked at, and none
                    // is held: that is what the whole error must say.
                    let kind = ErrorKind::AlreadyExists;
                    failures.insert(name.clone(), kind);
                    return Expected::failed_as(kind, failures);
                }
                Some(_) => (),
            }
        }
        for name in names {
            if let Some(snapshot) = self.get_mut(name) {
                snapshot.tags.insert(tag.to_owned());
            }
        }
        match failures.is_empty() {
            true => Expected::Done,
            false => Expected::failed(failures),
        }
    }

    /// Releases those that are there and have the tag.
    pub(crate) fn release(&mut self, names: &[String], tag: &str) -> Expected {
        if let Some(refused) = self.refuse_long(names) {
            return refused;
        }
        let mut failures = BTreeMap::new();
        let mut released = Vec::new();
        for name in names {
            let Some(snapshot) = self.get_mut(name) else {
                failures.insert(name.clone(), ErrorKind::NotFound);
                continue;
            };
            if snapshot.tags.remove(tag) {
                released.push(snapshot.number);
            } else {
                failures.insert(format!("{name}#{tag}"), ErrorKind::NotFound);
            }
        }
        for number in released {
            self.collect(number);
        }
        match failures.is_empty() {
            true => Expected::Done,
            false => Expected::failed(failures),
        }
    }

    /// What keeps a snapshot from being destroyed: tags come before clones.
    fn in_the_way(&self, snapshot: &Snapshot) -> Option<ErrorKind> {
        if !snapshot.tags.is_empty() {
            return Some(ErrorKind::Busy);
        }
        self.has_clones(snapshot.number).then_some(ErrorKind::HasClones)
    }
}
