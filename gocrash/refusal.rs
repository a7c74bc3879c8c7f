//! A refusal: gocrash will not start, and says what would help.

use std::fmt;

/// Why nothing was created, and the remedy.
#[derive(Debug)]
pub(crate) struct Refusal {
    what: String,
    help: String,
}

impl Refusal {
    pub(crate) fn new(
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> Refusal {
        Refusal { what: what.into(), help: help.into() }
    }

    pub(crate) fn help(&self) -> &str {
        &self.help
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Refusal {}
