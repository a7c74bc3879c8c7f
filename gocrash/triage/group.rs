//! The failures of many logs, those of one signature together. What all of a
//! group share is told exactly.

use std::collections::HashMap;

use crate::triage::class::Class;
use crate::triage::failure::Failure;
use crate::triage::signature::{self, ANY, Signature};

/// One signature, and the logs that have it.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: String,
    /// What its members share; elsewhere `…`, or nothing.
    pub(crate) shared: Failure,
    pub(crate) systemic: Option<usize>,
    /// The logs, by their places in what was given.
    pub(crate) logs: Vec<usize>,
}

impl Group {
    pub(crate) fn class(&self) -> Class {
        self.shared.class
    }

    pub(crate) fn title(&self) -> String {
        signature::title(&self.shared, self.systemic)
    }
}

/// Groups the signatures of logs; by class, the most frequent first.
pub(crate) fn group(logs: &[Vec<Signature>]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for (log, signatures) in logs.iter().enumerate() {
        for signature in signatures {
            if let Some(at) = known.get(signature.id.as_str()) {
                let group = &mut groups[*at];
                share(&mut group.shared, &signature.failure);
                group.systemic = group.systemic.max(signature.systemic);
                group.logs.push(log);
                continue;
            }
            known.insert(&signature.id, groups.len());
            groups.push(Group {
                id: signature.id.clone(),
                shared: signature.failure.clone(),
                systemic: signature.systemic,
                logs: vec![log],
            });
        }
    }
    groups.sort_by_key(|group| {
        (group.class(), std::cmp::Reverse(group.logs.len()))
    });
    groups
}

/// Leaves only what both have. What makes the signature, they have in common,
/// but for words with digits.
fn share(shared: &mut Failure, other: &Failure) {
    if shared.message != other.message {
        shared.message = common_words(&shared.message, &other.message);
    }
    if shared.test != other.test {
        shared.test = common_words(&shared.test, &other.test);
    }
    if shared.line != other.line {
        shared.line = None;
    }
    for (shared, other) in [
        (&mut shared.function, &other.function),
        (&mut shared.file, &other.file),
    ] {
        if shared != other {
            shared.clear();
        }
    }
}

/// The words that both have in the same places.
pub(crate) fn common_words(one: &str, other: &str) -> String {
    let ones: Vec<&str> = one.split_whitespace().collect();
    let others: Vec<&str> = other.split_whitespace().collect();
    if ones.len() != others.len() {
        return signature::canonical(one);
    }
    let words = ones.iter().zip(&others);
    let words = words.map(|(one, o)| if one == o { one } else { ANY });
    words.collect::<Vec<_>>().join(" ")
}
