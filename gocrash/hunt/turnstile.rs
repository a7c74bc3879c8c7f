//! Lets one slate at a time be made, so long apart: what it costs to make and
//! destroy them is felt by everybody else on the pool.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Where the hands of all threads pass that make slates.
#[derive(Debug)]
pub(crate) struct Turnstile {
    /// None: whoever comes goes on.
    pace: Option<Duration>,
    next: Mutex<Next>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Next {
    /// When the next one may pass.
    at: Option<Instant>,
    is_closed: bool,
}

impl Turnstile {
    pub(crate) fn new(pace: Option<Duration>) -> Turnstile {
        let (next, changed) = (Mutex::default(), Condvar::new());
        Turnstile { pace, next, changed }
    }

    /// Waits for one's turn; false if there will be none.
    pub(crate) fn pass(&self) -> bool {
        let Some(pace) = self.pace else { return true };
        let mut next = self.next();
        loop {
            let now = Instant::now();
            let wait = next.at.map(|at| at.saturating_duration_since(now));
            if next.is_closed {
                return false;
            }
            // Whoever waited while gocrash was stopped passes one at a time.
            let Some(wait) = wait.filter(|wait| !wait.is_zero()) else {
                next.at = now.checked_add(pace);
                return true;
            };
            let waited = self.changed.wait_timeout(next, wait);
            next = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Nothing came of a turn: the next one need not wait for that.
    pub(crate) fn give_back(&self) {
        self.next().at = None;
        self.changed.notify_all();
    }

    fn next(&self) -> MutexGuard<'_, Next> {
        // What a panic left there is whole.
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends away all who wait, and those to come.
    pub(crate) fn close(&self) {
        self.next().is_closed = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use crossbeam::channel::bounded;

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
        let (passed, heard) = bounded(1);
        thread::spawn(move || passed.send(other.pass()));
        // It should wait by then; if it doesn't, that is no harm.
        assert!(heard.recv_timeout(LITTLE).is_err());
        turnstile.close();
        assert_eq!(heard.recv_timeout(FOR_EVER), Ok(false));
        assert!(!turnstile.pass());
    }

    #[test]
    fn a_turn_that_came_to_nothing_delays_nobody() {
        let turnstile = Turnstile::new(Some(FOR_EVER));
        assert!(turnstile.pass());
        turnstile.give_back();
        assert!(turnstile.pass());
    }

    const LITTLE: Duration = Duration::from_millis(20);
    const FOR_EVER: Duration = Duration::from_secs(600);
}
