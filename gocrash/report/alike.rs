//! Failures that look alike, in groups, and tests that failed in runs which
//! passed all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::digest::exits;
use super::logs::{Log, Logs};
use super::safe;
use crate::attempt::name::AttemptName;
use crate::record::read::history::Fate;
use crate::record::read::line::Signature;
use crate::record::read::{Attempt, Exit, History};
use crate::triage::group::common_words;

/// Failures with one signature, or with none, that ended in the same way. A
/// run that failed in several ways is in several groups.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    /// What their titles have in common.
    pub(crate) title: String,
    /// What triage says of it: a class, and what tells it from others.
    pub(crate) signature: Option<&'a Signature>,
    /// In the order in which they ended.
    pub(crate) failures: Vec<Failure<'a>>,
}

/// An attempt that failed.
#[derive(Debug, Clone)]
pub(crate) struct Failure<'a> {
    pub(crate) name: AttemptName,
    pub(crate) exit: &'a Exit,
    /// The dataset or directory that was kept.
    pub(crate) kept: Option<&'a str>,
    /// It was kept, and is no longer there.
    pub(crate) is_removed: bool,
    /// Where what it printed can be read, and how that ends.
    pub(crate) logs: Vec<Log>,
}

/// A failure that a later try within the same run made good.
#[derive(Debug)]
pub(crate) struct Flaky<'a> {
    pub(crate) title: String,
    pub(crate) signature: &'a Signature,
    /// Those with a verdict in which it was that.
    pub(crate) runs: Vec<AttemptName>,
}

/// The largest first.
pub(super) fn groups<'a>(history: &'a History, logs: &Logs) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<(Option<&str>, String), Group<'a>> =
        BTreeMap::new();
    for (name, exit) in exits(history) {
        if !exit.is_failure() {
            continue;
        }
        let attempt = &history.attempts[&name];
        let was_kept = kept(attempt);
        let kept = was_kept.filter(|_| !logs.lack(name));
        let is_removed = was_kept != kept;
        let logs = logs.of(name, kept.map(|kept| place(history, name, kept)));
        let failure = Failure { name, exit, kept, is_removed, logs };
        let mut ways: Vec<Option<&Signature>> =
            signatures(exit, false).map(Some).collect();
        if ways.is_empty() {
            ways.push(None);
        }
        for signature in ways {
            let (key, title) = match signature {
                Some(signature) => {
                    let title = safe::line(&signature.title);
                    ((Some(&*signature.id), String::new()), title)
                }
                None => ((None, exit.words()), exit.words()),
            };
            let group = groups.entry(key).or_insert_with(|| Group {
                title: title.clone(),
                signature,
                failures: Vec::new(),
            });
            merge(&mut group.title, &title);
            group.failures.push(failure.clone());
        }
    }
    let mut groups: Vec<Group<'a>> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.failures.len()));
    groups
}

/// The most frequent first.
pub(super) fn flaky(history: &History) -> Vec<Flaky<'_>> {
    let mut all: BTreeMap<&str, Flaky<'_>> = BTreeMap::new();
    for (name, exit) in exits(history) {
        if !exit.is_verdict() {
            continue;
        }
        for signature in signatures(exit, true) {
            let title = safe::line(&signature.title);
            let test = all.entry(&signature.id).or_insert_with(|| Flaky {
                title: title.clone(),
                signature,
                runs: Vec::new(),
            });
            merge(&mut test.title, &title);
            test.runs.push(name);
        }
    }
    let mut all: Vec<Flaky<'_>> = all.into_values().collect();
    all.sort_by_key(|test| std::cmp::Reverse(test.runs.len()));
    all
}

/// Each once, of those that were made good or of those that weren't.
fn signatures(exit: &Exit, flaky: bool) -> impl Iterator<Item = &Signature> {
    let mut seen = BTreeSet::new();
    let all = exit.signatures.iter();
    all.filter(move |s| s.flaky == flaky && seen.insert(&s.id))
}

/// The classes of an attempt's failures, each once.
pub(super) fn classes(exit: &Exit) -> BTreeSet<&str> {
    signatures(exit, false).map(|signature| &*signature.class).collect()
}

/// Words with digits may differ where the signature is the same.
fn merge(title: &mut String, other: &str) {
    if title != other {
        *title = common_words(title, other);
    }
}

/// What was kept of an attempt.
pub(crate) fn kept(attempt: &Attempt) -> Option<&str> {
    match &attempt.fate {
        Fate::Kept { name, .. } => Some(name),
        Fate::Unsettled | Fate::Retired => None,
    }
}

/// The directory of what was kept: that of a dataset is where it was mounted
/// when its attempt ran.
fn place(history: &History, name: AttemptName, kept: &str) -> PathBuf {
    match &history.opened {
        Some(opened) if !kept.starts_with('/') => {
            opened.directory.join(name.to_string())
        }
        _ => PathBuf::from(kept),
    }
}
