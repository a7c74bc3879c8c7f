//! Lets one slate at a time be made, so long apart: what it costs to make and
//! destroy them is felt by everybody else on the pool.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Where the hands of all threads pass that make slates.
#[derive(Debug)]
pub(crate) struct Turnstile {
    /// None: whoever comes goes on.
    pace: Option<Duration>,
    next: Mutex<Next>,
    closed: Condvar,
}

#[derive(Debug, Default)]
struct Next {
    /// When the next one may pass.
    at: Option<Instant>,
    is_closed: bool,
}

impl Turnstile {
    pub(crate) fn new(pace: Option<Duration>) -> Turnstile {
        let (next, closed) = (Mutex::default(), Condvar::new());
        Turnstile { pace, next, closed }
    }

    /// Waits for one's turn; false if there will be none.
    pub(crate) fn pass(&self) -> bool {
        let Some(pace) = self.pace else { return true };
        // What a panic left there is whole.
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let mine = next.at.map_or(now, |at| at.max(now));
        next.at = mine.checked_add(pace);
        let wait = mine.saturating_duration_since(now);
        let (next, _) = self
            .closed
            .wait_timeout_while(next, wait, |next| !next.is_closed)
            .unwrap_or_else(PoisonError::into_inner);
        !next.is_closed
    }

    /// Sends away all who wait, and those to come.
    pub(crate) fn close(&self) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.is_closed = true;
        drop(next);
        self.closed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[test]
    fn nobody_passes_sooner_than_that_after_the_last_one() {
        let turnstile = Arc::new(Turnstile::new(Some(LITTLE)));
        let begin = Instant::now();
        let all: Vec<_> = (0..4)
            .map(|_| {
                let turnstile = Arc::clone(&turnstile);
                thread::spawn(move || {
                    assert!(turnstile.pass());
                    begin.elapsed()
                })
            })
            .collect();
        let mut passed: Vec<Duration> =
            all.into_iter().map(|one| one.join().unwrap()).collect();
        passed.sort();
        for (i, passed) in passed.into_iter().enumerate() {
            assert!(passed >= LITTLE * u32::try_from(i).unwrap());
        }
    }

    #[test]
    fn nobody_waits_for_a_hunt_that_ends() {
        let turnstile = Arc::new(Turnstile::new(Some(FOR_EVER)));
        assert!(turnstile.pass());
        let other = Arc::clone(&turnstile);
        let waits = thread::spawn(move || other.pass());
        turnstile.close();
        assert!(!waits.join().unwrap());
        assert!(!turnstile.pass());
    }

    const LITTLE: Duration = Duration::from_millis(20);
    const FOR_EVER: Duration = Duration::from_secs(1_000_000);
}
