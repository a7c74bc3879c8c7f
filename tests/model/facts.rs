//! All that can be seen of the datasets of a run, as pairs of texts, so that
//! the model, the library and the `zfs` command can be compared.

use std::collections::BTreeMap;

use crate::model::{Files, Model, Node};
use crate::name::is_within;
use crate::usage::USER;

/// `a: origin` and the like, with what is so.
pub(crate) type Facts = BTreeMap<String, String>;

/// The properties of datasets that are compared.
pub(crate) const PROPERTIES: [&str; 4] =
    ["compression", "canmount", "readonly", USER];

/// What the model says there is to be seen, with the properties of those
/// snapshots that `opened` chooses.
pub(crate) fn expected(model: &Model, opened: impl Fn(&str) -> bool) -> Facts {
    let mut facts = Facts::new();
    let mut add = |name: &str, what: &str, value: String| {
        facts.insert(format!("{name}: {what}"), value);
    };
    for (name, dataset) in &model.datasets {
        if name.is_empty() {
            continue;
        }
        if let Some(number) = dataset.origin {
            add(name, "origin", model.name_of(number));
        }
        for property in PROPERTIES {
            if let Some(fact) = property_fact(model, name, property) {
                add(name, property, fact);
            }
        }
        if let Some((_, mount)) = model.mounts.of(name) {
            add(name, "mounted", mount.at.clone());
        }
        if model.mounts.is_seen(name) {
            add(name, "files", files_fact(&seen_files(model, name)));
        }
        for snapshot in &dataset.snapshots {
            let full = format!("{name}@{}", snapshot.name);
            let tags: Vec<&str> =
                snapshot.tags.iter().map(String::as_str).collect();
            add(&full, "tags", tags.join(" "));
            if !opened(&full) {
                continue;
            }
            add(&full, "deferred", on_off(snapshot.deferred));
            let own = snapshot.local.get(USER);
            let own = own.map(|value| (value.clone(), "local".to_owned()));
            let inherited = || {
                let (value, source) = model.property(name, USER)?;
                let source = match source.as_str() {
                    "local" => format!("inherited from {name}"),
                    _ => source,
                };
                Some((value, source))
            };
            if let Some((value, source)) = own.or_else(inherited) {
                add(&full, USER, format!("{value} {source}"));
            }
        }
    }
    facts
}

/// A value and its source, as `zfs get` shows them.
fn property_fact(model: &Model, name: &str, property: &str) -> Option<String> {
    let (value, source) = model.property(name, property)?;
    let mounted = model.mounts.of(name);
    let mounted_so = mounted.is_some_and(|(_, mount)| mount.read_only);
    if property == "readonly" && value == "off" && mounted_so {
        return Some("on temporary".to_owned());
    }
    Some(format!("{value} {source}"))
}

/// Without what other mounts cover.
fn seen_files(model: &Model, name: &str) -> Files {
    let mut files = model.datasets[name].files.clone();
    for covered in model.mounts.inner(name) {
        files.retain(|path, _| {
            path.len() <= covered.len() || !is_within(path, &covered)
        });
    }
    files
}

/// The files of all snapshots, and of the datasets that show none.
pub(crate) fn hidden_files(model: &Model) -> Facts {
    let mut facts = Facts::new();
    for (name, dataset) in &model.datasets {
        for snapshot in &dataset.snapshots {
            let full = format!("{name}@{}: files", snapshot.name);
            facts.insert(full, files_fact(&snapshot.files));
        }
        if !name.is_empty() && model.mounts.of(name).is_none() {
            facts.insert(format!("{name}: files"), files_fact(&dataset.files));
        }
    }
    facts
}

pub(crate) fn files_fact(files: &Files) -> String {
    let line = |(path, node): (&String, &Node)| match node {
        Node::Directory => format!("{path}/"),
        Node::File(text) => format!("{path}={text}"),
    };
    files.iter().map(line).collect::<Vec<_>>().join(" ")
}

pub(crate) fn on_off(is_on: bool) -> String {
    if is_on { "on" } else { "off" }.to_owned()
}

/// The first fact in which two differ: its kind, for telling bugs apart, and
/// a text for people.
pub(crate) fn difference(
    expected: &Facts,
    seen: &Facts,
    by: &str,
) -> Option<(String, String)> {
    let mut keys: Vec<&String> = expected.keys().chain(seen.keys()).collect();
    keys.sort_unstable();
    let key =
        keys.into_iter().find(|&key| expected.get(key) != seen.get(key))?;
    let show = |facts: &Facts| match facts.get(key) {
        Some(value) => format!("`{value}`"),
        None => "nothing".to_owned(),
    };
    let kind = key.split(": ").nth(1).unwrap_or(key).to_owned();
    let text = format!(
        "`{key}` is {} and not {}, says {by}",
        show(seen),
        show(expected)
    );
    Some((kind, text))
}
