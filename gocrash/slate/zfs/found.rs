//! The hunts that pools know of, by the properties of their datasets alone.

use std::collections::BTreeMap;

use zfs::{
    DatasetName, Entry, ErrorKind, List, MountOptions, SnapshotName, Source,
    Unmount, Zfs,
};

use super::working::session_of;
use super::{TAG_OUTCOME, TAG_SESSION, TAG_SNAPSHOT, stray};
use crate::attempt::reader::Reader;
use crate::record::read::Session;
use crate::slate::found::{Found, FoundSlate, Kind, number_of, record_in};
use crate::slate::inside::Inside;
use crate::slate::lock::is_locked;
use crate::slate::look::LookDir;

/// Nothing in there is to be run or written.
pub(super) const READ: MountOptions = MountOptions {
    read_only: true,
    no_setuid: true,
    no_exec: true,
    no_devices: true,
    no_atime: true,
};

/// Adds those of all pools that are imported.
pub(in crate::slate) fn find(
    zfs: &Zfs,
    caller: &Reader,
    found: &mut Vec<Found>,
    unseen: &mut Vec<String>,
) {
    let pools = zfs.list_pools().unwrap_or_else(|error| {
        unseen.push(error.to_string());
        Vec::new()
    });
    for pool in pools {
        let all = DatasetName::new(&pool).and_then(|root| {
            let properties = &[TAG_SESSION, TAG_SNAPSHOT, TAG_OUTCOME];
            let list = List { properties, snapshots: true, ..List::all() };
            zfs.list(&root, &list)
        });
        match all {
            Ok(entries) => {
                let mut hunts = hunts(zfs, &entries);
                hunts.extend(stray::find(zfs, &entries, &hunts));
                let reader = || caller.clone();
                let hunts = hunts.into_iter();
                found.extend(hunts.map(|h| Found { reader: reader(), ..h }));
            }
            // It was exported meanwhile.
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(error) => unseen.push(error.to_string()),
        }
    }
}

/// The hunt with this working dataset, as far as that itself says.
pub(super) fn named(zfs: &Zfs, name: &str) -> anyhow::Result<Found> {
    let dataset = DatasetName::new(name)?;
    let [snapshot] = zfs.pick_properties(&dataset, [TAG_SNAPSHOT])?;
    Ok(Found {
        session: session_of(&dataset).to_owned(),
        name: name.to_owned(),
        snapshot: snapshot.map(|snapshot| snapshot.value),
        kind: Kind::Zfs,
        is_copy: false,
        is_stray: false,
        is_alive: false,
        owner: Reader::own(),
        reader: Reader::own(),
        slates: Vec::new(),
        record: read_record(zfs, &dataset),
    })
}

/// Those among the datasets of a pool, which come each before what is below.
fn hunts(zfs: &Zfs, entries: &[Entry]) -> Vec<Found> {
    let mut hunts: BTreeMap<&DatasetName, Found> = BTreeMap::new();
    for entry in entries {
        let Some(dataset) = entry.name.dataset() else { continue };
        if let Some(is_copy) = is_hunt(dataset, entry) {
            hunts.insert(dataset, hunt(zfs, dataset, entry, is_copy));
            continue;
        }
        let parent = dataset.parent();
        let hunt = parent.and_then(|parent| hunts.get_mut(&parent));
        let attempt = session_of(dataset).parse();
        if let (Some(hunt), Ok(attempt)) = (hunt, attempt) {
            // Not one that somebody has set above.
            let outcome = entry.properties.get(TAG_OUTCOME).filter(|outcome| {
                matches!(outcome.source, Source::Local | Source::Received)
            });
            hunt.slates.push(FoundSlate {
                attempt,
                name: dataset.to_string(),
                outcome: outcome.map(|outcome| outcome.value.clone()),
            });
        }
    }
    hunts.into_values().collect()
}

/// Whether it is the working dataset of a hunt, and then whether a copy. What
/// is below one has the same property, by inheritance, and so does what was
/// received below a copy; but not the same name.
fn is_hunt(dataset: &DatasetName, entry: &Entry) -> Option<bool> {
    let tag = entry.properties.get(TAG_SESSION)?;
    let name = session_of(dataset);
    if tag.value != name || number_of(name).is_none() {
        return None;
    }
    match tag.source {
        Source::Local => Some(false),
        Source::Received => Some(true),
        _ => None,
    }
}

fn hunt(
    zfs: &Zfs,
    dataset: &DatasetName,
    entry: &Entry,
    is_copy: bool,
) -> Found {
    let snapshot = entry.properties.get(TAG_SNAPSHOT);
    let snapshot = snapshot.map(|snapshot| snapshot.value.clone());
    let is_alive = || {
        is_held(zfs, snapshot.as_deref(), dataset.as_str())
            || is_locked_here(zfs, dataset)
    };
    Found {
        session: session_of(dataset).to_owned(),
        name: dataset.to_string(),
        is_alive: !is_copy && is_alive(),
        snapshot,
        kind: Kind::Zfs,
        is_copy,
        is_stray: false,
        owner: Reader::own(),
        reader: Reader::own(),
        slates: Vec::new(),
        record: read_record(zfs, dataset),
    }
}

/// Whether the process of the hunt holds its snapshot, which the kernel ends
/// when the process is gone.
fn is_held(zfs: &Zfs, snapshot: Option<&str>, tag: &str) -> bool {
    let Some(Ok(snapshot)) = snapshot.map(SnapshotName::new) else {
        return false;
    };
    // One that is gone is held by nobody.
    let holds = zfs.holds(&snapshot).unwrap_or_default();
    holds.iter().any(|hold| hold.tag() == tag)
}

/// Whether it is on this host, and mounted, as it is while it goes on.
fn is_locked_here(zfs: &Zfs, dataset: &DatasetName) -> bool {
    let at = zfs.mounted_at(dataset).ok().flatten();
    at.is_some_and(|path| is_locked(&path).unwrap_or(false))
}

/// Where it isn't mounted, it is for as long as this takes, where nobody else
/// can go.
fn read_record(zfs: &Zfs, dataset: &DatasetName) -> Result<Session, String> {
    if let Ok(Some(path)) = zfs.mounted_at(dataset) {
        return record_in(Inside::of_owner(&path));
    }
    let dir = LookDir::create().map_err(|error| format!("{error:#}"))?;
    zfs.mount_at(dataset, dir.path(), READ)
        .map_err(|error| error.to_string())?;
    let record = record_in(Inside::of_owner(dir.path()));
    zfs.unmount_at(dataset, dir.path(), Unmount::Plain)
        .map_err(|error| error.to_string())?;
    record
}
