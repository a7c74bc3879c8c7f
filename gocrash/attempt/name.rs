//! The name of an attempt: which run of which thread.

use std::fmt;

/// Counted from nought, both; also the last part of the slate's dataset name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AttemptName {
    pub(crate) thread: u16,
    pub(crate) run: u64,
}

impl AttemptName {
    /// The longest there can be: what must fit in a dataset's name.
    pub(crate) const LONGEST: AttemptName =
        AttemptName { thread: u16::MAX, run: u64::MAX };
}

impl fmt::Display for AttemptName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "thread-{}-run-{}", self.thread, self.run)
    }
}
