//! All hunts that can be found from here, each with its short name.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::id::ids;
use crate::attempt::person::Person;
use crate::attempt::reader::Reader;
use crate::config;
use crate::refusal::Refusal;
use crate::slate::found::{self, Found, State, number_of};

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
pub(super) fn find() -> Result<Hunts, Refusal> {
    let caller = Reader::caller()?;
    let (mut found, unseen) = found::find(&states(&caller), &caller);
    found.sort_by_key(|f| (number_of(&f.session), f.name.clone()));
    let ids = ids(&found);
    let all = ids.into_iter().zip(found);
    let all = all.map(|(id, found)| Hunt { id, found }).collect();
    Ok(Hunts { all, unseen })
}

/// Those of the person who called, and of root, where root was called. Where
/// the environment says where the latter's are, that is the caller's word.
fn states(caller: &Reader) -> Vec<State> {
    let own: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
    let of = |person: Result<Person, Refusal>| {
        let mut env = own.clone();
        env.extend(person.ok()?.environment());
        config::state(&env)
    };
    if caller.ids().is_none() {
        let state = config::state(&own).map(|path| {
            let owner = Reader::owner_of(&path);
            State { path, owner }
        });
        return state.into_iter().collect();
    }
    let theirs = of(Person::find(None));
    let roots = of(Person::find(Some("root")));
    let roots = roots.filter(|path| theirs.as_ref() != Some(path));
    let theirs = theirs.map(|path| State { path, owner: caller.clone() });
    let roots = roots.map(|path| State { path, owner: Reader::own() });
    theirs.into_iter().chain(roots).collect()
}
