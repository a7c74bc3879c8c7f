//! Actions as JSON, by serde.

use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::checker::{CheckResult, Checker};
use crate::codec::Codec;
use crate::system::System;

impl<S: System> Checker<S>
where
    S::Params: Serialize + DeserializeOwned,
{
    /// Makes the checker print cases as JSON, and read them from
    /// `MCHK_CASE`.
    pub fn json(mut self) -> Self {
        self.codec = Some(Codec {
            encode: |params| {
                serde_json::to_string(params).map_err(|e| e.to_string())
            },
            decode,
            quote: |text| Value::from(text).to_string(),
        });
        self
    }

    /// Keeps failing cases as JSON files in a directory, each after every
    /// step of minimising, and replays all that are there before every
    /// search. Includes [`json`](Checker::json).
    pub fn regressions(self, directory: impl Into<PathBuf>) -> Self {
        let mut checker = self.json();
        checker.regressions = Some(directory.into());
        checker
    }

    /// Replays a case given as JSON, as it was printed or kept in a file.
    ///
    /// # Errors
    ///
    /// See [`CheckErr`](crate::CheckErr).
    pub fn run_case_json(&self, json: &str) -> CheckResult<S> {
        let case = decode(json).map_err(|error| {
            crate::CheckErr::Unproven(format!(
                "the case cannot be read: {error}"
            ))
        })?;
        self.run_case(&case)
    }
}

/// Reads a list of actions, or an object that has one as `actions`.
///
/// The text is read at once into actions: a `Value` between them would lose
/// what it has no number for.
fn decode<P: DeserializeOwned>(text: &str) -> Result<Vec<P>, String> {
    #[derive(Deserialize)]
    struct Kept<P> {
        actions: Vec<P>,
    }
    let actions = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map(|kept: Kept<P>| kept.actions)
    } else {
        serde_json::from_str(text)
    };
    actions.map_err(|error| error.to_string())
}
