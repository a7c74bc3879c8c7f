//! What the exit status of gocrash tells its caller.
//!
//! `git bisect run` takes 1 to 127 for a bad commit, except 125: trouble of
//! our own must never look like one. 129 is what git answers to bad usage.

use std::process::ExitCode;

/// The stop rule was met and nothing failed.
pub(crate) const PASSED: u8 = 0;
/// A failure was reproduced.
pub(crate) const REPRODUCED: u8 = 1;
/// Nothing can be said about the suite: the trouble was ours or the host's.
pub(crate) const NO_VERDICT: u8 = 125;
/// Refused before anything was created, bad usage included.
pub(crate) const REFUSED: u8 = 129;

/// How a hunt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Signaled(i32),
    Reproduced,
    Passed,
    None,
}

impl Verdict {
    /// Ends by the signal that ended the hunt, so that a calling shell sees
    /// it; otherwise the exit status to end with.
    pub(crate) fn exit(self) -> ExitCode {
        let status = match self {
            Verdict::Signaled(signal) => {
                // Fails only for a number that is no signal at all.
                let _ = signal_hook::low_level::emulate_default_handler(signal);
                NO_VERDICT
            }
            Verdict::Reproduced => REPRODUCED,
            Verdict::Passed => PASSED,
            Verdict::None => NO_VERDICT,
        };
        ExitCode::from(status)
    }
}
