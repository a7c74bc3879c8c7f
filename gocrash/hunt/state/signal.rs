//! What the state makes of signals: an end, soon or at once, or a pause.

use crate::attempt::Kill;
use crate::hunt::state::{Hunt, Stage, Step};

impl Hunt {
    pub(super) fn on_signal(&mut self, signal: i32) -> Vec<Step> {
        let first = self.signal.is_none();
        if first {
            self.signal = Some(signal);
        }
        self.hurried |= !first;
        let kill = if first { Kill::Gently } else { Kill::AtOnce };
        let prepares = self.stage == Stage::Preparing;
        let stop = prepares.then_some(Step::StopPreparing(kill));
        let running = self.threads.iter().filter_map(|thread| thread.running);
        let running = running.map(|name| Step::Kill(name.thread, kill));
        let hurry = (!first).then_some(Step::Hurry);
        running.chain(stop).chain(hurry).collect()
    }

    /// Everything stops, what these threads run and `--prepare` included.
    pub(super) fn suspend(&self) -> Vec<Step> {
        let running = self.threads.iter().filter_map(|thread| thread.running);
        vec![Step::Suspend(running.map(|name| name.thread).collect())]
    }
}
