//! The time that counts for attempts: it stands still while the hunt does.

use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam::channel::Sender;

/// How long all attempts stood still, by whoever stopped the hunt.
#[derive(Debug, Default)]
pub(crate) struct Clock(Mutex<Stops>);

#[derive(Debug, Default)]
struct Stops {
    since: Option<Instant>,
    before: Duration,
}

/// Word for a hand that runs an attempt to look at the clock: whether it has
/// stopped, or goes on. It is dropped when the attempt is as the clock is.
pub(crate) type Wake = Sender<Infallible>;

/// A moment, and how long the clock had stood still until then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    at: Instant,
    still: Duration,
}

impl Clock {
    pub(crate) fn stop(&self) {
        self.stops().since.get_or_insert_with(Instant::now);
    }

    pub(crate) fn go_on(&self) {
        let mut stops = self.stops();
        if let Some(since) = stops.since.take() {
            stops.before += since.elapsed();
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stops().since.is_some()
    }

    /// How long it has stood still until now.
    pub(crate) fn still(&self) -> Duration {
        self.mark(Instant::now()).still
    }

    /// The moment, which is not before the clock was last touched.
    pub(crate) fn mark(&self, at: Instant) -> Mark {
        let stops = self.stops();
        let now = stops.since.map(|since| at.saturating_duration_since(since));
        Mark { at, still: stops.before + now.unwrap_or_default() }
    }

    fn stops(&self) -> MutexGuard<'_, Stops> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mark {
    /// The time that counts from `begin` to this.
    pub(crate) fn since(&self, begin: Mark) -> Duration {
        let still = self.still.saturating_sub(begin.still);
        self.at.saturating_duration_since(begin.at).saturating_sub(still)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stopped_has_taken_no_time() {
        let clock = Clock::default();
        let later = |s| Instant::now() + Duration::from_secs(s);
        let begin = clock.mark(Instant::now());
        let took = clock.mark(later(10)).since(begin);
        assert!((9..=10).contains(&took.as_secs()), "{took:?}");
        clock.stop();
        assert!(clock.is_stopped());
        let took = clock.mark(later(10)).since(begin);
        assert!(took < Duration::from_secs(1), "{took:?}");
        clock.go_on();
        let took = clock.mark(later(10)).since(begin);
        assert!((9..=10).contains(&took.as_secs()), "{took:?}");
    }
}
