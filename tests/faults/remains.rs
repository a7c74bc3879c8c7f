//! What is there of a hunt that broke off.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::log::{Attempt, verdicts};

/// Slates that are there, and what is written down.
#[derive(Debug)]
pub(crate) struct Remains {
    pub(crate) slates: Vec<Attempt>,
    pub(crate) lines: Vec<Value>,
}

impl Remains {
    /// Fails unless whatever is gone has a verdict, and each is what was told
    /// of it at the time.
    pub(crate) fn check(&self, told: &BTreeMap<Attempt, String>) {
        let known = verdicts(&self.lines);
        for (attempt, said) in &known {
            let told = told.get(attempt).unwrap_or(said);
            assert_eq!(told, said, "{attempt:?}");
        }
        // One after which there was another one was there.
        for (thread, run) in self.slates.iter().chain(known.keys()) {
            for earlier in 0..*run {
                let attempt = (*thread, earlier);
                assert!(
                    self.slates.contains(&attempt)
                        || known.contains_key(&attempt),
                    "the verdict of {attempt:?} is lost: {self:#?}"
                );
            }
        }
    }
}

/// `thread-N-run-M`.
pub(crate) fn numbers(slate: &str) -> Option<Attempt> {
    let (thread, run) = slate.strip_prefix("thread-")?.split_once("-run-")?;
    Some((thread.parse().ok()?, run.parse().ok()?))
}
