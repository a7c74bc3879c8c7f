//! The library under check: performs actions, and says what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::{fs, io};

use mchk::Stop;
use zfs::{
    DatasetName, Defer, Depth, EntryName, ErrorKind, List, Properties,
    Property, Result, SnapshotName, Unmount, Zfs,
};

use crate::action::Action;
use crate::answer::Answer;
use crate::facts::{Facts, PROPERTIES, files_fact, on_off};
use crate::fault::Fault;
use crate::model::{Files, Node};
use crate::mounts::Mounts;
use crate::name::Root;
use crate::usage::USER;

/// One run's part of the pool, seen through the library.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) zfs: Zfs,
    pub(crate) root: Root,
    /// What the datasets of the run are mounted in.
    pub(crate) directory: PathBuf,
    /// A mistake that the library would have.
    pub(crate) fault: Option<Fault>,
    /// For mistakes that need a memory.
    pub(crate) memory: Mutex<BTreeMap<String, String>>,
}

impl Subject {
    /// Performs an action.
    pub(crate) fn call(&self, action: &Action) -> Result<Answer, Stop> {
        if let Action::Write { dataset, file, text } = action {
            return self.write(dataset, file, text);
        }
        let performed = match self.fault {
            Some(fault) => fault.perform(self, action),
            None => self.perform(action),
        };
        match performed {
            Ok(answer) => Ok(answer),
            Err(error) => Ok(Answer::of(&self.root, &error)),
        }
    }

    pub(crate) fn perform(&self, action: &Action) -> Result<Answer> {
        let Subject { zfs, root, .. } = self;
        let none = Properties::new();
        match action {
            Action::Create { dataset } => {
                zfs.create(&root.dataset(dataset)?, &none)?;
            }
            Action::Snapshot { names } => {
                zfs.snapshot(&root.snapshots(names)?, &none)?;
            }
            Action::Clone { dataset, origin } => {
                let origin = root.snapshot(origin)?;
                zfs.clone_from(&root.dataset(dataset)?, &origin, &none)?;
            }
            Action::Promote { dataset } => {
                zfs.promote(&root.dataset(dataset)?)?;
            }
            Action::Rename { from, to } => {
                zfs.rename(&root.dataset(from)?, &root.dataset(to)?)?;
            }
            Action::Rollback { dataset, snapshot } => {
                let snapshot = root.snapshot(snapshot)?;
                zfs.rollback_to(&root.dataset(dataset)?, &snapshot)?;
            }
            Action::Destroy { name } if name.contains('@') => {
                zfs.destroy(&root.snapshot(name)?)?;
            }
            Action::Destroy { name } => zfs.destroy(&root.dataset(name)?)?,
            Action::DestroySnapshots { names, deferred } => {
                let defer = if *deferred { Defer::Yes } else { Defer::No };
                zfs.destroy_snapshots(&root.snapshots(names)?, defer)?;
            }
            Action::Hold { names, tag } => {
                zfs.hold(&root.snapshots(names)?, tag)?;
            }
            Action::Release { names, tag } => {
                zfs.release(&root.snapshots(names)?, tag)?;
            }
            Action::Mount { dataset } => {
                zfs.mount(&root.dataset(dataset)?)?;
            }
            Action::Unmount { dataset } => {
                zfs.unmount(&root.dataset(dataset)?, Unmount::Plain)?;
            }
            Action::Write { .. } => unreachable!("done by the caller"),
            Action::Set { name, property, value } => {
                self.set(name, property, value)?;
            }
            Action::Inherit { name, property } if name.contains('@') => {
                zfs.inherit_property(&root.snapshot(name)?, property)?;
            }
            Action::Inherit { name, property } => {
                zfs.inherit_property(&root.dataset(name)?, property)?;
            }
            Action::List { dataset } => return self.list(dataset),
        }
        Ok(Answer::Done)
    }

    pub(crate) fn set(
        &self,
        name: &str,
        property: &str,
        value: &str,
    ) -> Result<()> {
        let Subject { zfs, root, .. } = self;
        match name.contains('@') {
            true => zfs.set_property(&root.snapshot(name)?, property, value),
            false => zfs.set_property(&root.dataset(name)?, property, value),
        }
    }

    fn list(&self, dataset: &str) -> Result<Answer> {
        let dataset = self.root.dataset(dataset)?;
        let what = List { snapshots: true, ..List::children() };
        let entries = self.zfs.list(&dataset, &what)?;
        let names: BTreeSet<String> = entries
            .iter()
            .map(|entry| self.root.relative(entry.name.as_str()))
            .collect();
        // A name that is told twice is not in the set twice.
        if names.len() < entries.len() {
            return Ok(Answer::Done);
        }
        Ok(Answer::Listed(names))
    }

