//! Which runs are the sample: those in the order of their starts, up to the
//! first one at which a limit is met.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::rate::Rate;
use crate::attempt::name::AttemptName;

/// When a hunt has seen enough; what is `None` is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) fails: Option<u64>,
    pub(crate) runs: Option<u64>,
    pub(crate) time: Option<Duration>,
}

/// What a run says about the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Passed,
    Failed,
    /// It failed in a way that ends no hunt.
    Excused,
    /// Nothing: it is as if it had not been.
    Nothing,
    /// Nobody knows what it would have said: it was cut off.
    CutOff,
}

/// Counts the runs of a hunt.
///
/// The sample is not what has ended when a limit is met: where failures are
/// quicker than passes, that has too many of them. In the order of the starts,
/// no run's place depends on what becomes of it. All runs that have started
/// have to end for that, as they do after `--halt soon`.
///
/// Of the time, too, it counts what its runs have used in this order, up to the
/// limit times the number of threads. Since every thread is busy until time is
/// up, the runs that had started by then have used that much. Where the sample
/// ends then depends on how many runs passed, failed, and how long those took,
/// but no more on which of them came first.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    limits: Limits,
    /// Nothing is cut off when a limit is met.
    lets_finish: bool,
    /// When the first run started, which is when time begins to count.
    began: Option<Instant>,
    /// Up to when each thread's time is accounted for, if not from then.
    accounted: Vec<Option<Instant>>,
    /// Runs whose turn to be counted has not come, from the first that goes on.
    waiting: VecDeque<Waiting>,
    counted: Count,
    /// All that have ended, in any order.
    ended: Count,
    /// Which limit the last of those that are counted met.
    met: Option<Met>,
    /// A run that was cut off would have been counted.
    has_gap: bool,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    name: AttemptName,
    /// What became of it, and what of its thread's time it used.
    end: Option<(Fate, Duration)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    Fails,
    Runs,
    Time,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    fails: u64,
    /// Those of them that count for no limit.
    excused: u64,
    runs: u64,
    used: Duration,
}

impl Count {
    fn add(&mut self, fate: Fate, used: Duration) {
        match fate {
            Fate::Failed => self.fails += 1,
            Fate::Excused => {
                self.fails += 1;
                self.excused += 1;
            }
            Fate::Passed => {}
            Fate::Nothing | Fate::CutOff => return,
        }
        self.runs += 1;
        self.used += used;
    }
}

impl Tally {
    /// For so many threads. `lets_finish`: runs that are under way when a limit
    /// is met end by themselves.
    pub(crate) fn new(
        limits: Limits,
        lets_finish: bool,
        threads: u16,
    ) -> Tally {
        Tally {
            limits,
            lets_finish: lets_finish || threads == 1,
            began: None,
            accounted: vec![None; threads.into()],
            waiting: VecDeque::new(),
            counted: Count::default(),
            ended: Count::default(),
            met: None,
            has_gap: false,
        }
    }

    pub(crate) fn started(&mut self, name: AttemptName, go: Instant) {
        self.began.get_or_insert(go);
        self.waiting.push_back(Waiting { name, end: None });
    }

    /// What never started needs not be told, but may be.
    pub(crate) fn ended(
        &mut self,
        name: AttemptName,
        fate: Fate,
        exit: Instant,
    ) {
        let mut used = Duration::ZERO;
        if !matches!(fate, Fate::Nothing | Fate::CutOff) {
            // With the time before it, which nothing else used.
            let accounted = &mut self.accounted[usize::from(name.thread)];
            let begin = accounted.or(self.began).unwrap_or(exit);
            used = exit.saturating_duration_since(begin);
            *accounted = Some(exit);
        }
        // Most are among the last.
        let mut last_first = self.waiting.iter_mut().rev();
        let waiting = last_first.find(|waiting| waiting.name == name);
        let Some(waiting) = waiting else { return };
        waiting.end = Some((fate, used));
        self.ended.add(fate, used);
        while let Some(Waiting { end: Some((fate, used)), .. }) =
            self.waiting.front().copied()
        {
            self.waiting.pop_front();
            self.count(fate, used);
        }
    }

    /// All stood still for so long, which nothing used.
    pub(crate) fn stood_still(&mut self, time: Duration) {
        let accounted = self.accounted.iter_mut();
        for moment in accounted.chain([&mut self.began]).flatten() {
            *moment += time;
        }
    }

    fn count(&mut self, fate: Fate, used: Duration) {
        if self.met.is_some() {
            return;
        }
        self.has_gap |= fate == Fate::CutOff;
        self.counted.add(fate, used);
        let Count { fails, excused, runs, used } = self.counted;
        let Limits { fails: fails_max, runs: runs_max, time } = self.limits;
        let time_max = time.map(|time| {
            let threads = u32::try_from(self.accounted.len());
            time.saturating_mul(threads.unwrap_or(u32::MAX))
        });
        self.met = if fails_max.is_some_and(|max| fails - excused >= max) {
            Some(Met::Fails)
        } else if runs_max.is_some_and(|max| runs >= max) {
            Some(Met::Runs)
        } else {
            time_max.filter(|max| used >= *max).map(|_| Met::Time)
        };
    }

