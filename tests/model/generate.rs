//! Chooses actions that make sense in the state at hand, and some that ZFS
//! must refuse.

use mchk::CaseRng;

use crate::action::{self, Action};
use crate::answer::Expected;
use crate::model::Model;
use crate::name::{DATASETS, FILES, SNAPSHOTS, TAGS};

/// The kinds of action, and how often each is chosen.
pub(crate) const KINDS: [(&str, u32); 17] = [
    ("create", 8),
    ("snapshot", 18),
    ("clone", 14),
    ("promote", 12),
    ("rename", 8),
    ("rollback", 8),
    ("destroy", 8),
    ("destroy_snapshots", 5),
    ("destroy_deferred", 3),
    ("hold", 10),
    ("release", 5),
    ("mount", 9),
    ("unmount", 5),
    ("write", 8),
    ("set", 7),
    ("inherit", 5),
    ("list", 3),
];

/// The kinds that several threads may do at once: a mount is seen by looking
/// at a table, which is not one step with making it.
pub(crate) const CONCURRENT_KINDS: [(&str, u32); 13] = [
    ("create", 12),
    ("snapshot", 16),
    ("clone", 12),
    ("promote", 10),
    ("rename", 12),
    ("rollback", 8),
    ("destroy", 10),
    ("destroy_snapshots", 8),
    ("destroy_deferred", 6),
    ("hold", 10),
    ("release", 8),
    ("set", 4),
    ("inherit", 2),
];

/// Choices that make no sense, or too little, are made again so many times.
const TRIES_MAX: u32 = 12;

/// An action for this state.
pub(crate) fn action(
    model: &Model,
    kinds: &[(&str, u32)],
    rng: &mut CaseRng,
) -> Action {
    // Nothing else makes sense in an empty pool, whatever a run leaves out.
    let kinds = match model.datasets.len() {
        1 => &[("create", 1)],
        _ => kinds,
    };
    let mut action = any(model, rng.kind(kinds), rng);
    for _ in 0..TRIES_MAX {
        let again = match model.clone().apply(&action) {
            Expected::Senseless => true,
            Expected::Refused { kinds, .. } if waits(&action, &kinds) => {
                !rng.one_in(6)
            }
            Expected::Refused { .. } => !rng.one_in(4),
            Expected::Done | Expected::Listed(_) => false,
        };
        if !again {
            break;
        }
        action = any(model, rng.kind(kinds), rng);
    }
    action
}

/// Whether the library tries again for a third of a second before it gives
/// up.
fn waits(action: &Action, kinds: &[zfs::ErrorKind]) -> bool {
    let retries =
        matches!(action, Action::Destroy { .. } | Action::Unmount { .. });
    retries && kinds.contains(&zfs::ErrorKind::Busy)
}

fn any(model: &Model, kind: &str, rng: &mut CaseRng) -> Action {
    match kind {
        "create" => action::create(&new_dataset(rng)),
        "snapshot" => action::snapshot(&texts(&batch(model, rng, true))),
        "clone" => action::clone(&new_dataset(rng), &old_snapshot(model, rng)),
        "promote" => action::promote(&clone_of_some(model, rng)),
        "rename" => action::rename(&old_dataset(model, rng), &new_dataset(rng)),
        "rollback" => rollback(model, rng),
        "destroy" if rng.one_in(3) => {
            action::destroy(&old_snapshot(model, rng))
        }
        "destroy" => action::destroy(&old_dataset(model, rng)),
        "destroy_snapshots" => {
            action::destroy_snapshots(&texts(&batch(model, rng, false)))
        }
        "destroy_deferred" => {
            action::destroy_deferred(&texts(&batch(model, rng, false)))
        }
        "hold" => {
            action::hold(&texts(&batch(model, rng, false)), one(&TAGS, rng))
        }
        "release" => {
            action::release(&texts(&batch(model, rng, false)), one(&TAGS, rng))
        }
        "mount" => action::mount(&old_dataset(model, rng)),
        "unmount" => action::unmount(&old_dataset(model, rng)),
        "write" => action::write(
            &old_dataset(model, rng),
            one(&FILES, rng),
            &rng.below(10).to_string(),
        ),
        "set" => set(model, rng),
        "inherit" => {
            let (property, _) = property(rng);
            action::inherit(&something(model, rng), property)
        }
        _ => action::list(&old_dataset(model, rng)),
    }
}

fn one<'a>(items: &[&'a str], rng: &mut CaseRng) -> &'a str {
    rng.pick(items).expect("there are some")
}

fn texts(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// Any name, most of them free at first.
fn new_dataset(rng: &mut CaseRng) -> String {
    one(&DATASETS, rng).to_owned()
}

/// Mostly one that is there.
fn old_dataset(model: &Model, rng: &mut CaseRng) -> String {
    let there: Vec<&String> =
        model.datasets.keys().filter(|name| !name.is_empty()).collect();
    match rng.pick(&there) {
        Some(name) if !rng.one_in(8) => (*name).clone(),
        _ => new_dataset(rng),
    }
}

fn old_snapshot(model: &Model, rng: &mut CaseRng) -> String {
    match rng.pick(&model.snapshot_names()) {
        Some(name) if !rng.one_in(8) => name.clone(),
        _ => new_snapshot(model, rng),
    }
}

fn new_snapshot(model: &Model, rng: &mut CaseRng) -> String {
    format!("{}@{}", old_dataset(model, rng), one(&SNAPSHOTS, rng))
}

fn something(model: &Model, rng: &mut CaseRng) -> String {
    match rng.one_in(4) {
        true => old_snapshot(model, rng),
        false => old_dataset(model, rng),
    }
}

/// Up to three different snapshots.
fn batch(model: &Model, rng: &mut CaseRng, new: bool) -> Vec<String> {
    let count = rng.weighted(&[(1, 4), (2, 3), (3, 1)]);
    let mut names = Vec::new();
    for _ in 0..count {
        let name = match new {
            true => new_snapshot(model, rng),
            false => old_snapshot(model, rng),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn clone_of_some(model: &Model, rng: &mut CaseRng) -> String {
    let clones = model.datasets.iter().filter(|(_, d)| d.origin.is_some());
    let clones: Vec<&String> = clones.map(|(name, _)| name).collect();
    match rng.pick(&clones) {
        Some(name) if !rng.one_in(4) => (*name).clone(),
        _ => old_dataset(model, rng),
    }
}

/// Mostly to the latest snapshot or the origin.
fn rollback(model: &Model, rng: &mut CaseRng) -> Action {
    let dataset = old_dataset(model, rng);
    let found = model.datasets.get(&dataset);
    let latest = found.and_then(|found| {
        let latest = found.snapshots.last().map(|s| s.number);
        latest.or(found.origin).map(|number| model.name_of(number))
    });
    match latest {
        Some(latest) if !rng.one_in(4) => action::rollback(&dataset, &latest),
        _ => action::rollback(&dataset, &old_snapshot(model, rng)),
    }
}

fn set(model: &Model, rng: &mut CaseRng) -> Action {
    let (property, values) = property(rng);
    action::set(&something(model, rng), property, one(values, rng))
}

fn property(rng: &mut CaseRng) -> (&'static str, &'static [&'static str]) {
    rng.weighted::<(&'static str, &'static [&'static str])>(&[
        (("m:u", &["1", "2"]), 8),
        (("compression", &["on", "off", "lz4", "nonsense"]), 4),
        (("canmount", &["on", "off", "noauto"]), 4),
        (("readonly", &["on", "off"]), 3),
        (("used", &["1"]), 1),
        (("nosuch", &["1"]), 1),
    ])
}
