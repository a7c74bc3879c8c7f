//! Actions of the model that use datasets: mounts, files, properties.

use zfs::ErrorKind;

use crate::answer::Expected;
use crate::model::{Files, Model, Node};
use crate::name::parent;

/// The native properties that are set, with the values they take.
const NATIVE: [(&str, &[&str]); 3] = [
    ("compression", &["on", "off", "lz4"]),
    ("canmount", &["on", "off", "noauto"]),
    ("readonly", &["on", "off"]),
];

/// A user property.
pub(crate) const USER: &str = "m:u";

/// Not inherited by the datasets below.
const CANMOUNT: &str = "canmount";

impl Model {
    /// The value of a property and where it comes from, as `zfs get` says.
    pub(crate) fn property(
        &self,
        dataset: &str,
        property: &str,
    ) -> Option<(String, String)> {
        let mut above = dataset;
        loop {
            if let Some(value) = self.datasets[above].local.get(property) {
                let source = match above == dataset {
                    true => "local".to_owned(),
                    false => format!("inherited from {above}"),
                };
                return Some((value.clone(), source));
            }
            if above.is_empty() || property == CANMOUNT {
                break;
            }
            above = parent(above);
        }
        let default = match property {
            CANMOUNT => "on",
            "readonly" => "off",
            _ => return None,
        };
        Some((default.to_owned(), "default".to_owned()))
    }

    pub(crate) fn is_read_only(&self, dataset: &str) -> bool {
        let mounted = self.mounts.of(dataset);
        mounted.is_some_and(|(_, mount)| mount.read_only)
            || self.is_set(dataset, "readonly", "on")
    }

    fn is_set(&self, dataset: &str, property: &str, value: &str) -> bool {
        self.property(dataset, property).is_some_and(|(is, _)| is == value)
    }

    pub(crate) fn mount(&mut self, dataset: &str) -> Expected {
        if !self.has(dataset) {
            return Expected::refused(ErrorKind::NotFound);
        }
        if self.mounts.of(dataset).is_some() {
            return Expected::refused(ErrorKind::AlreadyMounted);
        }
        if self.is_set(dataset, CANMOUNT, "off") {
            return Expected::refused(ErrorKind::NotMountable);
        }
        if !self.make_directories(dataset) {
            return Expected::refused(ErrorKind::ReadOnly);
        }
        let read_only = self.is_set(dataset, "readonly", "on");
        self.mounts.add(dataset, dataset, read_only);
        Expected::Done
    }

    /// Makes those that are missing on the way to a mount point, each in
    /// what is seen there. False when one can't be made.
    fn make_directories(&mut self, at: &str) -> bool {
        let ends = at.match_indices('/').map(|(end, _)| end);
        for end in ends.chain([at.len()]) {
            // What is mounted at a directory shows that there is one.
            let (inside, path) = self.directory_of(&at[..end]);
            let is_read_only = self.is_fixed(inside.as_deref());
            let files = self.files_mut(inside.as_deref());
            if files.contains_key(&path) {
                continue;
            }
            if is_read_only {
                return false;
            }
            files.insert(path, Node::Directory);
        }
        true
    }

    /// libzfs takes a mount point away that comes from above, if it can: it
    /// is empty and nothing else is mounted there.
    fn remove_directory(&mut self, at: &str) {
        let (inside, path) = self.directory_of(at);
        let seen = self.mounts.seen_at(at).map(|mount| &mount.dataset);
        if seen != inside.as_ref() || self.is_fixed(inside.as_deref()) {
            return;
        }
        let files = self.files_mut(inside.as_deref());
        if !files.keys().any(|file| parent(file) == path) {
            files.remove(&path);
        }
    }

    /// The dataset in which a path ends, what is mounted at its end aside,
    /// and the path in there; `None` is the run's directory.
    fn directory_of(&self, path: &str) -> (Option<String>, String) {
        match self.mounts.seen_at(parent(path)) {
            Some(mount) => {
                let start = mount.at.len() + "/".len();
                (Some(mount.dataset.clone()), path[start..].to_owned())
            }
            None => (None, path.to_owned()),
        }
    }