    fn write(
        &self,
        dataset: &str,
        file: &str,
        text: &str,
    ) -> Result<Answer, Stop> {
        let dataset = self.root.dataset(dataset)?;
        let Some(directory) = self.zfs.mounted_at(&dataset)? else {
            return Err(Stop::failed(format!("`{dataset}` is not mounted")));
        };
        match fs::write(directory.join(file), text) {
            Ok(()) => Ok(Answer::Done),
            Err(e) if e.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                let kind = ErrorKind::ReadOnly;
                Ok(Answer::Refused { kind, failures: BTreeMap::new() })
            }
            Err(error) => Err(Stop::env(format!("{file}: {error}"))),
        }
    }

    /// What the library tells about the datasets of the run. The mounts of
    /// the model only say whose files can be seen.
    ///
    /// To open a snapshot for its properties takes the longest by far, so
    /// that is done for those that `opened` chooses.
    pub(crate) fn facts(
        &self,
        mounts: &Mounts,
        opened: impl Fn(&str) -> bool,
    ) -> Result<Facts, Stop> {
        let properties =
            ["origin"].into_iter().chain(PROPERTIES).collect::<Vec<_>>();
        let what = List {
            depth: Depth::All,
            snapshots: true,
            properties: &properties,
            ..List::all()
        };
        let mut facts = Facts::new();
        for entry in self.zfs.list(&self.root.name, &what)? {
            let name = self.root.relative(entry.name.as_str());
            match &entry.name {
                EntryName::Snapshot(snapshot) => {
                    let tags = self.tags(snapshot)?;
                    facts.insert(format!("{name}: tags"), tags);
                    if opened(&name) {
                        self.snapshot_facts(&name, snapshot, &mut facts)?;
                    }
                }
                EntryName::Dataset(dataset) => {
                    for (property, value) in &entry.properties {
                        let value = self.property_fact(property, value);
                        facts.insert(format!("{name}: {property}"), value);
                    }
                    self.mount_facts(&name, dataset, mounts, &mut facts)?;
                }
            }
        }
        if self.fault == Some(Fault::RemembersOrigins) {
            self.recall_origins(&mut facts);
        }
        Ok(facts)
    }

    fn tags(&self, snapshot: &SnapshotName) -> Result<String> {
        let holds = self.zfs.holds(snapshot)?;
        let mut tags: Vec<&str> = holds.iter().map(|hold| hold.tag()).collect();
        tags.sort_unstable();
        Ok(tags.join(" "))
    }

    fn snapshot_facts(
        &self,
        name: &str,
        snapshot: &SnapshotName,
        facts: &mut Facts,
    ) -> Result<()> {
        let deferred = self.zfs.property(snapshot, "defer_destroy")?;
        let deferred = on_off(deferred.value == "on");
        facts.insert(format!("{name}: deferred"), deferred);
        match self.zfs.property(snapshot, USER) {
            Ok(value) => {
                let fact = self.property_fact(USER, &value);
                facts.insert(format!("{name}: {USER}"), fact);
            }
            Err(error) if error.kind() == ErrorKind::PropertyNotSet => (),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn property_fact(&self, property: &str, told: &Property) -> String {
        if property == "origin" {
            return self.root.relative(&told.value);
        }
        let source = match &told.source {
            zfs::Source::Inherited(from) => {
                format!("inherited from {}", self.root.relative(from.as_str()))
            }
            other => other.to_string(),
        };
        format!("{} {source}", told.value)
    }

    fn mount_facts(
        &self,
        name: &str,
        dataset: &DatasetName,
        mounts: &Mounts,
        facts: &mut Facts,
    ) -> Result<(), Stop> {
        let Some(at) = self.zfs.mounted_at(dataset)? else { return Ok(()) };
        let relative = at.strip_prefix(&self.directory).unwrap_or(&at);
        let relative = relative.to_string_lossy().into_owned();
        facts.insert(format!("{name}: mounted"), relative);
        if mounts.is_seen(name) {
            let files = read_files(&at).map_err(env)?;
            facts.insert(format!("{name}: files"), files_fact(&files));
        }
        Ok(())
    }
}

fn env(error: io::Error) -> Stop {
    Stop::env(format!("files can't be read: {error}"))
}

/// What is in a directory and below, without what is mounted there.
///
/// # Errors
/// When something can't be read.
pub(crate) fn read_files(top: &Path) -> io::Result<Files> {
    use std::os::unix::fs::MetadataExt;
    let device = fs::metadata(top)?.dev();
    let mut files = Files::new();
    let mut pending = vec![top.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            let name = path.strip_prefix(top).unwrap_or(&path);
            let name = name.to_string_lossy().into_owned();
            let metadata = fs::metadata(&path)?;
            if metadata.is_file() {
                let text = fs::read_to_string(&path)?;
                files.insert(name, Node::File(text));
                continue;
            }
            files.insert(name, Node::Directory);
            if metadata.dev() == device {
                pending.push(path);
            }
        }
    }
    Ok(files)
}
