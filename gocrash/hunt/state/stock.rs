//! What the state makes of slates ahead of their attempts, and of those that
//! are to go.

use super::thread::{Hindrance, Thread, settling_max};
use super::{Hunt, Step};
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::{Infra, Outcome};
use crate::hunt::worker::Order;
use crate::slate::{Unprepared, Working};

/// So many slates all threads together may have ahead, unless they are more,
/// where suites are shorter than it takes to make one.
pub(super) const AHEAD_MAX: usize = 16;
/// So many slates one thread may have: one in use, those ahead, and those on
/// their way out.
pub(crate) const SLATES_MAX: usize = 1 + AHEAD_MAX + settling_max(AHEAD_MAX);

impl Hunt {
    /// So many slates a thread may have ahead.
    pub(crate) fn ahead_max(&self) -> usize {
        let has_plenty = |working: &Working| working.has_plenty;
        if self.is_paced
            || self.room.was_short
            || !self.working.as_ref().is_some_and(has_plenty)
        {
            return 1;
        }
        1.max(AHEAD_MAX / self.threads.len())
    }

    /// Runs what is ready, or has it destroyed.
    pub(super) fn advance(
        &mut self,
        thread: usize,
        is_stopping: bool,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.threads[thread].lost {
            return steps;
        }
        if is_stopping {
            while let Some(name) = self.threads[thread].any_ready() {
                match self.hurried {
                    // By what it is called as long as it waits.
                    true => self.abandon(name),
                    false => self.discard(name),
                }
                self.threads[thread].unstock(name);
            }
        }
        let waits = !is_stopping && !self.is_paused();
        let thread = &mut self.threads[thread];
        let retire =
            |name: AttemptName| Step::Order(name.thread, Order::Retire(name));
        steps.extend(thread.take_waste(waits).into_iter().map(retire));
        if thread.running.is_none() && !is_stopping {
            thread.running = thread.take_next();
            let run =
                |name: AttemptName| Step::Order(name.thread, Order::Run(name));
            steps.extend(thread.running.map(run));
        }
        steps
    }

    /// Has the slates made that are lacking.
    pub(super) fn restock(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut lacking: Vec<usize> =
            self.threads.iter().map(Thread::lacks_slates).collect();
        let share = self.share_of_runs_left();
        for _ in 0..AHEAD_MAX {
            // Where few runs are left, they are for threads that have none.
            let mut order: Vec<usize> = (0..self.threads.len()).collect();
            order.sort_by_key(|thread| self.threads[*thread].under_way());
            for i in order {
                let wants_more = self.has_runs_left();
                let thread = &mut self.threads[i];
                if thread.lost
                    || lacking[i] == 0
                    || !wants_more
                    || thread.under_way() >= share
                    || !thread.has_runs_left(self.stop_after)
                {
                    continue;
                }
                lacking[i] -= 1;
                let number = u16::try_from(i).expect("a number of a thread");
                let name = thread.next_run(number);
                steps.push(Step::Order(number, Order::Prepare(name)));
            }
        }
        steps
    }

    pub(super) fn on_unprepared(
        &mut self,
        name: AttemptName,
        unprepared: &Unprepared,
    ) {
        self.left.extend(unprepared.left.clone());
        // What several meet that are made at a time counts once.
        let trouble = Some(Hindrance::Trouble);
        if self.thread(name).hindrance != trouble {
            let infra = Infra::Passing(unprepared.why.clone());
            self.count(name, &Outcome::Infra(infra));
        }
        let thread = self.thread(name);
        thread.unstock(name);
        let others = thread.under_way() > 0;
        thread.hindrance = trouble.filter(|_| others);
    }

    /// Has a slate destroyed, in a while.
    pub(super) fn discard(&mut self, name: AttemptName) {
        let thread = self.thread(name);
        thread.settling.push(name);
        thread.waste.push(name);
    }
}
