//! Whether a hunt can work at all, found out before anything is created.

use std::path::Path;

use zfs::{
    DatasetName, ErrorKind, List, PropertyMap, SnapshotName, Unmount, Zfs,
};

use super::found::READ;
use super::remove::patiently;
use crate::attempt::name::AttemptName;
use crate::near::{LIKENESS_MIN, nearest};
use crate::refusal::Refusal;
use crate::slate::look::{self, LookDir};
use crate::slate::name::session_name;
use crate::slate::{Seen, Wanted};

/// How many snapshots a refusal names.
const SUGGESTIONS_MAX: usize = 5;
const SUDO: &str = "run gocrash by sudo or doas";

pub(super) fn check(
    zfs: &Zfs,
    snapshot: &SnapshotName,
    taken_of: Option<&Path>,
    parent: &DatasetName,
    wanted: &Wanted,
) -> anyhow::Result<Seen> {
    if taken_of.is_none() && !zfs.exists(snapshot) {
        return Err(no_snapshot(zfs, snapshot).into());
    }
    check_source(zfs, snapshot.dataset())?;
    check_parent(zfs, parent)?;
    check_length(parent)?;
    if let Some(dir) = taken_of {
        return look::look(dir, wanted);
    }

    let dir = LookDir::create()?;
    // Another hunt may be looking into it as well.
    patiently(|| zfs.mount_at(snapshot, dir.path(), READ))
        .map_err(|error| not_mountable(snapshot, &error))?;
    // Nobody else asks for anything yet.
    let looked = dir.open_to(&wanted.reader).and_then(|()| {
        wanted.reader.act(|| Ok(look::look(dir.path(), wanted)))
    });
    let seen = looked.map_err(Into::into).and_then(|seen| seen);
    zfs.unmount_at(snapshot, dir.path(), Unmount::Plain)?;
    seen
}

fn no_snapshot(zfs: &Zfs, snapshot: &SnapshotName) -> Refusal {
    let dataset = snapshot.dataset();
    if !zfs.exists(dataset) {
        return Refusal::new(
            format!("there is no dataset `{dataset}`"),
            "`zfs list` shows those there are",
        );
    }
    // The list is for the remedy only: without it, another one is given.
    let there = zfs.list(dataset, &List::snapshots()).unwrap_or_default();
    let names: Vec<&str> = there
        .iter()
        .filter_map(|e| Some(e.name.snapshot()?.short_name()))
        .collect();
    Refusal::new(
        format!("there is no snapshot `{snapshot}`"),
        suggestion(snapshot, &names),
    )
}

/// The nearest of the names that are there, or else some of them.
fn suggestion(snapshot: &SnapshotName, there: &[&str]) -> String {
    let dataset = snapshot.dataset();
    let typed = snapshot.short_name();
    let near = nearest(typed, there.iter().copied(), LIKENESS_MIN);
    if let Some(name) = near {
        return format!("did you mean `{dataset}@{name}`?");
    }
    if there.is_empty() {
        return format!("make one: `zfs snapshot {snapshot}`");
    }
    let shown = there.len().min(SUGGESTIONS_MAX);
    let names: Vec<String> =
        there[..shown].iter().map(|name| format!("`@{name}`")).collect();
    let more = match there.len() - shown {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("`{dataset}` has {}{more}", names.join(", "))
}

fn check_source(zfs: &Zfs, dataset: &DatasetName) -> anyhow::Result<()> {
    let properties = zfs.properties(dataset)?;
    check_filesystem(dataset, &properties)?;
    Ok(())
}

/// The working dataset and the slates inherit from it whether and where they
/// can be mounted, and written.
fn check_parent(zfs: &Zfs, dataset: &DatasetName) -> anyhow::Result<()> {
    let properties = match zfs.properties(dataset) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            anyhow::bail!(Refusal::new(
                format!("there is no dataset `{dataset}`"),
                "name one that is there: `--parent DATASET`",
            ));
        }
        result => result?,
    };
    check_filesystem(dataset, &properties)?;
    let is = |name, value| get(&properties, name) == Some(value);
    for mountpoint in ["none", "legacy"] {
        if is("mountpoint", mountpoint) {
            anyhow::bail!(Refusal::new(
                format!(
                    "what is in `{dataset}` can't be mounted: its mountpoint \
                     is `{mountpoint}`"
                ),
                format!(
                    "give it a place, `zfs set mountpoint=/SOME/DIR \
                     {dataset}`, or work elsewhere: `--parent DATASET`"
                ),
            ));
        }
    }
    if is("readonly", "on") {
        anyhow::bail!(Refusal::new(
            format!("what is in `{dataset}` can't be written: it is read-only"),
            format!(
                "`zfs set readonly=off {dataset}`, or work elsewhere: \
                 `--parent DATASET`"
            ),
        ));
    }
    Ok(())
}

