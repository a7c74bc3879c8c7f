//! What became of an attempt, as the log has it.

use serde::Serialize;

use super::Fact;
use crate::attempt::leaks::{self, Leaks};
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::Outcome;
use crate::hunt::Hunt;
use crate::hunt::event::Span;
use crate::hunt::sift::Sifted;
use crate::record::text::Text;
use crate::triage;

/// What triage makes of an attempt.
#[derive(Debug, Serialize)]
pub(crate) struct Triage<'a> {
    /// The version that these are of.
    triage: u32,
    signatures: Vec<Signature<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    /// What is wrong with a JUnit file of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    results_unread: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Signature<'a> {
    id: &'a str,
    class: &'static str,
    title: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    flaky: bool,
}

impl<'a> From<&'a Sifted> for Triage<'a> {
    fn from(sifted: &'a Sifted) -> Triage<'a> {
        let Sifted { signatures, decision, unread } = sifted;
        let signatures = signatures.iter().map(|signed| Signature {
            id: &signed.id,
            class: signed.class.word(),
            title: &signed.title,
            flaky: signed.is_flaky,
        });
        Triage {
            triage: triage::VERSION,
            signatures: signatures.collect(),
            action: decision.as_ref().map(|decided| decided.action.word()),
            rule: decision.as_ref().map(|decided| decided.rule.as_str()),
            results_unread: unread.as_deref(),
        }
    }
}

/// A process that outlived the command of its attempt.
#[derive(Debug, Serialize)]
pub(crate) struct Leak<'a> {
    pid: i32,
    name: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<Text>,
}

impl<'a> From<&'a leaks::Leak> for Leak<'a> {
    fn from(leak: &'a leaks::Leak) -> Leak<'a> {
        let files = leak.files.iter().map(|file| file.as_path().into());
        Leak { pid: leak.pid, name: &leak.name, files: files.collect() }
    }
}

pub(super) fn is_nought(number: &u32) -> bool {
    *number == 0
}

pub(super) fn of_exit<'a>(
    name: AttemptName,
    outcome: &Outcome,
    span: &Span,
    leaks: &'a Leaks,
    hunt: &'a Hunt,
) -> Fact<'a> {
    let (exit_status, signal) = outcome.status();
    Fact::Exit {
        attempt: name.into(),
        outcome: outcome.word(),
        exit_status,
        signal,
        by: match outcome {
            Outcome::Told(told, _) => Some(told.word()),
            _ => None,
        },
        duration_ns: crate::record::nanoseconds(span.took()),
        kept: hunt.keeps(name, outcome),
        leaked: leaks.count,
        leaks: leaks.first.iter().map(Leak::from).collect(),
        why: match outcome {
            Outcome::Infra(infra) => Some(infra.to_string()),
            _ => None,
        },
        triage: hunt.sifted(name).map(Triage::from),
    }
}
