//! All hunts that can be found from here, each with its short name.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::id::ids;
use crate::attempt::person::Person;
use crate::config;
use crate::slate::found::{self, Found, number_of};

#[derive(Debug)]
pub(super) struct Hunts {
    /// The oldest first.
    pub(super) all: Vec<Hunt>,
    /// What could not be looked at.
    pub(super) unseen: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Hunt {
    pub(super) id: String,
    pub(super) found: Found,
}

/// Looks at all pools, and where the caller's hunts in directories are.
pub(super) fn find() -> Hunts {
    let (mut found, unseen) = found::find(&states());
    found.sort_by_key(|f| (number_of(&f.session), f.name.clone()));
    let ids = ids(&found);
    let all = ids.into_iter().zip(found);
    let all = all.map(|(id, found)| Hunt { id, found }).collect();
    Hunts { all, unseen }
}

/// Those of the person who called, and of root, where root was called.
fn states() -> Vec<PathBuf> {
    let own: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
    let mut theirs = own.clone();
    if let Ok(person) = Person::find(None) {
        theirs.extend(person.environment());
    }
    let mut states: Vec<PathBuf> =
        [theirs, own].iter().filter_map(config::state).collect();
    states.dedup();
    states
}