fn check_filesystem(
    dataset: &DatasetName,
    properties: &PropertyMap,
) -> Result<(), Refusal> {
    let is = |name, value| get(properties, name) == Some(value);
    if !is("type", "filesystem") {
        return Err(Refusal::new(
            format!("`{dataset}` can't be mounted: it is not a file system"),
            "name a file system; `zfs list -t filesystem` shows them",
        ));
    }
    if is("keystatus", "unavailable") {
        return Err(Refusal::new(
            format!("`{dataset}` can't be mounted: its key is not loaded"),
            format!("load it: `zfs load-key {dataset}`"),
        ));
    }
    // FreeBSD's word for it is the second.
    if is("zoned", "on") || is("jailed", "on") {
        return Err(Refusal::new(
            format!("`{dataset}` can't be mounted here: it is given to a zone"),
            "run gocrash in that zone, or name another dataset",
        ));
    }
    Ok(())
}

/// The name of every slate has to fit.
fn check_length(parent: &DatasetName) -> Result<(), Refusal> {
    let longest = parent
        .child(&session_name(u64::MAX.into()))
        .and_then(|working| working.child(&AttemptName::LONGEST.to_string()));
    match longest {
        Ok(_) => Ok(()),
        Err(_) => Err(Refusal::new(
            format!("`{parent}` is too long a name to create clones below it"),
            "work in one with a shorter name: `--parent DATASET`",
        )),
    }
}

fn not_mountable(snapshot: &SnapshotName, error: &zfs::Error) -> Refusal {
    let help = match error.kind() {
        ErrorKind::PermissionDenied => SUDO,
        _ => error.help().unwrap_or("see whether `zfs mount` can mount it"),
    };
    Refusal::new(format!("cannot look into `{snapshot}`: {error}"), help)
}

fn get<'a>(properties: &'a PropertyMap, name: &str) -> Option<&'a str> {
    properties.get(name).map(|property| property.value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_that_resembles_what_was_typed_is_offered() {
        let typed = SnapshotName::new("tank/go@inital").unwrap();
        let help = suggestion(&typed, &["monday", "initial", "final"]);
        assert_eq!(help, "did you mean `tank/go@initial`?");
        let help = suggestion(&typed, &["1", "2", "3", "4", "5", "6", "7"]);
        let some = "`@1`, `@2`, `@3`, `@4`, `@5` and 2 more";
        assert_eq!(help, format!("`tank/go` has {some}"));
        let help = suggestion(&typed, &[]);
        assert_eq!(help, "make one: `zfs snapshot tank/go@inital`");
    }

    #[test]
    fn a_name_that_leaves_no_room_for_slates_is_refused() {
        let long = DatasetName::new(&format!("tank/{}", "x".repeat(170)));
        assert!(check_length(&long.unwrap()).is_ok());
        let longer = DatasetName::new(&format!("tank/{}", "x".repeat(200)));
        assert!(check_length(&longer.unwrap()).is_err());
    }
}
