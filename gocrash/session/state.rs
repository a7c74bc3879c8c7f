//! How things stand with a hunt, and which of its attempts are what.

use jiff::Timestamp;

use super::hunts::Hunt;
use crate::attempt::name::AttemptName;
use crate::record::host;
use crate::record::read::{Attempt, Exit, Session};
use crate::refusal::Refusal;
use crate::slate::found::{Found, is_kept};

/// How things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It goes on.
    Alive,
    /// It came to its end.
    Ended,
    /// It was killed, or the host went down.
    BrokenOff,
    /// Where it was hunted, that may go on; this is what somebody received.
    Copy,
    /// Its record can't be read, so who knows.
    Unknown,
}

impl State {
    pub(super) fn of(found: &Found) -> State {
        match &found.record {
            _ if found.is_copy => State::Copy,
            _ if found.is_alive => State::Alive,
            Ok(record) if record.history.has_ended() => State::Ended,
            Ok(_) => State::BrokenOff,
            Err(_) => State::Unknown,
        }
    }

    /// One word, for programs.
    pub(super) fn word(self) -> &'static str {
        match self {
            State::Alive => "alive",
            State::Ended => "ended",
            State::BrokenOff => "broken_off",
            State::Copy => "copy",
            State::Unknown => "unknown",
        }
    }
}

/// Refuses a hunt that is not over, or of which nothing can be told.
pub(super) fn check_over(hunt: &Hunt) -> Result<(), Refusal> {
    let name = &hunt.found.name;
    match State::of(&hunt.found) {
        State::Ended | State::BrokenOff => Ok(()),
        State::Alive => Err(Refusal::new(
            format!("`{name}` goes on"),
            "end it first, by Ctrl-C or SIGTERM",
        )),
        State::Copy => Err(Refusal::new(
            format!("`{name}` was received: it is somebody's copy"),
            format!("if it is yours to destroy: `zfs destroy -r {name}`"),
        )),
        State::Unknown => {
            let why = hunt.found.record.as_ref().err();
            let why = why.map_or("", String::as_str);
            Err(Refusal::new(
                format!(
                    "cannot tell what is whose in `{name}`: its record can't \
                     be read: {why}"
                ),
                match is_denied(why) {
                    true => "run gocrash by sudo or doas",
                    false => "see what is in it, and remove it by hand",
                },
            ))
        }
    }
}

/// Whether another person may be let read what can't be read for this reason,
/// which is the system's.
pub(super) fn is_denied(why: &str) -> bool {
    why.starts_with("Permission denied") || why.starts_with("Operation not")
}

/// An attempt whose slate was kept.
#[derive(Debug)]
pub(super) struct KeptSlate<'a> {
    pub(super) attempt: AttemptName,
    /// The dataset, or the directory with what it changed.
    pub(super) name: &'a str,
    /// What became of it, in a word.
    pub(super) outcome: &'a str,
    /// What the record says of its end, where that can be read.
    pub(super) exit: Option<&'a Exit>,
}

/// What was kept, and is there.
pub(super) fn kept(found: &Found) -> Vec<KeptSlate<'_>> {
    let mut kept: Vec<KeptSlate<'_>> = found
        .slates
        .iter()
        .filter_map(|slate| {
            let attempt = attempt(found, slate.attempt);
            let exit = attempt.and_then(|attempt| attempt.exit.as_ref());
            if !is_kept(found, slate) {
                return None;
            }
            // Of overlays, only the record knows.
            let said = attempt.and_then(Attempt::outcome);
            let outcome = slate.outcome.as_deref().or(said)?;
            let name = slate.name.as_str();
            Some(KeptSlate { attempt: slate.attempt, name, outcome, exit })
        })
        .collect();
    kept.sort_by_key(|kept| kept.attempt);
    kept
}

/// The attempts that are running; of a hunt that broke off, those that were
/// when it did. And since when.
pub(super) fn running(found: &Found) -> Vec<(AttemptName, Option<Timestamp>)> {
    let Ok(Session { history, .. }) = &found.record else { return Vec::new() };
    let since = |attempt: &Attempt| history.moment(attempt.go_ns?);
    history.running().map(|(name, attempt)| (*name, since(attempt))).collect()
}

/// What is there of attempts that were not to be kept, though the hunt does not
/// go on.
pub(super) fn unfinished(found: &Found) -> impl Iterator<Item = &str> {
    let is_over = matches!(State::of(found), State::Ended | State::BrokenOff);
    let rest = found
        .slates
        .iter()
        .filter(move |slate| is_over && !is_kept(found, slate));
    let stray = (is_over && found.is_stray).then_some(found.name.as_str());
    rest.map(|slate| slate.name.as_str()).chain(stray)
}

/// Whether the host went down while the hunt went on, where that can be told.
pub(super) fn host_went_down(found: &Found) -> Option<bool> {
    let Ok(Session { history, .. }) = &found.record else { return None };
    let then = history.opened.as_ref()?.boot.as_deref()?;
    let now = host::boot()?;
    Some(State::of(found) == State::BrokenOff && then != now)
}

pub(super) fn attempt(found: &Found, name: AttemptName) -> Option<&Attempt> {
    found.record.as_ref().ok()?.history.attempts.get(&name)
}
