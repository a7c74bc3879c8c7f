//! What a run does, as data that another run can repeat.

use serde::{Deserialize, Serialize};

/// An action by relative names. The functions of this file make them, and a
/// failing case is printed as calls of these functions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Action {
    Create { dataset: String },
    Snapshot { names: Vec<String> },
    Clone { dataset: String, origin: String },
    Promote { dataset: String },
    Rename { from: String, to: String },
    Rollback { dataset: String, snapshot: String },
    Destroy { name: String },
    DestroySnapshots { names: Vec<String>, deferred: bool },
    Hold { names: Vec<String>, tag: String },
    Release { names: Vec<String>, tag: String },
    Mount { dataset: String },
    Unmount { dataset: String },
    Write { dataset: String, file: String, text: String },
    Set { name: String, property: String, value: String },
    Inherit { name: String, property: String },
    List { dataset: String },
}

pub(crate) fn create(dataset: &str) -> Action {
    Action::Create { dataset: dataset.into() }
}

pub(crate) fn snapshot(names: &[&str]) -> Action {
    Action::Snapshot { names: owned(names) }
}

pub(crate) fn clone(dataset: &str, origin: &str) -> Action {
    Action::Clone { dataset: dataset.into(), origin: origin.into() }
}

pub(crate) fn promote(dataset: &str) -> Action {
    Action::Promote { dataset: dataset.into() }
}

pub(crate) fn rename(from: &str, to: &str) -> Action {
    Action::Rename { from: from.into(), to: to.into() }
}

pub(crate) fn rollback(dataset: &str, snapshot: &str) -> Action {
    Action::Rollback { dataset: dataset.into(), snapshot: snapshot.into() }
}

pub(crate) fn destroy(name: &str) -> Action {
    Action::Destroy { name: name.into() }
}

pub(crate) fn destroy_snapshots(names: &[&str]) -> Action {
    Action::DestroySnapshots { names: owned(names), deferred: false }
}

pub(crate) fn destroy_deferred(names: &[&str]) -> Action {
    Action::DestroySnapshots { names: owned(names), deferred: true }
}

pub(crate) fn hold(names: &[&str], tag: &str) -> Action {
    Action::Hold { names: owned(names), tag: tag.into() }
}

pub(crate) fn release(names: &[&str], tag: &str) -> Action {
    Action::Release { names: owned(names), tag: tag.into() }
}

pub(crate) fn mount(dataset: &str) -> Action {
    Action::Mount { dataset: dataset.into() }
}

pub(crate) fn unmount(dataset: &str) -> Action {
    Action::Unmount { dataset: dataset.into() }
}

pub(crate) fn write(dataset: &str, file: &str, text: &str) -> Action {
    Action::Write {
        dataset: dataset.into(),
        file: file.into(),
        text: text.into(),
    }
}

pub(crate) fn set(name: &str, property: &str, value: &str) -> Action {
    Action::Set {
        name: name.into(),
        property: property.into(),
        value: value.into(),
    }
}

pub(crate) fn inherit(name: &str, property: &str) -> Action {
    Action::Inherit { name: name.into(), property: property.into() }
}

pub(crate) fn list(dataset: &str) -> Action {
    Action::List { dataset: dataset.into() }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

impl Action {
    /// The call of the function above that makes it.
    pub(crate) fn source(&self) -> String {
        match self {
            Action::Create { dataset } => format!("create({dataset:?})"),
            Action::Snapshot { names } => format!("snapshot(&{names:?})"),
            Action::Clone { dataset, origin } => {
                format!("clone({dataset:?}, {origin:?})")
            }
            Action::Promote { dataset } => format!("promote({dataset:?})"),
            Action::Rename { from, to } => format!("rename({from:?}, {to:?})"),
            Action::Rollback { dataset, snapshot } => {
                format!("rollback({dataset:?}, {snapshot:?})")
            }
            Action::Destroy { name } => format!("destroy({name:?})"),
            Action::DestroySnapshots { names, deferred: false } => {
                format!("destroy_snapshots(&{names:?})")
            }
            Action::DestroySnapshots { names, deferred: true } => {
                format!("destroy_deferred(&{names:?})")
            }
            Action::Hold { names, tag } => format!("hold(&{names:?}, {tag:?})"),
            Action::Release { names, tag } => {
                format!("release(&{names:?}, {tag:?})")
            }
            Action::Mount { dataset } => format!("mount({dataset:?})"),
            Action::Unmount { dataset } => format!("unmount({dataset:?})"),
            Action::Write { dataset, file, text } => {
                format!("write({dataset:?}, {file:?}, {text:?})")
            }
            Action::Set { name, property, value } => {
                format!("set({name:?}, {property:?}, {value:?})")
            }
            Action::Inherit { name, property } => {
                format!("inherit({name:?}, {property:?})")
            }
            Action::List { dataset } => format!("list({dataset:?})"),
        }
    }

    /// The kind, as the report counts it.
    pub(crate) fn label(&self) -> String {
        let source = self.source();
        source.split('(').next().unwrap_or_default().to_owned()
    }

    /// Whether it is about that snapshot.
    pub(crate) fn names(&self, snapshot: &str) -> bool {
        match self {
            Action::Snapshot { names }
            | Action::DestroySnapshots { names, .. }
            | Action::Hold { names, .. }
            | Action::Release { names, .. } => {
                names.iter().any(|name| name == snapshot)
            }
            Action::Set { name, .. }
            | Action::Inherit { name, .. }
            | Action::Destroy { name } => name == snapshot,
            Action::Clone { origin, .. } => origin == snapshot,
            Action::Rollback { snapshot: target, .. } => target == snapshot,
            _ => false,
        }
    }

    /// The same with fewer names, where there are several.
    pub(crate) fn simpler(&self) -> Vec<Action> {
        let with = |names: Vec<String>| match self {
            Action::Snapshot { .. } => Action::Snapshot { names },
            Action::DestroySnapshots { deferred, .. } => {
                Action::DestroySnapshots { names, deferred: *deferred }
            }
            Action::Hold { tag, .. } => {
                Action::Hold { names, tag: tag.clone() }
            }
            Action::Release { tag, .. } => {
                Action::Release { names, tag: tag.clone() }
            }
            other => other.clone(),
        };
        match self {
            Action::Snapshot { names }
            | Action::DestroySnapshots { names, .. }
            | Action::Hold { names, .. }
            | Action::Release { names, .. }
                if names.len() > 1 =>
            {
                let without = |left_out: usize| {
                    let mut names = names.clone();
                    names.remove(left_out);
                    with(names)
                };
                (0..names.len()).map(without).collect()
            }
            _ => Vec::new(),
        }
    }
}
