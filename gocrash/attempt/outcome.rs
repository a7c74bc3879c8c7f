//! What became of an attempt.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// A suite says by this status that it cannot tell; `git bisect run` and
/// others read it the same way.
const EXIT_IGNORED: i32 = 125;
/// What a shell answers where the command is there but does not run, or isn't
/// there.
const EXIT_NOT_STARTED: [i32; 2] = [126, 127];

/// What an outcome is called in a property of the dataset.
pub(crate) const WORDS: [&str; 7] = [
    "passed",
    "failed",
    "signaled",
    "timed_out",
    "ignored",
    "interrupted",
    "infra",
];

/// Only `Failed`, `Signaled`, `TimedOut` and what the output told as much of
/// count as failures; what follows `TimedOut` says nothing about the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    /// What it printed says more than how it ended, which was so.
    Told(Told, Box<Outcome>),
    Failed(i32),
    Signaled(i32),
    /// Killed by us, because it took longer than it may.
    TimedOut,
    Ignored,
    /// It failed so, and this rule says to ignore that.
    Known(String, Box<Outcome>),
    /// Killed by us, because the hunt was.
    Interrupted,
    Infra(Infra),
}

/// What the output of a run told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// `--pass` is in it.
    Pass,
    /// `--fail` is in it.
    Fail,
    /// It failed with `--ignore` in it.
    Ignore,
    /// It failed, but without what `--fail` looks for.
    NoFail,
    /// It passed, but without what `--pass` looks for.
    NoPass,
}

/// Trouble that is not the suite's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Infra {
    /// A further attempt may go better.
    Passing(String),
    /// There is no way to start the suite.
    NotStarted(String),
    /// It failed where nothing more can be written, so who knows why.
    NoSpace(String),
    /// A shell ran, and answered that it can't start the suite; what it
    /// printed says why.
    SaidNotStarted(i32),
}

impl Outcome {
    /// Reads the status that run number `run` of a thread ended with; or what
    /// was no run of the suite.
    pub(crate) fn of(status: ExitStatus, run: Option<u64>) -> Outcome {
        match (status.code(), status.signal()) {
            (Some(0), _) => Outcome::Passed,
            (Some(EXIT_IGNORED), _) => Outcome::Ignored,
            (Some(code), _)
                if run == Some(0) && EXIT_NOT_STARTED.contains(&code) =>
            {
                Outcome::Infra(Infra::SaidNotStarted(code))
            }
            (Some(code), _) => Outcome::Failed(code),
            (None, Some(signal)) => Outcome::Signaled(signal),
            (None, None) => {
                let what = format!("ended in an unknown way: {status}");
                Outcome::Infra(Infra::Passing(what))
            }
        }
    }

    /// Whether it is a failure that a full pool can bring about: it makes no
    /// suite hang or crash, except by what that has mapped.
    pub(crate) fn may_be_for_want_of_room(&self) -> bool {
        match self {
            Outcome::TimedOut => false,
            Outcome::Signaled(signal) => *signal == libc::SIGBUS,
            outcome => outcome.is_failure(),
        }
    }

    pub(crate) fn is_failure(&self) -> bool {
        matches!(
            self,
            Outcome::Failed(_)
                | Outcome::Signaled(_)
                | Outcome::TimedOut
                | Outcome::Told(Told::Fail, _)
        )
    }

    pub(crate) fn is_pass(&self) -> bool {
        matches!(self, Outcome::Passed | Outcome::Told(Told::Pass, _))
    }

    /// Whether somebody will want to read what the suite printed.
    pub(crate) fn is_loud(&self) -> bool {
        let is_said = matches!(self, Outcome::Infra(Infra::SaidNotStarted(_)));
        self.is_failure() || is_said
    }

    /// Whether it says something about the suite.
    pub(crate) fn is_verdict(&self) -> bool {
        self.is_pass() || self.is_failure()
    }

    /// Whether it ended by itself, and something says to take it for nothing.
    pub(crate) fn is_excused(&self) -> bool {
        self.excuse().is_some()
    }

    /// What says so.
    pub(crate) fn excuse(&self) -> Option<String> {
        match self {
            Outcome::Ignored => {
                Some(format!("by its exit status, {EXIT_IGNORED}"))
            }
            Outcome::Known(rule, _) => {
                Some(format!("by a rule of --rules: {rule}"))
            }
            Outcome::Told(Told::Pass | Told::Fail, _) => None,
            Outcome::Told(told, _) => Some(told.why().to_owned()),
            _ => None,
        }
    }

