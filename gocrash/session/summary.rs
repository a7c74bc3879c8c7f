//! Hunts and what they kept, as docs/sessions.md has it: JSON types of their
//! own.

use jiff::Timestamp;
use serde::Serialize;

use super::hunts::{Hunt, Hunts};
use super::state::{self, KeptSlate, State};
use crate::attempt::name::AttemptName;
use crate::record::read::Session;
use crate::record::text::Text;
use crate::report::printed;
use crate::slate::found::Kind;

/// What `gocrash list` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Listing {
    v: u32,
    pub(crate) sessions: Vec<Summary>,
    pub(crate) unseen: Vec<String>,
}

/// One hunt.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) id: String,
    pub(crate) session: String,
    pub(crate) name: String,
    kind: &'static str,
    pub(crate) state: &'static str,
    pub(crate) started: Option<String>,
    pub(crate) snapshot: Option<String>,
    pub(crate) directory: Option<Text>,
    pub(crate) command: Option<Vec<Text>>,
    pub(crate) verdict: Option<String>,
    pub(crate) attempts: Option<usize>,
    pub(crate) failures: Option<usize>,
    pub(crate) kept: Vec<Kept>,
    pub(crate) running: Vec<Running>,
    pub(crate) unfinished: Vec<String>,
    pub(crate) host_went_down: Option<bool>,
    pub(crate) unread: Option<String>,
}

/// A slate that stays.
#[derive(Debug, Serialize)]
pub(crate) struct Kept {
    pub(crate) id: String,
    thread: u16,
    attempt: u64,
    pub(crate) name: String,
    pub(crate) outcome: String,
    pub(crate) exit_status: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) duration_ns: Option<u64>,
}

/// An attempt without an end.
#[derive(Debug, Serialize)]
pub(crate) struct Running {
    pub(crate) id: String,
    thread: u16,
    attempt: u64,
    pub(crate) since: Option<String>,
}

impl Listing {
    pub(super) fn new(hunts: &Hunts) -> Listing {
        Listing {
            v: printed::VERSION,
            sessions: hunts.all.iter().map(Summary::new).collect(),
            unseen: hunts.unseen.clone(),
        }
    }
}

impl Summary {
    pub(super) fn new(hunt: &Hunt) -> Summary {
        let Hunt { id, found } = hunt;
        let record = found.record.as_ref().ok();
        let history = record.map(|Session { history, .. }| history);
        let manifest = record.and_then(|record| record.manifest.as_ref().ok());
        let source = manifest.map(|manifest| &manifest.source);
        let exits = || {
            let all = history?.attempts.values();
            Some(all.filter_map(|attempt| attempt.exit.as_ref()))
        };
        let attempt_id = |name: AttemptName| format!("{id}/{name}");
        let kept = |kept: KeptSlate<'_>| Kept {
            id: attempt_id(kept.attempt),
            thread: kept.attempt.thread,
            attempt: kept.attempt.run,
            name: kept.name.to_owned(),
            outcome: kept.outcome.to_owned(),
            exit_status: kept.exit.and_then(|exit| exit.exit_status),
            signal: kept.exit.and_then(|exit| exit.signal),
            duration_ns: kept.exit.map(|exit| exit.duration_ns),
        };
        let running =
            |(name, since): (AttemptName, Option<Timestamp>)| Running {
                id: attempt_id(name),
                thread: name.thread,
                attempt: name.run,
                since: since.map(|since| since.to_string()),
            };
        Summary {
            id: id.clone(),
            session: found.session.clone(),
            name: found.name.clone(),
            kind: match found.kind {
                Kind::Zfs => "zfs",
                Kind::Overlay => "overlay",
            },
            state: State::of(found).word(),
            started: history
                .and_then(|history| history.opened.as_ref())
                .map(|opened| opened.started)
                // Of a snapshot that is all there is, only the name tells.
                .or_else(|| found.began().filter(|_| found.is_stray))
                .map(|started| started.to_string()),
            snapshot: found.snapshot.clone(),
            directory: source.and_then(|source| source.directory.clone()),
            command: manifest.map(|manifest| manifest.command.clone()),
            verdict: history
                .and_then(|history| history.over.as_ref())
                .map(|over| over.verdict.clone()),
            attempts: exits().map(Iterator::count),
            failures: exits()
                .map(|exits| exits.filter(|exit| exit.is_failure()).count()),
            kept: state::kept(found).into_iter().map(kept).collect(),
            running: state::running(found).into_iter().map(running).collect(),
            unfinished: state::unfinished(found).map(str::to_owned).collect(),
            host_went_down: state::host_went_down(found),
            unread: found.record.as_ref().err().cloned(),
        }
    }
}
