//! What goes of a hunt in a pool, and what has to stay: nothing goes that the
//! hunt did not make, as tag, recorded GUID and origin say together.

use std::collections::BTreeSet;
use std::fmt;

use zfs::{
    DatasetName, Entry, EntryName, ErrorKind, Hold, Holder, SnapshotName,
    Source,
};

use super::golden;
use super::recall::{Recalled, is_filesystem, value};
use super::remove::{OTHER, patiently, retry_while};
use super::working::session_of;
use super::{END, HANG, Place, Pool, TAG_SESSION, sandbox};
use crate::attempt::name::AttemptName;
use crate::record::read::{Attempt, History, Session};
use crate::slate::Left;
use crate::slate::clean::Extent;
use crate::slate::found::{Found, is_kept};

/// The way to clean up after one hunt.
#[derive(Debug)]
pub(in crate::slate) struct Cleaner {
    pool: Pool,
    place: Place,
    below: Vec<Entry>,
    kept: BTreeSet<AttemptName>,
    /// What the log says of each attempt.
    attempts: std::collections::BTreeMap<AttemptName, Attempt>,
    /// What tells the golden clone from another one of its name.
    golden_guid: Option<String>,
    /// Whether something was to be prepared, so that the clone for that may be
    /// there.
    prepares: bool,
    /// Whether the hunt itself would have gone on to destroy everything, or
    /// had not begun.
    holds_nothing: bool,
    /// As the hunt itself would hold it: while this is there, it can't go on.
    hold: Option<Hold>,
}

/// Something that goes.
#[derive(Debug)]
pub(in crate::slate) enum Doomed {
    /// A clone, with its GUID, its origin and its own snapshots.
    Clone(DatasetName, String, SnapshotName, Vec<SnapshotName>),
    /// The working dataset.
    Working(DatasetName),
    /// The snapshot that the hunt took, with its GUID.
    Base(SnapshotName, String),
}

impl Doomed {
    pub(in crate::slate) fn is_foundation(&self) -> bool {
        match self {
            Doomed::Clone(..) => false,
            Doomed::Working(_) | Doomed::Base(..) => true,
        }
    }
}

impl fmt::Display for Doomed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doomed::Clone(name, ..) | Doomed::Working(name) => name.fmt(f),
            Doomed::Base(name, _) => name.fmt(f),
        }
    }
}

impl Cleaner {
    pub(in crate::slate) fn new(found: &Found) -> anyhow::Result<Cleaner> {
        let pool = Pool::open()?;
        let Recalled { place, below } = pool.recall(found)?;
        let hold = pool.hold_as_hunt(&place)?;
        let record = found.record.as_ref().ok();
        let history = record.map(|Session { history, .. }| history);
        let manifest = record.and_then(|record| record.manifest.as_ref().ok());
        let kept = found.slates.iter().filter(|slate| is_kept(found, slate));
        Ok(Cleaner {
            pool,
            place,
            below,
            kept: kept.map(|slate| slate.attempt).collect(),
            attempts: history
                .map(|history| history.attempts.clone())
                .unwrap_or_default(),
            golden_guid: history.and_then(History::golden_guid),
            prepares: manifest
                .is_some_and(|manifest| manifest.options.prepare.is_some()),
            holds_nothing: history.is_some_and(|history| {
                history.is_closing || history.opened.is_none()
            }),
            hold,
        })
    }

