//! Mistakes that a binding like this one could have, to see that the check
//! finds them.

use std::sync::PoisonError;

use zfs::{Defer, Result, Unmount};

use crate::action::Action;
use crate::answer::Answer;
use crate::facts::Facts;
use crate::name::LONGEST;
use crate::subject::Subject;

/// A mistake between the library and the check of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A wrong flag: snapshots are always destroyed deferred.
    AlwaysDefers,
    /// Swapped arguments: renames the new name to the old one.
    RenamesBackwards,
    /// A stale cache: the origin of a clone is asked for once.
    RemembersOrigins,
    /// A missed error: only the first name of a hold is looked at.
    LooksAtFirstName,
    /// Off by one: the longest name loses its last letter.
    CutsLongestName,
    /// A rollback that loses the holds of its snapshot.
    RollbackReleases,
    /// Too eager: what is mounted is unmounted in order to destroy it.
    UnmountsToDestroy,
    /// The value that was inherited is set instead.
    InheritsByCopy,
}

impl Fault {
    /// Performs an action with the mistake.
    pub(crate) fn perform(
        self,
        subject: &Subject,
        action: &Action,
    ) -> Result<Answer> {
        let Subject { zfs, root, .. } = subject;
        match (self, action) {
            (Fault::AlwaysDefers, Action::DestroySnapshots { names, .. }) => {
                zfs.destroy_snapshots(&root.snapshots(names)?, Defer::Yes)?;
            }
            (Fault::RenamesBackwards, Action::Rename { from, to }) => {
                zfs.rename(&root.dataset(to)?, &root.dataset(from)?)?;
            }
            (Fault::LooksAtFirstName, Action::Hold { names, .. }) => {
                let first = root.snapshots(names)?.swap_remove(0);
                return subject.perform(action).or_else(|error| {
                    let failures = error.failures();
                    let is_first = |failure: &zfs::Failure| {
                        failure.name() == first.as_str()
                    };
                    match failures.is_empty() || failures.iter().any(is_first) {
                        true => Err(error),
                        false => Ok(Answer::Done),
                    }
                });
            }
            (Fault::CutsLongestName, Action::Snapshot { names })
                if names.iter().any(|name| name.ends_with(LONGEST)) =>
            {
                let mut names = root.snapshots(names)?;
                for name in &mut names {
                    let cut = &name.as_str()[..name.as_str().len() - 1];
                    if name.as_str().len() == zfs::NAME_LENGTH_MAX {
                        *name = zfs::SnapshotName::new(cut)?;
                    }
                }
                zfs.snapshot(&names, &zfs::Properties::new())?;
            }
            (Fault::RollbackReleases, Action::Rollback { snapshot, .. }) => {
                let answer = subject.perform(action)?;
                let snapshot = root.snapshot(snapshot)?;
                for hold in zfs.holds(&snapshot)? {
                    let snapshot = std::slice::from_ref(&snapshot);
                    zfs.release(snapshot, hold.tag())?;
                }
                return Ok(answer);
            }
            (Fault::UnmountsToDestroy, Action::Destroy { name })
                if !name.contains('@') =>
            {
                // That it is not mounted is as well.
                zfs.unmount(&root.dataset(name)?, Unmount::Plain).ok();
                return subject.perform(action);
            }
            (Fault::InheritsByCopy, Action::Inherit { name, property })
                if !name.contains('@') =>
            {
                let above = root.dataset(crate::name::parent(name))?;
                match zfs.property(&above, property) {
                    Ok(value) => subject.set(name, property, &value.value)?,
                    Err(_) => return subject.perform(action),
                }
            }
            _ => return subject.perform(action),
        }
        Ok(Answer::Done)
    }
}

impl Subject {
    /// Tells each dataset's origin as it was when it was first asked for.
    pub(crate) fn recall_origins(&self, facts: &mut Facts) {
        let mut memory =
            self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.retain(|key, _| facts.contains_key(key));
        for (key, value) in facts.iter_mut() {
            if key.ends_with(": origin") {
                let known = memory.entry(key.clone());
                *value = known.or_insert_with(|| value.clone()).clone();
            }
        }
    }
}
