//! What a person wants run beside the suite.

use std::ffi::OsString;

/// What to run, by `sh -c`, when something becomes of an attempt.
#[derive(Debug, Default)]
pub(crate) struct Hooks {
    pub(crate) start: Option<OsString>,
    pub(crate) failure: Option<OsString>,
    pub(crate) timeout: Option<OsString>,
}

impl Hooks {
    /// Whether one is told where each slate is that was kept.
    pub(crate) fn need_kept_mounted(&self) -> bool {
        self.failure.is_some()
    }
}
