//! Hunts as they are found afterwards, or while they go on: what is there of
//! them, in pools and in directories.

use std::io;
use std::path::PathBuf;

use ::zfs::Zfs;
use jiff::Timestamp;

use super::inside::Inside;
use super::{overlay, zfs};
use crate::attempt::name::AttemptName;
use crate::attempt::reader::Reader;
use crate::record::read::{Attempt, Session};

/// A hunt that goes on, or has left something.
#[derive(Debug)]
pub(crate) struct Found {
    /// What the hunt is called.
    pub(crate) session: String,
    /// The working dataset, or the directory.
    pub(crate) name: String,
    /// The snapshot, where a property says which.
    pub(crate) snapshot: Option<String>,
    pub(crate) kind: Kind,
    /// It came with a send stream: the hunt itself was somewhere else.
    pub(crate) is_copy: bool,
    /// It is no more than the snapshot that the hunt took.
    pub(crate) is_stray: bool,
    /// The process that hunts is there.
    pub(crate) is_alive: bool,
    /// Who can write what the record says, where root can't vouch for it.
    pub(crate) owner: Reader,
    /// Whose rights all is read with that the suite could write to.
    pub(crate) reader: Reader,
    /// What is in it, but for its record.
    pub(crate) slates: Vec<FoundSlate>,
    /// What it says of itself, or why that can't be read.
    pub(crate) record: Result<Session, String>,
}

/// What a hunt is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Zfs,
    Overlay,
}

/// The slate of an attempt.
#[derive(Debug)]
pub(crate) struct FoundSlate {
    pub(crate) attempt: AttemptName,
    /// The dataset, or the directory.
    pub(crate) name: String,
    /// What became of its attempt, where it was marked as kept.
    pub(crate) outcome: Option<String>,
}

impl Found {
    /// Its name says when that was, whether its record can be read or not.
    pub(crate) fn began(&self) -> Option<Timestamp> {
        let number = number_of(&self.session)?;
        Timestamp::from_millisecond(i64::try_from(number).ok()?).ok()
    }
}

/// A directory with hunts in it, and whose it is.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) path: PathBuf,
    pub(crate) owner: Reader,
}

/// Everything there is in pools that are imported, and in these state
/// directories; and what could not be looked at. What suites wrote is for
/// `caller` to read.
pub(crate) fn find(
    states: &[State],
    caller: &Reader,
) -> (Vec<Found>, Vec<String>) {
    let mut found = Vec::new();
    let mut unseen = Vec::new();
    match Zfs::open() {
        Ok(zfs) => zfs::find(&zfs, caller, &mut found, &mut unseen),
        // Where there is no ZFS there are no hunts in it.
        Err(e) if e.kind() == ::zfs::ErrorKind::ModuleNotLoaded => {}
        Err(error) => unseen.push(error.to_string()),
    }
    for state in states {
        let there = state.owner.act(|| overlay::find(&state.path));
        match there {
            Ok(hunts) => found.extend(hunts.into_iter().map(|hunt| Found {
                owner: state.owner.clone(),
                reader: caller.clone().or(&state.owner),
                ..hunt
            })),
            Err(error) => {
                let path = state.path.display();
                unseen.push(format!("cannot read `{path}`: {error}"));
            }
        }
    }
    (found, unseen)
}

/// Whether it is evidence: marked as such, or to be, when gocrash was killed.
pub(crate) fn is_kept(found: &Found, slate: &FoundSlate) -> bool {
    let of_record = || {
        let history = &found.record.as_ref().ok()?.history;
        history.attempts.get(&slate.attempt)
    };
    slate.outcome.is_some() || of_record().is_some_and(Attempt::is_evidence)
}

/// Whether the name is one that gocrash gives to a hunt; its number, then.
pub(crate) fn number_of(session: &str) -> Option<u128> {
    let digits = session.strip_prefix("gocrash-")?;
    let number: u128 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

/// The record in a directory.
pub(super) fn record_in(
    directory: io::Result<Inside>,
) -> Result<Session, String> {
    let read = directory.and_then(|directory| Session::read_in(&directory));
    read.map_err(|error| error.to_string())
}
