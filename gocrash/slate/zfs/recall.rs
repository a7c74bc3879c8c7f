//! The working dataset of a hunt that is over, or broke off: read back from
//! properties and the record, and compared with them.

use zfs::{
    DatasetName, Entry, EntryKind, List, PropertyMap, SnapshotName, Source,
};

use super::base::Base;
use super::golden::{self, Prepared};
use super::working::session_of;
use super::{Place, Pool, TAG_SESSION};
use crate::slate::found::Found;

/// What there is of it, as ZFS tells.
#[derive(Debug)]
pub(super) struct Recalled {
    pub(super) place: Place,
    /// Everything below the working dataset, each before what is below it.
    pub(super) below: Vec<Entry>,
}

impl Pool {
    /// Reads it back.
    ///
    /// # Errors
    /// Where it is not the dataset that the hunt made, as its tag and its
    /// record say.
    pub(super) fn recall(&self, found: &Found) -> anyhow::Result<Recalled> {
        let dataset = DatasetName::new(&found.name)?;
        let [guid, tag, mountpoint] = self
            .zfs
            .pick_properties(&dataset, ["guid", TAG_SESSION, "mountpoint"])?;
        let is_ours = tag.is_some_and(|tag| {
            tag.value == session_of(&dataset) && tag.source == Source::Local
        });
        anyhow::ensure!(is_ours, "it is not tagged as of a hunt of this host");
        let guid = guid.map(|guid| guid.value).unwrap_or_default();
        let opened =
            found.record.as_ref().ok().and_then(|r| r.history.opened.as_ref());
        if let Some(recorded) = opened.and_then(|o| o.guid.as_deref()) {
            anyhow::ensure!(
                recorded == guid,
                "it is not the dataset that its record is of"
            );
        }
        let properties = &["guid", "origin", TAG_SESSION];
        let list = List { properties, snapshots: true, ..List::all() };
        let below = self.zfs.list(&dataset, &list)?;
        let base = self.recall_base(found, &below);
        let prepared = self.recall_prepared(&dataset, &below)?;
        let path = mountpoint.map(|mountpoint| mountpoint.value.into());
        let place = Place {
            dataset,
            base,
            prepared,
            guid,
            path: path.unwrap_or_default(),
            reserved_bytes: 0,
        };
        Ok(Recalled { place, below })
    }

    /// What slates were made from. It may have been renamed since, and then
    /// what was made from it says so.
    fn recall_base(&self, found: &Found, below: &[Entry]) -> Base {
        let manifest =
            found.record.as_ref().ok().and_then(|r| r.manifest.as_ref().ok());
        let source = manifest.map(|manifest| &manifest.source);
        let recorded = source.and_then(|source| source.guid.as_deref());
        let named = found.snapshot.iter().map(String::as_str);
        let origins = below.iter().filter_map(|e| value(e, "origin"));
        let candidates: Vec<SnapshotName> =
            named.chain(origins).filter_map(|name| name.parse().ok()).collect();
        let is_it = |name: &&SnapshotName| match recorded {
            Some(recorded) => self.guid(*name).is_ok_and(|g| g == recorded),
            None => true,
        };
        let mut tried = candidates.clone();
        tried.dedup();
        let snapshot = tried.iter().find(is_it).or(candidates.first());
        let taken = match source.is_some_and(|source| source.taken) {
            true => recorded.map(str::to_owned),
            false => None,
        };
        let gone = || {
            let dataset = DatasetName::new(&found.name).ok()?;
            dataset.snapshot("gone").ok()
        };
        let snapshot = snapshot.cloned().or_else(gone);
        Base { snapshot: snapshot.expect("a name with a parent"), taken }
    }

    /// The golden clone, if it is there and was finished.
    fn recall_prepared(
        &self,
        working: &DatasetName,
        below: &[Entry],
    ) -> anyhow::Result<Option<Prepared>> {
        let dataset = working.child(golden::NAME)?;
        let snapshot = dataset.snapshot(golden::SNAPSHOT)?;
        let find = |name: &str| below.iter().find(|e| e.name.as_str() == name);
        let golden = find(dataset.as_str());
        let (Some(golden), Some(_)) = (golden, find(snapshot.as_str())) else {
            return Ok(None);
        };
        if !self.is_own(&snapshot, session_of(working)) {
            return Ok(None);
        }
        let guid = value(golden, "guid").unwrap_or_default().to_owned();
        let snapshot_guid = self.guid(&snapshot)?;
        Ok(Some(Prepared { dataset, guid, snapshot, snapshot_guid }))
    }

    /// Whether gocrash took the snapshot, in this hunt.
    pub(super) fn is_own(
        &self,
        snapshot: &SnapshotName,
        session: &str,
    ) -> bool {
        let tag = self.zfs.property(snapshot, TAG_SESSION);
        tag.is_ok_and(|tag| tag.value == session && tag.source == Source::Local)
    }
}

/// A property that was listed.
pub(super) fn value<'a>(entry: &'a Entry, name: &str) -> Option<&'a str> {
    let properties: &PropertyMap = &entry.properties;
    properties.get(name).map(|property| property.value.as_str())
}

/// Whether it is a file system.
pub(super) fn is_filesystem(entry: &Entry) -> bool {
    entry.kind == EntryKind::Filesystem && !entry.name.as_str().contains('@')
}
