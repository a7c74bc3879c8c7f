//! How often a case fails: some fail only sometimes.

use std::fmt;

/// So many failures in so many runs of the same case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// The runs that failed with the same fingerprint.
    pub failed: usize,
    /// All runs.
    pub runs: usize,
}

impl Rate {
    pub(crate) fn count(&mut self, failed: bool) {
        self.failed += usize::from(failed);
        self.runs += 1;
    }

    /// Both measurements taken together.
    pub(crate) fn and(self, other: Rate) -> Rate {
        let failed = self.failed + other.failed;
        Rate { failed, runs: self.runs + other.runs }
    }

    /// Whether every run failed.
    pub fn is_certain(&self) -> bool {
        self.failed == self.runs
    }

    /// The share of runs that failed.
    pub fn share(&self) -> f64 {
        self.failed as f64 / self.runs.max(1) as f64
    }

    /// A share that is rather too low than too high, as too high a one makes
    /// the minimiser give up on a removal too early: the lower end of
    /// Wilson's interval, one standard deviation wide.
    pub(crate) fn cautious(&self) -> f64 {
        if self.is_certain() {
            return 1.0;
        }
        let (share, runs) = (self.share(), self.runs as f64);
        let spread = share * (1.0 - share) / runs + 0.25 / (runs * runs);
        (share + 0.5 / runs - spread.sqrt()) / (1.0 + 1.0 / runs)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} runs", self.failed, self.runs)
    }
}