    /// What goes, in this order, and what stays though it was to go.
    pub(in crate::slate) fn plan(
        &self,
        extent: Extent,
    ) -> anyhow::Result<(Vec<Doomed>, Vec<Left>)> {
        let mut go = Vec::new();
        let mut stay = Vec::new();
        let mut remains = false;
        let mut golden = None;
        let is_whole = extent == Extent::Whole || self.holds_nothing;
        for entry in self.below.iter().filter(|e| self.is_direct(e)) {
            let EntryName::Dataset(dataset) = &entry.name else {
                // Of the working dataset itself.
                if is_whole {
                    stay.push(foreign(entry.name.as_str(), "snapshot"));
                }
                continue;
            };
            if let Some(shell) = self.shell(entry, dataset) {
                // Before what it was made from.
                go.insert(0, shell);
                continue;
            }
            let is_to_go = match session_of(dataset).parse() {
                Ok(attempt) => {
                    extent == Extent::Whole || !self.kept.contains(&attempt)
                }
                Err(()) => extent == Extent::Whole || self.is_torso(dataset),
            };
            if !is_to_go {
                remains = true;
                continue;
            }
            match self.clone(entry, dataset)? {
                Ok(clone) if session_of(dataset) == golden::NAME => {
                    golden = Some(clone);
                }
                Ok(clone) => go.push(clone),
                Err(left) => stay.extend(left),
            }
        }
        go.extend(golden);
        if is_whole && stay.is_empty() && !remains {
            go.push(Doomed::Working(self.place.dataset.clone()));
            if let Some(guid) = &self.place.base.taken {
                let base = self.place.base.snapshot.clone();
                go.push(Doomed::Base(base, guid.clone()));
            }
        }
        Ok((go, stay))
    }

    /// Destroys it, if it still is what was planned.
    pub(in crate::slate) fn remove(
        &mut self,
        doomed: Doomed,
    ) -> anyhow::Result<()> {
        let Cleaner { pool, place, .. } = self;
        match doomed {
            Doomed::Clone(dataset, guid, origin, own) => {
                pool.check_tag(&place.dataset)?;
                pool.check_clone(&dataset, &guid, &origin)?;
                let path = place.path.join(session_of(&dataset));
                patiently(|| pool.unmount(&dataset))?;
                if !own.is_empty() {
                    // Nothing is lost of what can't go as a whole.
                    pool.check_unused(&dataset)?;
                    pool.destroy_snapshots(&own)?;
                }
                pool.remove(&dataset, &path)
            }
            Doomed::Working(dataset) => {
                pool.check_tag(&place.dataset)?;
                pool.check_guid(&dataset, &place.guid)?;
                pool.remove(&dataset, &place.path)
            }
            Doomed::Base(snapshot, guid) => {
                self.hold = None;
                pool.check_guid(&snapshot, &guid)?;
                Ok(pool.destroy_snapshots(&[snapshot])?)
            }
        }
    }

    fn is_direct(&self, entry: &Entry) -> bool {
        let working = &self.place.dataset;
        match &entry.name {
            EntryName::Dataset(name) => name.parent().as_ref() == Some(working),
            EntryName::Snapshot(name) => name.dataset() == working,
        }
    }

    /// A golden clone that was not finished.
    fn is_torso(&self, dataset: &DatasetName) -> bool {
        session_of(dataset) == golden::NAME && self.place.prepared.is_none()
    }

    /// The clone that somebody looked around in, when gocrash was killed.
    fn shell(&self, entry: &Entry, dataset: &DatasetName) -> Option<Doomed> {
        let tag = entry.properties.get(TAG_SESSION)?;
        let is_ours = tag.source == Source::Local
            && tag.value == session_of(&self.place.dataset)
            && sandbox::is_named_so(dataset);
        let origin: SnapshotName = value(entry, "origin")?.parse().ok()?;
        let is_of_slate = origin.short_name() == END
            && origin.dataset().parent().as_ref() == Some(&self.place.dataset);
        let has_inside = self.below.iter().any(|inside| match &inside.name {
            EntryName::Snapshot(name) => name.dataset() == dataset,
            EntryName::Dataset(name) => name.parent().as_ref() == Some(dataset),
        });
        if !is_ours || !is_of_slate || has_inside {
            return None;
        }
        let guid = value(entry, "guid")?.to_owned();
        Some(Doomed::Clone(dataset.clone(), guid, origin, Vec::new()))
    }