    fn is_fixed(&self, inside: Option<&str>) -> bool {
        inside.is_some_and(|dataset| self.is_read_only(dataset))
    }

    fn files_mut(&mut self, dataset: Option<&str>) -> &mut Files {
        match dataset {
            Some(name) => {
                let dataset = self.datasets.get_mut(name);
                &mut dataset.expect("what is mounted is there").files
            }
            None => &mut self.directory,
        }
    }

    pub(crate) fn unmount(&mut self, dataset: &str) -> Expected {
        if self.mounts.of(dataset).is_none() {
            return Expected::refused(ErrorKind::NotMounted);
        }
        // What is covered by another mount can't be reached.
        if !self.mounts.inner(dataset).is_empty()
            || !self.mounts.is_seen(dataset)
        {
            return Expected::refused(ErrorKind::Busy);
        }
        self.mounts.remove(dataset);
        Expected::Done
    }

    pub(crate) fn write(
        &mut self,
        dataset: &str,
        file: &str,
        text: &str,
    ) -> Expected {
        if !self.mounts.is_seen(dataset) {
            return Expected::Senseless;
        }
        if self.is_read_only(dataset) {
            return Expected::refused(ErrorKind::ReadOnly);
        }
        let node = Node::File(text.to_owned());
        self.files_mut(Some(dataset)).insert(file.to_owned(), node);
        Expected::Done
    }

    pub(crate) fn set(
        &mut self,
        name: &str,
        property: &str,
        value: &str,
    ) -> Expected {
        if let Some(expected) = self.refuse_property(name, property) {
            return expected;
        }
        if property != USER && !takes(property, value) {
            return Expected::refused(ErrorKind::InvalidProperty);
        }
        if property == CANMOUNT && value == "off" {
            let is_seen = self.mounts.is_seen(name);
            // libzfs mounts what is mounted below anew, wherever it was.
            let below = self.within(name);
            let mut below = below.iter().filter(|below| *below != name);
            if below.any(|below| self.mounts.of(below).is_some())
                || !self.mounts.inner(name).is_empty()
                || (self.mounts.of(name).is_some() && !is_seen)
            {
                return Expected::Senseless;
            }
            if is_seen {
                self.mounts.remove(name);
                self.remove_directory(name);
            }
        }
        self.local_mut(name).insert(property.to_owned(), value.to_owned());
        Expected::Done
    }

    pub(crate) fn inherit(&mut self, name: &str, property: &str) -> Expected {
        if let Some(expected) = self.refuse_property(name, property) {
            return expected;
        }
        if property == CANMOUNT {
            return Expected::refused(ErrorKind::InvalidProperty);
        }
        self.local_mut(name).remove(property);
        Expected::Done
    }

    fn refuse_property(&self, name: &str, property: &str) -> Option<Expected> {
        let is_snapshot = name.contains('@');
        if is_snapshot && self.is_too_long(name) {
            return Some(Expected::refused(ErrorKind::NameTooLong));
        }
        let is_there = match is_snapshot {
            true => self.get(name).is_some(),
            false => self.has(name),
        };
        if !is_there {
            return Some(Expected::refused(ErrorKind::NotFound));
        }
        let is_native = NATIVE.iter().any(|(native, _)| *native == property);
        if property != USER && (is_snapshot || !is_native) {
            return Some(Expected::refused(ErrorKind::InvalidProperty));
        }
        // A mount that is there takes it over in part only: the file system
        // at once, the mount itself when libzfs finds it.
        if property == "readonly" && self.mounts.any_within(name) {
            return Some(Expected::Senseless);
        }
        None
    }

    fn local_mut(
        &mut self,
        name: &str,
    ) -> &mut std::collections::BTreeMap<String, String> {
        if name.contains('@') {
            return &mut self.get_mut(name).expect("it was there").local;
        }
        &mut self.datasets.get_mut(name).expect("it was there").local
    }
}

fn takes(property: &str, value: &str) -> bool {
    NATIVE
        .iter()
        .any(|(native, values)| *native == property && values.contains(&value))
}
