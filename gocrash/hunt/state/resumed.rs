//! A hunt that goes on after it had ended, or broken off.

use super::Hunt;
use crate::record::read::History;

impl Hunt {
    /// The same, with what has been before: no number of an attempt is used
    /// twice, and the runs of a thread are counted on. What failed then does
    /// not end what goes on now, and is reproduced all the same.
    pub(crate) fn resuming(mut self, history: &History, kept: usize) -> Hunt {
        self.kept_before = kept;
        let mut done = 0;
        for (name, attempt) in &history.attempts {
            let number = usize::from(name.thread);
            let Some(thread) = self.threads.get_mut(number) else { continue };
            thread.next_run = thread.next_run.max(name.run + 1);
            let Some(exit) = &attempt.exit else { continue };
            let counts = !["infra", "interrupted"].contains(&&*exit.outcome);
            thread.runs += u64::from(counts);
            done += u64::from(exit.is_verdict());
            self.failed_before |= exit.is_failure();
        }
        self.after_runs(done)
    }

    /// Whether a limit was met before that is for all runs.
    pub(crate) fn has_done_all(&self) -> bool {
        let each = self.stop_after;
        self.stop.allows_no_run_after(self.runs_before)
            || self.threads.iter().all(|thread| !thread.has_runs_left(each))
    }

    /// So many slates were kept before it went on.
    pub(crate) fn kept_before(&self) -> usize {
        self.kept_before
    }
}