    /// The exit status and the signal that the suite ended with, where it
    /// ended by itself.
    pub(crate) fn status(&self) -> (Option<i32>, Option<i32>) {
        match self {
            Outcome::Passed => (Some(0), None),
            Outcome::Failed(code)
            | Outcome::Infra(Infra::SaidNotStarted(code)) => {
                (Some(*code), None)
            }
            Outcome::Ignored => (Some(EXIT_IGNORED), None),
            Outcome::Known(_, ended) => ended.status(),
            Outcome::Signaled(signal) => (None, Some(*signal)),
            Outcome::Told(_, ended) => ended.status(),
            Outcome::TimedOut | Outcome::Interrupted | Outcome::Infra(_) => {
                (None, None)
            }
        }
    }

    /// One word, for a property of the dataset.
    pub(crate) fn word(&self) -> &'static str {
        let [passed, failed, signaled, timed_out, ignored, interrupted, infra] =
            WORDS;
        match self {
            Outcome::Passed | Outcome::Told(Told::Pass, _) => passed,
            Outcome::Failed(_) | Outcome::Told(Told::Fail, _) => failed,
            Outcome::Signaled(_) => signaled,
            Outcome::TimedOut => timed_out,
            Outcome::Ignored | Outcome::Told(..) | Outcome::Known(..) => {
                ignored
            }
            Outcome::Interrupted => interrupted,
            Outcome::Infra(_) => infra,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Passed => f.write_str("passed"),
            Outcome::Told(told, ended) => {
                write!(f, "{} {} ({ended})", self.word(), told.why())
            }
            Outcome::Failed(code) => write!(f, "exited with code {code}"),
            Outcome::Signaled(signal) => {
                write!(f, "terminated by signal {signal}")
            }
            Outcome::TimedOut => f.write_str("timed out"),
            Outcome::Ignored => write!(f, "ignored (exit {EXIT_IGNORED})"),
            Outcome::Known(_, ended) => write!(f, "ignored ({ended})"),
            Outcome::Interrupted => f.write_str("interrupted"),
            Outcome::Infra(infra) => write!(f, "no verdict: {infra}"),
        }
    }
}

impl Told {
    /// One word, for the record.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Told::Pass => "pass",
            Told::Fail => "fail",
            Told::Ignore => "ignore",
            Told::NoFail => "no_fail",
            Told::NoPass => "no_pass",
        }
    }

    /// Completes `passed …`, `failed …` or `ignored …`.
    fn why(self) -> &'static str {
        match self {
            Told::Pass => "by --pass",
            Told::Fail => "by --fail",
            Told::Ignore => "by --ignore",
            Told::NoFail => "for want of --fail",
            Told::NoPass => "for want of --pass",
        }
    }
}

impl fmt::Display for Infra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Infra::Passing(what) | Infra::NotStarted(what) => f.write_str(what),
            Infra::NoSpace(what) => write!(f, "no space left: {what}"),
            Infra::SaidNotStarted(code) => write!(
                f,
                "exited with code {code} on the first attempt: the suite \
                 could not be started"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exited(code: i32, run: u64) -> Outcome {
        Outcome::of(ExitStatus::from_raw(code << 8), Some(run))
    }

    #[test]
    fn an_exit_status_is_read_as_git_bisect_and_the_shell_mean_it() {
        assert_eq!(exited(0, 0), Outcome::Passed);
        assert_eq!(exited(1, 0), Outcome::Failed(1));
        assert_eq!(exited(125, 0), Outcome::Ignored);
        let killed = Outcome::of(ExitStatus::from_raw(9), None);
        assert_eq!(killed, Outcome::Signaled(9));
        assert!(killed.is_failure());
    }

    #[test]
    fn a_full_pool_makes_a_suite_fail_but_not_hang_or_crash() {
        let may_be = |outcome: Outcome| outcome.may_be_for_want_of_room();
        assert!(may_be(exited(1, 0)));
        assert!(may_be(Outcome::Signaled(libc::SIGBUS)));
        assert!(!may_be(Outcome::Signaled(libc::SIGSEGV)));
        assert!(!may_be(Outcome::TimedOut) && !may_be(Outcome::Passed));
    }

    #[test]
    fn a_suite_that_never_started_is_no_failure() {
        for code in [126, 127] {
            let first = exited(code, 0);
            assert!(!first.is_failure() && !first.is_verdict(), "{first}");
            assert_eq!(exited(code, 1), Outcome::Failed(code));
        }
    }
}
