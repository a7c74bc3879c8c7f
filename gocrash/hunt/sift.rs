//! What an attempt that failed has printed, triaged, and what the rules say
//! about it.

use crate::attempt::outcome::{Infra, Outcome};
use crate::attempt::said::Logs;
use crate::triage::class::Class;
use crate::triage::rules::{Action, Rules};
use crate::triage::signature::{self, Signature};
use crate::triage::{self, Results};

/// More of one attempt are not told.
const SIGNATURES_MAX: usize = 50;

/// What triage made of an attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sifted {
    pub(crate) signatures: Vec<Signed>,
    pub(crate) decision: Option<Decided>,
    /// Why one of its JUnit files could not be read, or not to its end.
    pub(crate) unread: Option<String>,
}

/// A signature, as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) id: String,
    pub(crate) class: Class,
    pub(crate) title: String,
    /// The test passed when it was run again.
    pub(crate) is_flaky: bool,
}

/// What a rule says, and the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decided {
    pub(crate) action: Action,
    pub(crate) rule: String,
}

impl From<&Signature> for Signed {
    fn from(signature: &Signature) -> Signed {
        Signed {
            id: signature.id.clone(),
            class: signature.class(),
            title: signature.title(),
            is_flaky: signature.failure.is_flaky,
        }
    }
}

/// What an attempt that passed tells of tests that did so only when they were
/// run again, if it tells anything.
pub(crate) fn flaky(junit: &[Vec<u8>]) -> Option<Sifted> {
    let (junit, unread) = results(junit);
    let signatures = signature::sign(triage::flaky(&[], &junit));
    let told = signatures.iter().take(SIGNATURES_MAX).map(Signed::from);
    let signatures: Vec<Signed> = told.collect();
    let is_anything = !signatures.is_empty() || unread.is_some();
    is_anything.then_some(Sifted { signatures, decision: None, unread })
}

/// What is in these files, and what is wrong with the first that is broken.
fn results(junit: &[Vec<u8>]) -> (Vec<Results>, Option<String>) {
    let results = triage::results(junit);
    let mut broken = results.iter().filter_map(|r| r.broken.clone());
    let unread = broken.next();
    (results, unread)
}

/// Reads the logs of an attempt that failed, and the JUnit files that it left.
pub(crate) fn sift(
    outcome: &Outcome,
    logs: &Logs,
    junit: &[Vec<u8>],
    rules: &Rules,
) -> Sifted {
    let outputs = logs.whole();
    let outputs: Vec<&[u8]> = outputs.iter().map(Vec::as_slice).collect();
    let is_timed_out = *outcome == Outcome::TimedOut;
    let (junit, unread) = results(junit);
    let failures = triage::read_with(&outputs, &junit, is_timed_out);
    let signatures = signature::sign(failures);
    let decision = rules.decide(&signatures, &outputs);
    let told = signatures.iter().take(SIGNATURES_MAX);
    Sifted {
        signatures: told.map(Signed::from).collect(),
        decision: decision.rule.map(|rule| Decided {
            action: decision.action,
            rule: rule.text.clone(),
        }),
        unread,
    }
}

impl Sifted {
    /// What became of an attempt that ended so, by the rules.
    pub(crate) fn judge(&self, outcome: Outcome) -> Outcome {
        let Some(Decided { action, rule }) = &self.decision else {
            return outcome;
        };
        if !outcome.is_failure() {
            return outcome;
        }
        match action {
            Action::Stop | Action::Count => outcome,
            Action::Ignore => Outcome::Known(rule.clone(), Box::new(outcome)),
            Action::Infra => {
                let why = format!("a rule says so: {rule}; {outcome}");
                Outcome::Infra(Infra::Passing(why))
            }
        }
    }

    /// Whether a rule says to go on after this failure.
    pub(crate) fn goes_on(&self) -> bool {
        let action = self.decision.as_ref().map(|decided| decided.action);
        action == Some(Action::Count)
    }
}
