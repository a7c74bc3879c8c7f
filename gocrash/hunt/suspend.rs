//! How a hunt stops for a while, as Ctrl-Z asks for: what runs first, with the
//! clock that it is timed by, and gocrash itself last.

use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, bounded};

use super::{Coordinator, signals};
use crate::hunt::event::Event;

/// So long gocrash waits for what runs to be stopped. A hand that is at
/// something else stops with it, and its attempt goes on until then.
const STOP_MAX: Duration = Duration::from_secs(2);

impl Coordinator<'_> {
    /// Comes back when gocrash is continued.
    pub(super) fn suspend(&mut self, threads: &[u16]) {
        self.clock.stop();
        let begin = Instant::now();
        let stopped = self.wake(threads);
        // It ends when all have let go of the other end.
        let _ = stopped.recv_timeout(STOP_MAX);
        if let Err(error) = signals::stop_myself() {
            let why = format!("cannot stop: {error}");
            self.unsaid.push(Event::Unrecorded(why));
        }
        self.clock.go_on();
        let all: Vec<u16> = (0..self.config.concurrency).collect();
        self.wake(&all);
        let still = begin.elapsed();
        if let Some(ends) = &mut self.time_ends {
            *ends += still;
        }
        self.unsaid.push(Event::Continued(still));
    }

    /// Has these threads look at the clock.
    fn wake(&self, threads: &[u16]) -> Receiver<std::convert::Infallible> {
        let (wake, is_done) = bounded(0);
        let groom = self.groom.iter().map(|(_, wakes)| wakes);
        let hands = threads
            .iter()
            .filter_map(|thread| self.hands.get(usize::from(*thread)));
        for wakes in hands.map(|hands| &hands.wakes).chain(groom) {
            // One that waits already will do.
            let _ = wakes.try_send(wake.clone());
        }
        is_done
    }
}
