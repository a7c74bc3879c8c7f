//! The removal of a run, in whatever state it was left.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs;

use mchk::EnvError;
use zfs::{DatasetName, List, NvList, ProgramLimits, SnapshotName, Unmount};

use crate::subject::Subject;

/// Destroys the names it is given, in the order in which that is possible,
/// in one transaction. Answers the error numbers of those that are left.
const DESTROY: &str = "
    names = (...)['names']
    left = {}
    for pass = 1, #names do
        left = {}
        for _, name in ipairs(names) do
            if zfs.exists(name) then
                code = zfs.sync.destroy(name)
                if code ~= 0 then left[name] = code end
            end
        end
        if next(left) == nil then return left end
    end
    return left
";

impl Subject {
    /// Removes all there is of the run.
    pub(crate) fn remove(&self) -> Result<(), EnvError> {
        self.unmount_all()?;
        self.release_all()?;
        let mut left = self.destroy_all()?;
        if self.zfs.exists(&self.root.name) {
            // A dataset can be a clone of what is below it, and then none of
            // them can go; side by side they can.
            self.flatten()?;
            left = self.destroy_all()?;
        }
        if self.zfs.exists(&self.root.name) {
            let what = format!("`{}` is left: {left:?}", self.root.name);
            return Err(EnvError::new(what));
        }
        fs::remove_dir_all(&self.directory)?;
        Ok(())
    }

    /// The latest mount first, which nothing can cover.
    pub(crate) fn unmount_all(&self) -> Result<(), EnvError> {
        let table = fs::read_to_string("/proc/self/mounts")?;
        let prefix = format!("{}/", self.root.name);
        let sources = table.lines().filter_map(|line| line.split(' ').next());
        let mounted: Vec<&str> =
            sources.filter(|source| source.starts_with(&prefix)).collect();
        for name in mounted.into_iter().rev() {
            self.zfs.unmount(&DatasetName::new(name)?, Unmount::Plain)?;
        }
        Ok(())
    }

    fn release_all(&self) -> Result<(), EnvError> {
        let mut held: BTreeMap<String, Vec<SnapshotName>> = BTreeMap::new();
        for entry in self.zfs.list(&self.root.name, &everything())? {
            if let Some(snapshot) = entry.name.snapshot() {
                for hold in self.zfs.holds(snapshot)? {
                    let tagged = held.entry(hold.tag().to_owned());
                    tagged.or_default().push(snapshot.clone());
                }
            }
        }
        for (tag, snapshots) in held {
            self.zfs.release(&snapshots, &tag)?;
        }
        Ok(())
    }

    /// Answers why some are left.
    fn destroy_all(&self) -> Result<zfs::Value, EnvError> {
        let mut names = self.names(&everything())?;
        names.push(self.root.name.to_string());
        let mut args = NvList::new();
        args.insert("names", &zfs::Value::StringArray(names))?;
        let limits = ProgramLimits::default();
        let pool = self.root.name.pool();
        Ok(self.zfs.channel_program(pool, DESTROY, &args, limits)?)
    }

    /// Gives all datasets names right below the run's.
    fn flatten(&self) -> Result<(), EnvError> {
        for (number, name) in self.names(&List::all())?.iter().enumerate() {
            let flat = self.root.name.child(&format!("left-{number}"))?;
            self.zfs.rename(&DatasetName::new(name)?, &flat)?;
        }
        Ok(())
    }

    /// What is below the run's dataset, the deepest first.
    fn names(&self, list: &List) -> Result<Vec<String>, EnvError> {
        let found = self.zfs.list(&self.root.name, list)?;
        let mut names: Vec<String> =
            found.iter().map(|entry| entry.name.to_string()).collect();
        names.sort_by_key(|name| Reverse(name.matches(['/', '@']).count()));
        Ok(names)
    }
}

fn everything() -> List<'static> {
    List { snapshots: true, ..List::all() }
}
