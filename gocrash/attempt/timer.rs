//! How long an attempt may take: no limit, a time, or a part of what those took
//! that passed.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, after, never};

use crate::attempt::clock::{Clock, Mark, Wake};
use crate::config::shown;

/// A median of fewer attempts than this says little.
const PASSED_MIN: usize = 5;
/// So many of those that passed are remembered, the last ones.
const PASSED_MAX: usize = 1001;
/// How often a limit that is not there yet is looked for.
const LOOK: Duration = Duration::from_secs(1);

/// What `--timeout` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timeout {
    None,
    After(Duration),
    /// Percent of the median of the attempts that passed.
    OfMedian(u32),
}

/// How long the attempts took that passed.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<Passed>);

#[derive(Debug, Default)]
struct Passed {
    took: Vec<Duration>,
    /// The place of the oldest, when there is no room for more.
    oldest: usize,
}

/// The time that an attempt has.
#[derive(Debug)]
pub(crate) struct Timer<'a> {
    timeout: Timeout,
    pace: &'a Pace,
    clock: &'a Clock,
    pub(super) wakes: &'a Receiver<Wake>,
    begin: Mark,
}

impl Pace {
    pub(crate) fn passed(&self, took: Duration) {
        let mut passed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Passed { took: all, oldest } = &mut *passed;
        if all.len() < PASSED_MAX {
            all.push(took);
        } else {
            all[*oldest] = took;
            *oldest = (*oldest + 1) % PASSED_MAX;
        }
    }

    fn median(&self) -> Option<Duration> {
        let passed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut took = passed.took.clone();
        drop(passed);
        if took.len() < PASSED_MIN {
            return None;
        }
        took.sort_unstable();
        Some(took[took.len() / 2])
    }
}

impl<'a> Timer<'a> {
    pub(crate) fn new(
        timeout: Timeout,
        pace: &'a Pace,
        clock: &'a Clock,
        wakes: &'a Receiver<Wake>,
        go: Instant,
    ) -> Timer<'a> {
        Timer { timeout, pace, clock, wakes, begin: clock.mark(go) }
    }

    /// When it is worth asking again whether the time is up.
    pub(super) fn next_look(&self) -> Receiver<Instant> {
        if self.timeout == Timeout::None || self.clock.is_stopped() {
            return never();
        }
        after(self.left().unwrap_or(LOOK))
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.clock.is_stopped()
    }

    pub(super) fn is_up(&self) -> bool {
        !self.clock.is_stopped() && self.left() == Some(Duration::ZERO)
    }

    /// The time that counts.
    pub(crate) fn took(&self, until: Instant) -> Duration {
        self.clock.mark(until).since(self.begin)
    }

    fn left(&self) -> Option<Duration> {
        let limit = match self.timeout {
            Timeout::None => None,
            Timeout::After(time) => Some(time),
            Timeout::OfMedian(percent) => {
                self.pace.median().map(|median| median * percent / 100)
            }
        };
        Some(limit?.saturating_sub(self.took(Instant::now())))
    }
}

/// As it can be typed.
impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Timeout::None => f.write_str("none"),
            Timeout::OfMedian(percent) => write!(f, "{percent}%"),
            Timeout::After(time) => f.write_str(&shown(*time)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_median_is_a_limit_once_enough_have_passed() {
        let (pace, clock) = (Pace::default(), Clock::default());
        let timeout = Timeout::OfMedian(300);
        let wakes = never();
        let now = Instant::now();
        let timer = Timer::new(timeout, &pace, &clock, &wakes, now);
        for took in [1000, 10, 900] {
            pace.passed(Duration::from_secs(took));
        }
        pace.passed(Duration::from_secs(20));
        assert_eq!(timer.left(), None);
        pace.passed(Duration::from_secs(30));
        let left = timer.left().unwrap().as_secs();
        assert!((89..=90).contains(&left), "{left}");
        assert!(!timer.is_up());
    }

    #[test]
    fn only_the_last_attempts_are_remembered() {
        let pace = Pace::default();
        for _ in 0..PASSED_MAX {
            pace.passed(Duration::from_secs(1));
        }
        for _ in 0..PASSED_MAX {
            pace.passed(Duration::from_secs(2));
        }
        assert_eq!(pace.median(), Some(Duration::from_secs(2)));
    }

    #[test]
    fn a_timeout_reads_as_it_is_typed() {
        let say = |ms| Timeout::After(Duration::from_millis(ms)).to_string();
        assert_eq!(say(5_400_000), "1h30m");
        assert_eq!(say(30_500), "30s500ms");
    }
}
