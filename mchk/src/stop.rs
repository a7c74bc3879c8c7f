//! Why a run ends early: a failure, an action without sense, or trouble.

use std::error::Error;
use std::fmt;
use std::panic::Location;

/// Why [`System::apply`](crate::System::apply) did not succeed.
///
/// `?` on any error makes it [`Stop::Failed`], at the place of the `?`; on an
/// [`EnvError`] it makes it [`Stop::Env`]. That is why `Stop` is no
/// [`Error`] itself.
#[derive(Clone, Debug)]
pub enum Stop {
    /// The system misbehaved: what the check is looking for.
    Failed(Failure),
    /// The action makes no sense in this state, and nothing was done. A
    /// replay leaves it out and goes on.
    Invalid,
    /// The surroundings failed, not the system: the check ends and nothing
    /// is minimised.
    Env(EnvError),
}

impl Stop {
    /// A failure with a message of its own; the caller's place in the source
    /// is its fingerprint. In `map_err` call it from a closure: passed as a
    /// function it has no caller, and all its failures are alike.
    #[track_caller]
    pub fn failed(message: impl Into<String>) -> Stop {
        Stop::Failed(Failure::new(message.into(), Location::caller()))
    }

    /// Trouble with the surroundings.
    pub fn env(message: impl Into<String>) -> Stop {
        Stop::Env(EnvError::new(message))
    }

    /// Says what makes this failure the same bug as another, where one place
    /// in the source reports several. Does nothing to other stops.
    #[must_use = "the stop is returned, not changed in place"]
    pub fn fingerprint(mut self, fingerprint: impl Into<String>) -> Stop {
        if let Stop::Failed(failure) = &mut self {
            failure.fingerprint = fingerprint.into();
        }
        self
    }
}

impl<E: Error> From<E> for Stop {
    #[track_caller]
    fn from(error: E) -> Stop {
        Stop::Failed(Failure::new(chain(&error), Location::caller()))
    }
}

impl From<EnvError> for Stop {
    fn from(error: EnvError) -> Stop {
        Stop::Env(error)
    }
}

/// How a system failed. Two failures are the same bug when their
/// fingerprints are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    message: String,
    location: String,
    fingerprint: String,
}

impl Failure {
    pub(crate) fn new(message: String, location: &Location<'_>) -> Failure {
        let location = location.to_string();
        Failure { message, fingerprint: location.clone(), location }
    }

    /// The error and its causes, or the words of the panic.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The place in the source that reported it, as `file:line:column`.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// What makes it this bug and no other: its location, unless
    /// [`Stop::fingerprint`] said otherwise.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Trouble with the surroundings: no verdict about the system.
///
/// Any error becomes one by `?`; that is why it is no [`Error`] itself.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvError {
    message: String,
}

impl EnvError {
    /// Trouble with a message of its own.
    pub fn new(message: impl Into<String>) -> EnvError {
        EnvError { message: message.into() }
    }

    /// Says what was going on when it happened.
    pub(crate) fn during(self, what: &str) -> EnvError {
        EnvError { message: format!("{what}: {}", self.message) }
    }
}

impl<E: Error> From<E> for EnvError {
    fn from(error: E) -> EnvError {
        EnvError { message: chain(&error) }
    }
}

impl fmt::Display for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The error and its causes in one line, without causes that the text above
/// them already holds.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
