//! Actions of the model that make, move and destroy datasets.

use zfs::ErrorKind;

use crate::answer::Expected;
use crate::model::{Dataset, Model};
use crate::name::{is_within, parent, split};

impl Model {
    pub(crate) fn create(&mut self, dataset: &str) -> Expected {
        if self.has(dataset) {
            return Expected::refused(ErrorKind::AlreadyExists);
        }
        if !self.has(parent(dataset)) {
            return Expected::refused(ErrorKind::NotFound);
        }
        self.datasets.insert(dataset.to_owned(), Dataset::default());
        Expected::Done
    }

    pub(crate) fn clone_from(
        &mut self,
        dataset: &str,
        origin: &str,
    ) -> Expected {
        if self.is_too_long(origin) {
            return Expected::refused(ErrorKind::NameTooLong);
        }
        if self.has(dataset) {
            return Expected::refused(ErrorKind::AlreadyExists);
        }
        let (true, Some(origin)) =
            (self.has(parent(dataset)), self.get(origin))
        else {
            return Expected::refused(ErrorKind::NotFound);
        };
        let clone = Dataset {
            origin: Some(origin.number),
            files: origin.files.clone(),
            ..Dataset::default()
        };
        self.datasets.insert(dataset.to_owned(), clone);
        Expected::Done
    }

    /// The snapshots up to the origin move to the clone, and the dataset
    /// that had them becomes a clone in turn.
    pub(crate) fn promote(&mut self, dataset: &str) -> Expected {
        let Some(promoted) = self.datasets.get(dataset) else {
            return Expected::refused(ErrorKind::NotFound);
        };
        let Some(origin) = promoted.origin else {
            return Expected::refused(ErrorKind::InvalidArgument);
        };
        let origin_name = self.name_of(origin);
        let (former, _) = split(&origin_name);
        let snapshots = &self.datasets[former].snapshots;
        let end = snapshots.iter().position(|s| s.number == origin);
        let moving = &snapshots[..=end.expect("it has its own snapshot")];
        let new_name = |name: &str| -> String { format!("{dataset}@{name}") };
        // A name that is too long comes before one that is taken.
        if moving.iter().any(|s| self.is_too_long(&new_name(&s.name))) {
            return Expected::refused(ErrorKind::NameTooLong);
        }
        if moving.iter().any(|s| self.get(&new_name(&s.name)).is_some()) {
            return Expected::refused(ErrorKind::AlreadyExists);
        }
        let mut moving = moving.to_vec();
        let former = former.to_owned();
        let former = self.datasets.get_mut(&former).expect("it was there");
        former.snapshots.drain(..moving.len());
        let origin_of_former = former.origin.replace(origin);
        let promoted = self.datasets.get_mut(dataset).expect("it was there");
        promoted.origin = origin_of_former;
        moving.append(&mut promoted.snapshots);
        promoted.snapshots = moving;
        Expected::Done
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) -> Expected {
        if !self.has(from) || !self.has(parent(to)) {
            return Expected::refused(ErrorKind::NotFound);
        }
        if self.has(to) {
            return Expected::refused(ErrorKind::AlreadyExists);
        }
        let moved = |name: &str| format!("{to}{}", &name[from.len()..]);
        let names = self.within(from).into_iter().chain(
            self.snapshot_names().into_iter().filter(|snapshot| {
                let (dataset, _) = split(snapshot);
                is_within(dataset, from)
            }),
        );
        // Names that get no longer are not looked at; they fit already.
        if names.into_iter().any(|name| self.is_too_long(&moved(&name))) {
            return Expected::refused(ErrorKind::NameTooLong);
        }
        if is_within(to, from) {
            return Expected::refused(ErrorKind::InvalidArgument);
        }
        for name in self.within(from) {
            let dataset = self.datasets.remove(&name).expect("it was there");
            self.datasets.insert(moved(&name), dataset);
        }
        self.mounts.rename(from, to);
        Expected::Done
    }

    pub(crate) fn rollback(
        &mut self,
        dataset: &str,
        snapshot: &str,
    ) -> Expected {
        if self.is_too_long(snapshot) {
            return Expected::refused(ErrorKind::NameTooLong);
        }
        let Some(found) = self.datasets.get(dataset) else {
            return Expected::refused(ErrorKind::NotFound);
        };
        let Some(target) = self.get(snapshot) else {
            return Expected::refused(ErrorKind::NotFound);
        };
        let last = found.snapshots.last().map(|s| s.number);
        if last.or(found.origin) != Some(target.number) {
            let (of, _) = split(snapshot);
            let is_earlier =
                of == dataset || found.origin == Some(target.number);
            return Expected::refused(match is_earlier {
                true => ErrorKind::NotLatest,
                false => ErrorKind::NotFound,
            });
        }
        // The directories under the mounts in it may go: what becomes of
        // those mounts is up to the operating system.
        if !self.mounts.inner(dataset).is_empty() {
            return Expected::Senseless;
        }
        let files = target.files.clone();
        if let Some(dataset) = self.datasets.get_mut(dataset) {
            dataset.files = files;
        }
        Expected::Done
    }

    pub(crate) fn destroy(&mut self, name: &str) -> Expected {
        let Some(dataset) = self.datasets.get(name) else {
            return Expected::refused(ErrorKind::NotFound);
        };
        let origin = dataset.origin;
        if self.mounts.of(name).is_some() || !dataset.snapshots.is_empty() {
            return Expected::refused(ErrorKind::Busy);
        }
        if self.has_children(name) {
            return Expected::refused(ErrorKind::HasChildren);
        }
        self.datasets.remove(name);
        if let Some(origin) = origin {
            self.collect(origin);
        }
        Expected::Done
    }
}