    /// A clone that the hunt made, or why it isn't one.
    fn clone(
        &self,
        entry: &Entry,
        dataset: &DatasetName,
    ) -> anyhow::Result<Result<Doomed, Vec<Left>>> {
        let name = dataset.as_str();
        let stays = |why: &str| {
            let left = Left { name: name.to_owned(), why: why.to_owned() };
            Ok(Err(vec![left]))
        };
        let base = &self.place.base.snapshot;
        let (is_known, recorded, origin) = match session_of(dataset).parse() {
            Ok(attempt) => {
                let attempt = self.attempts.get(&attempt);
                let guid = attempt.and_then(|a| a.guid.as_deref());
                (attempt.is_some(), guid, self.place.origin())
            }
            Err(()) => {
                let is_golden = session_of(dataset) == golden::NAME;
                let guid = self.golden_guid.as_deref();
                (is_golden && self.prepares, guid, base)
            }
        };
        if !is_known || !is_filesystem(entry) {
            return stays("this hunt did not make it");
        }
        let guid = value(entry, "guid").unwrap_or_default().to_owned();
        if recorded.is_some_and(|recorded| recorded != guid) {
            return stays(OTHER);
        }
        if value(entry, "origin") != Some(origin.as_str()) {
            return stays("it is not a clone of what this hunt was made from");
        }
        let session = session_of(&self.place.dataset);
        let mut own = Vec::new();
        let mut others = Vec::new();
        for inside in &self.below {
            match &inside.name {
                EntryName::Snapshot(snapshot)
                    if snapshot.dataset() == dataset =>
                {
                    let names = [END, HANG, golden::SNAPSHOT];
                    if names.contains(&snapshot.short_name())
                        && self.pool.is_own(snapshot, session)
                    {
                        own.push(snapshot.clone());
                    } else {
                        others.push(foreign(snapshot.as_str(), "snapshot"));
                    }
                }
                EntryName::Dataset(child)
                    if child.parent().as_ref() == Some(dataset) =>
                {
                    others.push(foreign(child.as_str(), "dataset"));
                }
                _ => {}
            }
        }
        if !others.is_empty() {
            return Ok(Err(others));
        }
        let doomed = Doomed::Clone(dataset.clone(), guid, origin.clone(), own);
        Ok(Ok(doomed))
    }
}

impl Pool {
    /// Holds the snapshot by the tag that the hunt itself would hold it by.
    ///
    /// # Errors
    /// When that is there already: then the hunt goes on.
    pub(super) fn hold_as_hunt(
        &self,
        place: &Place,
    ) -> anyhow::Result<Option<Hold>> {
        let names = std::slice::from_ref(&place.base.snapshot);
        match self.zfs.hold_while_open(names, place.dataset.as_str()) {
            Ok(hold) => Ok(Some(hold)),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                anyhow::bail!("it goes on")
            }
            // Where the snapshot is gone, or the right to hold it was not
            // given, it goes without.
            Err(e)
                if matches!(
                    e.kind(),
                    ErrorKind::NotFound | ErrorKind::PermissionDenied
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Refuses what a process uses, or what is mounted somewhere, when that
    /// doesn't let go by itself.
    fn check_unused(&self, dataset: &DatasetName) -> anyhow::Result<()> {
        let check = || {
            let holders = self.zfs.holders(dataset);
            let mut users = holders.into_iter().filter(|holder| {
                matches!(holder, Holder::Process { .. } | Holder::Mount { .. })
            });
            users.next().map_or(Ok(()), Err)
        };
        retry_while(|_| true, check)
            .map_err(|user| anyhow::anyhow!("it is in use: {user}"))
    }
}

fn foreign(name: &str, what: &str) -> Left {
    Left {
        name: name.to_owned(),
        why: format!("a {what} that this hunt did not make"),
    }
}
