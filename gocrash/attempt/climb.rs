//! How an attempt that hangs is ended, so that it can still say why: first the
//! processes without children are told to quit, at which a Go program prints
//! the stacks of its goroutines. Those above them may hold in memory what those
//! printed, so they get time to write it down before their own turn comes.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crossbeam::channel::after;
use nix::sys::signal::Signal;

use crate::attempt::aside::{Heard, Hurry};
use crate::attempt::leaks::Leaks;
use crate::attempt::outcome::Outcome;
use crate::attempt::processes::{self, Process};
use crate::attempt::sys::{Order, Report, Whom};
use crate::attempt::{ANSWER_MAX, Attempt, End, GRACE};

/// How long those above have to write down what those below printed.
const QUIT_GRACE: Duration = Duration::from_secs(10);
/// So often somebody is told to quit. A Go suite has five processes from the
/// shell to the test.
const QUIT_ROUNDS_MAX: u32 = 8;

/// The end of an attempt, as far as it is known.
#[derive(Default)]
struct Ending {
    at: Option<Instant>,
    leaks: Leaks,
    is_over: bool,
}

impl Attempt {
    /// Ends an attempt whose supervisor is this process.
    pub(crate) fn end_hang(self, supervisor: i32, hurry: &Hurry<'_>) -> End {
        let mut ending = Ending::default();
        // It can't say anything while it is stopped, by itself or by whoever
        // looked into it.
        self.signal_all(Signal::SIGCONT);
        let mut climb = Climb::begin(&processes::below(supervisor));
        for _ in 0..QUIT_ROUNDS_MAX {
            if ending.is_over || hurry.is_asked_for() {
                break;
            }
            let tree = processes::below(supervisor);
            let leaves = climb.next(&tree);
            if leaves.is_empty() {
                break;
            }
            for pid in leaves {
                let quit = Signal::SIGQUIT as i32;
                self.line.send(Order::Signal(Whom::One(pid), quit));
            }
            self.wait(&mut ending, QUIT_GRACE, hurry);
        }
        if !ending.is_over && !hurry.is_asked_for() {
            self.signal_all(Signal::SIGTERM);
            self.signal_all(Signal::SIGCONT);
            self.wait(&mut ending, GRACE, hurry);
        }
        if !ending.is_over {
            self.line.send(Order::Kill);
            self.wait_for_all(&mut ending, ANSWER_MAX, hurry);
        }
        End {
            outcome: Outcome::TimedOut,
            at: ending.at.unwrap_or_else(Instant::now),
            leaks: ending.leaks,
        }
    }

    pub(super) fn signal_all(&self, signal: Signal) {
        self.line.send(Order::Signal(Whom::Tree, signal as i32));
    }

    /// Waits for the end, for so long, or until somebody is in a hurry.
    fn wait(&self, ending: &mut Ending, limit: Duration, hurry: &Hurry<'_>) {
        let time = after(limit);
        loop {
            match hurry.wait(&self.line.reports, &time) {
                Heard::Report(report) => ending.hear(report),
                Heard::NoMore => ending.is_over = true,
                Heard::Hurry | Heard::TimeIsUp => break,
            }
            if ending.is_over {
                break;
            }
        }
    }

    /// The same, in no more hurry than that.
    fn wait_for_all(
        &self,
        ending: &mut Ending,
        limit: Duration,
        hurry: &Hurry<'_>,
    ) {
        let begin = Instant::now();
        // Once they are in a hurry, they can't be more so.
        for _ in 0..2 {
            let left = limit.saturating_sub(begin.elapsed());
            if !ending.is_over && !left.is_zero() {
                self.wait(ending, left, hurry);
            }
        }
    }
}

impl Ending {
    fn hear(&mut self, report: Report) {
        match report {
            Report::Ended { is_last, .. } => {
                self.at = Some(Instant::now());
                self.is_over = is_last;
            }
            Report::Found(found, open) => {
                self.leaks = Leaks::of(&found, &open);
                self.is_over = true;
            }
            Report::Started | Report::NotStarted { .. } => {}
        }
    }
}

/// Who was told to quit already, and who is yet to be: those that were there in
/// the beginning. What they start afterwards is none of what hangs.
struct Climb {
    waiting: BTreeSet<(i32, u64)>,
}

impl Climb {
    fn begin(tree: &[Process]) -> Climb {
        Climb { waiting: tree.iter().map(Process::identity).collect() }
    }

    /// Those that are next: that have none below them who wait.
    fn next(&mut self, tree: &[Process]) -> Vec<i32> {
        let waits = |p: &&Process| {
            !p.has_ended() && self.waiting.contains(&p.identity())
        };
        let waiting: Vec<&Process> = tree.iter().filter(waits).collect();
        let mut above = BTreeSet::new();
        for process in &waiting {
            let mut parent = process.parent;
            while above.insert(parent) {
                match tree.iter().find(|p| p.pid == parent) {
                    Some(next) => parent = next.parent,
                    None => break,
                }
            }
        }
        let is_leaf = |p: &&Process| !above.contains(&p.pid);
        let leaves: Vec<&Process> =
            waiting.into_iter().filter(is_leaf).collect();
        for leaf in &leaves {
            self.waiting.remove(&leaf.identity());
        }
        leaves.iter().map(|leaf| leaf.pid).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: [i32; 0] = [];

    fn process(pid: i32, parent: i32) -> Process {
        Process::for_tests(pid, parent)
    }

    #[test]
    fn a_tree_is_climbed_from_its_leaves() {
        // 2 - 3 - 4, and 2 - 5.
        let links = [(2, 1), (3, 2), (4, 3), (5, 2)];
        let mut tree = links.map(|(pid, of)| process(pid, of)).to_vec();
        let mut climb = Climb::begin(&tree);
        assert_eq!(climb.next(&tree), [4, 5]);
        // One has ended, the other one did not listen, and there is a new
        // one, of a number that was told before.
        tree.retain(|p| p.pid != 5);
        tree.push(Process { start: 2, ..process(5, 3) });
        assert_eq!(climb.next(&tree), [3]);
        assert_eq!(climb.next(&tree), [2]);
        assert_eq!(climb.next(&tree), NOBODY);
    }

    #[test]
    fn what_has_ended_keeps_no_parent_from_being_a_leaf() {
        let zombie = Process { state: 'Z', ..process(3, 2) };
        let tree = [process(2, 1), zombie];
        assert_eq!(Climb::begin(&tree).next(&tree), [2]);
    }

    #[test]
    fn a_loop_in_a_listing_has_an_end() {
        let tree = [process(2, 1), process(1, 2), process(3, 3)];
        assert_eq!(Climb::begin(&tree).next(&tree), NOBODY);
    }
}
