//! The name of an attempt: which run of which thread.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Counted from nought, both; also the last part of the slate's dataset name.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
)]
#[serde(deny_unknown_fields)]
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

impl FromStr for AttemptName {
    type Err = ();

    /// Only what `Display` writes: no signs, no noughts in front.
    fn from_str(text: &str) -> Result<AttemptName, ()> {
        let rest = text.strip_prefix("thread-").ok_or(())?;
        let (thread, run) = rest.split_once("-run-").ok_or(())?;
        let name = AttemptName {
            thread: thread.parse().map_err(drop)?,
            run: run.parse().map_err(drop)?,
        };
        (name.to_string() == text).then_some(name).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_that_was_written_is_read() {
        let name = AttemptName { thread: 3, run: 70 };
        assert_eq!("thread-3-run-70".parse(), Ok(name));
        for other in ["thread-03-run-70", "thread-3-run-+1", "thread-3", ""] {
            assert_eq!(other.parse::<AttemptName>(), Err(()), "{other}");
        }
    }
}
