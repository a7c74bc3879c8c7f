//! A failure rate as it is told: with its interval and the number of runs.

use std::fmt;

use super::CONFIDENCE;
use super::interval::Interval;
use super::percent::{counted, decimals, first_digit};
use super::sure::runs_until_sure;

/// So many failures in so many runs, and what that says about the rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate {
    pub(crate) fails: u64,
    pub(crate) runs: u64,
    /// What holds the true rate in at least 95 of 100 hunts.
    pub(crate) interval: Interval,
    /// Runs were cut off that could have changed it, so that it need not.
    pub(crate) is_approximate: bool,
}

impl Rate {
    /// Where the last of the failures ended it.
    pub(super) fn up_to_failure(fails: u64, runs: u64) -> Rate {
        let interval = Interval::up_to_failure(fails, runs, CONFIDENCE);
        Rate { fails, runs, interval, is_approximate: false }
    }

    /// Where anything else did.
    pub(super) fn up_to_run(fails: u64, runs: u64) -> Rate {
        let interval = Interval::up_to_run(fails, runs, CONFIDENCE);
        Rate { fails, runs, interval, is_approximate: false }
    }

    /// As it was written down.
    pub(crate) fn recorded(
        fails: u64,
        runs: u64,
        (low, high): (f64, f64),
        is_approximate: bool,
    ) -> Rate {
        let runs = runs.max(fails);
        Rate { fails, runs, interval: Interval { low, high }, is_approximate }
    }

    /// Where nobody knows why it ended.
    pub(crate) fn counted(fails: u64, runs: u64) -> Rate {
        Rate { is_approximate: true, ..Rate::up_to_run(fails, runs) }
    }

    /// How many runs without a failure make it so sure that what failed is
    /// fixed; `None` where no number of runs does.
    pub(crate) fn runs_until_sure(&self, confidence: f64) -> Option<u64> {
        runs_until_sure(self.fails, self.runs, confidence)
    }

    /// While a hunt goes on.
    pub(crate) fn so_far(fails: u64, runs: u64) -> Rate {
        Rate::up_to_run(fails, runs)
    }

    /// The part of the runs that failed, and its interval.
    pub(crate) fn share(&self) -> String {
        let Rate { interval, is_approximate, .. } = self;
        let rate = counted(self.value(), decimals(self.value()));
        // The limits are read together, so they look alike.
        let digits = decimals(interval.high);
        let (low, high) = (
            counted(interval.low, digits.max(first_digit(interval.low))),
            counted(interval.high, digits),
        );
        let approximate = if *is_approximate { ", approximate" } else { "" };
        format!("{rate}%, 95% CI {low}–{high}%{approximate}")
    }

    /// The share of runs that failed.
    pub(crate) fn value(&self) -> f64 {
        self.fails as f64 / self.runs as f64
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rate { fails, runs, .. } = self;
        let word = if *runs == 1 { "run" } else { "runs" };
        write!(f, "{fails} of {runs} {word}")?;
        if *runs == 0 {
            return Ok(());
        }
        let share = self.share();
        // The interval is an aside here.
        let (rate, interval) = share.split_once(", ").unwrap_or((&share, ""));
        write!(f, ", {rate} ({interval})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_two_digits_are_shown() {
        let told = |fails, runs| Rate::up_to_run(fails, runs).to_string();
        assert_eq!(told(3, 214), "3 of 214 runs, 1.4% (95% CI 0.3–4.0%)");
        assert_eq!(told(0, 0), "0 of 0 runs");
        assert_eq!(told(0, 1), "0 of 1 run, 0% (95% CI 0–97%)");
        assert_eq!(told(0, 1000), "0 of 1000 runs, 0% (95% CI 0–0.37%)");
        assert_eq!(
            told(1, 30_000),
            "1 of 30000 runs, 0.0033% (95% CI 0.00008–0.019%)"
        );
        assert_eq!(told(20, 20), "20 of 20 runs, 100% (95% CI 83–100%)");
        assert_eq!(told(999, 1000), "999 of 1000 runs, >99% (95% CI >99–>99%)");
    }

    #[test]
    fn what_is_approximate_says_so() {
        let exact = Rate::up_to_failure(3, 214);
        let approximate = Rate { is_approximate: true, ..exact };
        let told = approximate.to_string();
        let expected = "3 of 214 runs, 1.4% (95% CI 0.3–3.4%, approximate)";
        assert_eq!(told, expected);
    }
}
