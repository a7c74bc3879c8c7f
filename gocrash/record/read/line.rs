//! The lines of an event log, as they are read: what is not known is skipped,
//! in a line and as a line.

use serde::Deserialize;

use super::history::Exit;
use crate::record::text::Text;
use crate::stats;

#[derive(Debug, Deserialize)]
pub(super) struct Line {
    pub(super) t_ns: u64,
    #[serde(flatten)]
    pub(super) fact: Fact,
}

/// All that docs/record.md knows. A variant that lacks something it needs makes
/// its line one of those that are not understood.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Fact {
    Opened {
        session: String,
        started: String,
        name: String,
        guid: Option<String>,
        directory: Text,
        boot: Option<String>,
    },
    Resumed {
        boot: Option<String>,
    },
    Golden {
        duration_ns: u64,
        guid: Option<String>,
    },
    NoRoom {
        #[serde(flatten)]
        attempt: Attempt,
        why: String,
    },
    Preparing(Attempt),
    Prepared {
        #[serde(flatten)]
        attempt: Attempt,
        guid: Option<String>,
    },
    Unprepared {
        #[serde(flatten)]
        attempt: Attempt,
        why: String,
    },
    Go(Attempt),
    Replaced {
        #[serde(flatten)]
        attempt: Attempt,
        files: Vec<String>,
    },
    Hang(Attempt),
    Exit {
        #[serde(flatten)]
        attempt: Attempt,
        #[serde(flatten)]
        exit: Exit,
    },
    Kept {
        #[serde(flatten)]
        attempt: Attempt,
        name: String,
        why: Option<String>,
    },
    Retired(Attempt),
    Left {
        name: String,
        why: String,
    },
    Changed {
        paths: Option<u64>,
        first: Option<String>,
        why: Option<String>,
    },
    Signal {
        signal: i32,
    },
    Trouble {
        why: String,
    },
    Closing,
    Closed,
    Over {
        verdict: String,
        signal: Option<i32>,
        why: Option<String>,
        rule: Option<String>,
        rate: Option<Rate>,
    },
    #[serde(other)]
    Unknown,
}

/// How often runs failed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Rate {
    pub(crate) failures: u64,
    pub(crate) runs: u64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) approximate: bool,
}

impl From<&Rate> for stats::Rate {
    fn from(rate: &Rate) -> stats::Rate {
        let Rate { failures, runs, low, high, approximate } = *rate;
        stats::Rate::recorded(failures, runs, (low, high), approximate)
    }
}

/// A failure of an attempt, as triage told it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Signature {
    pub(crate) id: String,
    pub(crate) class: String,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) flaky: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Attempt {
    pub(super) thread: u16,
    pub(super) attempt: u64,
}
