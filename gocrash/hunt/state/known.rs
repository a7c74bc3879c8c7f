//! What triage has told of the hunt's failures so far.

use std::collections::HashMap;

use super::Hunt;
use crate::attempt::name::AttemptName;
use crate::hunt::sift::{Sifted, Signed};

/// More different ones tell nothing more.
const SIGNATURES_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Known {
    /// Of attempts whose slates are not settled yet.
    sifted: HashMap<AttemptName, Sifted>,
    /// The first attempt that had it, by the signature's id.
    first: HashMap<String, AttemptName>,
}

impl Hunt {
    pub(super) fn on_sifted(&mut self, name: AttemptName, sifted: &Sifted) {
        let Known { first, .. } = &mut self.known;
        for Signed { id, .. } in &sifted.signatures {
            if first.len() < SIGNATURES_MAX {
                first.entry(id.clone()).or_insert(name);
            }
        }
        self.known.sifted.insert(name, sifted.clone());
    }

    pub(super) fn forget(&mut self, name: AttemptName) {
        self.known.sifted.remove(&name);
    }

    /// What triage told of an attempt, as long as its slate is not settled.
    pub(crate) fn sifted(&self, name: AttemptName) -> Option<&Sifted> {
        self.known.sifted.get(&name)
    }

    /// Those of its signatures that no attempt before had.
    pub(crate) fn new_signatures(
        &self,
        name: AttemptName,
    ) -> impl Iterator<Item = &Signed> {
        self.signatures_of(name).filter_map(|(s, is_new)| is_new.then_some(s))
    }

    /// Those that one had.
    pub(crate) fn old_signatures(
        &self,
        name: AttemptName,
    ) -> impl Iterator<Item = &Signed> {
        self.signatures_of(name)
            .filter_map(|(s, is_new)| (!is_new).then_some(s))
    }

    /// Its signatures, each with whether no attempt before had it.
    fn signatures_of(
        &self,
        name: AttemptName,
    ) -> impl Iterator<Item = (&Signed, bool)> {
        let sifted = self.sifted(name).into_iter();
        let all = sifted.flat_map(|sifted| &sifted.signatures);
        all.filter_map(move |signed| {
            let first = self.known.first.get(&signed.id)?;
            Some((signed, *first == name))
        })
    }

    /// Whether any attempt had it.
    pub(crate) fn has_signature(&self, id: &str) -> bool {
        self.known.first.contains_key(id)
    }

    /// How many different ones there were.
    pub(crate) fn signatures(&self) -> usize {
        self.known.first.len()
    }
}
