//! What an action answers, and what the model expects.

use std::collections::{BTreeMap, BTreeSet};

use zfs::{Error, ErrorKind};

use crate::name::Root;

/// What the library answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    /// The names below a dataset, its snapshots among them.
    Listed(BTreeSet<String>),
    Refused {
        kind: ErrorKind,
        /// The names of a batch that failed.
        failures: BTreeMap<String, ErrorKind>,
    },
}

/// What the model says an action answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Done,
    Listed(BTreeSet<String>),
    Refused {
        /// One of them. ZFS tells the failures of a batch in any order, so
        /// which one the error as a whole is about is left open.
        kinds: Vec<ErrorKind>,
        failures: BTreeMap<String, ErrorKind>,
        /// More of them, that ZFS may tell or not.
        untold: BTreeMap<String, ErrorKind>,
    },
    /// ZFS leaves open what happens, or it is not about ZFS: not tried.
    Senseless,
}

impl Answer {
    pub(crate) fn of(root: &Root, error: &Error) -> Answer {
        let failure = |failure: &zfs::Failure| {
            (root.relative(failure.name()), failure.kind())
        };
        Answer::Refused {
            kind: error.kind(),
            failures: error.failures().iter().map(failure).collect(),
        }
    }
}

impl Expected {
    pub(crate) fn refused(kind: ErrorKind) -> Expected {
        Expected::failed_as(kind, BTreeMap::new())
    }

    /// A batch of which it is known what it fails for as a whole.
    pub(crate) fn failed_as(
        kind: ErrorKind,
        failures: BTreeMap<String, ErrorKind>,
    ) -> Expected {
        let untold = BTreeMap::new();
        Expected::Refused { kinds: vec![kind], failures, untold }
    }

    /// A batch in which these names failed; as a whole it may be about any
    /// of them.
    pub(crate) fn failed(failures: BTreeMap<String, ErrorKind>) -> Expected {
        let mut kinds: Vec<ErrorKind> = failures.values().copied().collect();
        kinds.dedup();
        Expected::Refused { kinds, failures, untold: BTreeMap::new() }
    }

    pub(crate) fn allows(&self, answer: &Answer) -> bool {
        match (self, answer) {
            (Expected::Done, Answer::Done) => true,
            (Expected::Listed(names), Answer::Listed(listed)) => {
                names == listed
            }
            (
                Expected::Refused { kinds, failures, untold },
                Answer::Refused { kind, failures: told },
            ) => {
                let mut more = told.clone();
                more.retain(|name, _| !failures.contains_key(name));
                kinds.contains(kind)
                    && failures.iter().all(|(n, k)| told.get(n) == Some(k))
                    && more.iter().all(|(n, k)| untold.get(n) == Some(k))
            }
            _ => false,
        }
    }
}