    /// So many runs have failed, in the sample or not.
    pub(crate) fn fails(&self) -> u64 {
        self.ended.fails
    }

    /// So many of them count for the limit.
    pub(crate) fn fails_for_limit(&self) -> u64 {
        self.ended.fails - self.ended.excused
    }

    /// So many runs have said something, in the sample or not.
    pub(crate) fn runs(&self) -> u64 {
        self.ended.runs
    }

    /// The failure rate, once all runs have ended. `by_rule`: nothing but a
    /// stop rule ended the hunt.
    pub(crate) fn rate(&self, by_rule: bool) -> Rate {
        let mut all = self.clone();
        for Waiting { end, .. } in std::mem::take(&mut all.waiting) {
            let (fate, used) = end.unwrap_or((Fate::CutOff, Duration::ZERO));
            all.count(fate, used);
        }
        let Count { fails, runs, .. } = all.counted;
        let rate = match all.met {
            Some(Met::Fails) => Rate::up_to_failure(fails, runs),
            _ => Rate::up_to_run(fails, runs),
        };
        // Where as many runs as may be have ended, none was to be killed.
        let may_be_killed = match all.met {
            Some(Met::Runs) => false,
            Some(Met::Fails | Met::Time) => true,
            None => self.limits.time.is_some(),
        };
        let is_approximate = may_be_killed && !self.lets_finish
            || all.has_gap
            || !(all.met.is_some() || by_rule);
        Rate { is_approximate, ..rate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn name(run: u64) -> AttemptName {
        AttemptName { thread: 0, run }
    }

    /// Of one thread, whose runs started as their numbers say and ended in
    /// this order, one each second.
    fn told(limits: Limits, ended: &[(u64, Fate)]) -> Rate {
        let begin = Instant::now();
        let mut tally = Tally::new(limits, true, 1);
        for run in 0..ended.len() {
            tally.started(name(u64::try_from(run).unwrap()), begin);
        }
        let mut now = begin;
        for (run, fate) in ended {
            now += SECOND;
            tally.ended(name(*run), *fate, now);
        }
        tally.rate(true)
    }

    const ONE: Limits = Limits { fails: Some(1), runs: None, time: None };
    use Fate::{CutOff, Failed, Nothing, Passed};

    #[test]
    fn the_sample_goes_up_to_the_failure_in_the_order_of_starts() {
        // The quick failure ended first; a run before it fails as well.
        let ended = [(2, Failed), (0, Passed), (1, Failed), (3, Passed)];
        assert_eq!(told(ONE, &ended), Rate::up_to_failure(1, 2));
    }

    #[test]
    fn a_failure_that_ends_no_hunt_is_one_all_the_same() {
        let ended = [(0, Fate::Excused), (1, Passed), (2, Failed), (3, Passed)];
        assert_eq!(told(ONE, &ended), Rate::up_to_failure(2, 3));
    }

    #[test]
    fn runs_that_say_nothing_are_in_no_denominator() {
        let ended = [(0, Nothing), (1, Passed), (2, Nothing), (3, Failed)];
        assert_eq!(told(ONE, &ended), Rate::up_to_failure(1, 2));
    }

    #[test]
    fn a_run_that_was_cut_off_makes_it_approximate_if_it_would_have_counted() {
        let ended = [(1, Failed), (0, CutOff)];
        let told_before = told(ONE, &ended);
        assert_eq!((told_before.fails, told_before.runs), (1, 1));
        assert!(told_before.is_approximate);
        let ended = [(0, Failed), (1, CutOff)];
        assert_eq!(told(ONE, &ended), Rate::up_to_failure(1, 1));
    }

    #[test]
    fn the_sample_ends_when_its_runs_have_used_up_the_time() {
        let limits = Limits { time: Some(3 * SECOND), ..ONE };
        let passes = [0, 1, 2, 3, 4].map(|run| (run, Passed));
        assert_eq!(told(limits, &passes), Rate::up_to_run(0, 3));
        let mut one_fails = passes;
        one_fails[2].1 = Failed;
        assert_eq!(told(limits, &one_fails), Rate::up_to_failure(1, 3));
    }

    #[test]
    fn no_run_uses_the_time_in_which_all_stood_still() {
        let limits = Limits { time: Some(3 * SECOND), ..ONE };
        let begin = Instant::now();
        let mut tally = Tally::new(limits, true, 1);
        for (run, pause) in [(0, 0), (1, 60), (2, 0), (3, 0)] {
            let before = u32::try_from(run).unwrap();
            let paused = if run > 1 { 60 } else { 0 };
            let go = begin + SECOND * (before + paused);
            tally.started(name(run), go);
            tally.stood_still(pause * SECOND);
            tally.ended(name(run), Passed, go + (1 + pause) * SECOND);
        }
        assert_eq!(tally.rate(true), Rate::up_to_run(0, 3));
    }

    #[test]
    fn a_hunt_that_no_rule_ended_is_approximate() {
        let mut tally = Tally::new(ONE, true, 1);
        tally.started(name(0), Instant::now());
        tally.ended(name(0), Passed, Instant::now());
        assert!(tally.rate(false).is_approximate);
        assert!(!tally.rate(true).is_approximate);
    }
}
