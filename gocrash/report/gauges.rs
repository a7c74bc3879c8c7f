//! What is known of a hunt that goes on: the gauges that its status shows.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::attempt::outcome::Outcome;
use crate::hunt::{Event, Hunt};

/// An attempt is slow when it takes this many times the median of others,
const SLOW_MEDIANS: u32 = 3;
/// and this much longer than that,
const SLOW_EXCESS_MIN: Duration = Duration::from_secs(2);
/// where so many others are known.
const SLOW_KNOWN_MIN: usize = 5;
/// The median is that of the last so many: a hunt has no end.
const LAST_MAX: usize = 255;

/// Fed with each event; the rest follows from the time it is.
#[derive(Debug, Clone)]
pub(crate) struct Gauges {
    pub(crate) began: Instant,
    pub(crate) threads: Vec<Doing>,
    /// The hunt ends when there are so many.
    runs_wanted: Option<u64>,
    /// Attempts that gave a verdict.
    pub(crate) runs: u64,
    pub(crate) failures: u64,
    /// How many different ones triage told of.
    pub(crate) signatures: usize,
    /// Attempts that ended without one.
    pub(crate) no_verdict: u64,
    /// No slates are made, for want of room.
    pub(crate) is_paused: bool,
    /// It is decided that the hunt ends: no attempt starts any more.
    pub(crate) is_ending: bool,
    /// What is free where the slates are.
    pub(crate) free_bytes: Option<u64>,
    /// How long all runs took together.
    took: Duration,
    last: VecDeque<Duration>,
}

/// What a thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    Nothing,
    /// This attempt, since then.
    Attempt(u64, Instant),
}

impl Gauges {
    pub(crate) fn new(began: Instant) -> Gauges {
        Gauges {
            began,
            threads: Vec::new(),
            runs_wanted: None,
            runs: 0,
            failures: 0,
            signatures: 0,
            no_verdict: 0,
            is_paused: false,
            is_ending: false,
            free_bytes: None,
            took: Duration::ZERO,
            last: VecDeque::new(),
        }
    }

    /// There are so many threads.
    pub(crate) fn expect_threads(&mut self, threads: u16) {
        self.threads = vec![Doing::Nothing; usize::from(threads)];
    }

    /// The hunt ends after so many runs, if nothing ends it before.
    pub(crate) fn expect_runs(&mut self, runs: Option<u64>) {
        self.runs_wanted = runs;
    }

    /// How long it still takes, if it goes on as it did so far.
    pub(crate) fn left(&self, now: Instant) -> Option<Duration> {
        let wanted = self.runs_wanted.filter(|_| !self.is_ending);
        let left = wanted?.checked_sub(self.runs)?;
        let elapsed = now.saturating_duration_since(self.began);
        (self.runs > 0 && left > 0)
            .then(|| elapsed.mul_f64(left as f64 / self.runs as f64))
    }

    /// Takes in what happened.
    pub(crate) fn apply(&mut self, event: &Event, hunt: &Hunt) {
        self.is_ending = hunt.is_stopping();
        match event {
            Event::Started(name, _, go) => {
                let thread = usize::from(name.thread);
                self.threads[thread] = Doing::Attempt(name.run, *go);
            }
            Event::Ended(name, outcome, span, _) => {
                self.threads[usize::from(name.thread)] = Doing::Nothing;
                self.count(outcome, span.took());
            }
            Event::NoRoom(..) => self.is_paused = hunt.is_paused(),
            Event::Prepared(..) => self.is_paused = false,
            _ => {}
        }
    }

    fn count(&mut self, outcome: &Outcome, took: Duration) {
        if !outcome.is_verdict() {
            self.no_verdict += 1;
            return;
        }
        self.runs += 1;
        self.failures += u64::from(outcome.is_failure());
        self.took += took;
        if self.last.len() == LAST_MAX {
            self.last.pop_front();
        }
        self.last.push_back(took);
    }

    /// How many attempts run.
    pub(crate) fn active(&self) -> usize {
        self.threads.iter().filter(|doing| **doing != Doing::Nothing).count()
    }

    /// How long a run takes, on average.
    pub(crate) fn average(&self) -> Option<Duration> {
        (self.runs > 0).then(|| self.took.div_f64(self.runs as f64))
    }

    /// From how long on an attempt is slow.
    pub(crate) fn slow_from(&self) -> Option<Duration> {
        if self.last.len() < SLOW_KNOWN_MIN {
            return None;
        }
        let mut last: Vec<Duration> = self.last.iter().copied().collect();
        let middle = last.len() / 2;
        let (_, median, _) = last.select_nth_unstable(middle);
        let median = *median;
        Some((median * SLOW_MEDIANS).max(median + SLOW_EXCESS_MIN))
    }

    /// The attempts that run, with their threads' numbers: which, how long.
    pub(crate) fn running(
        &self,
        now: Instant,
    ) -> impl Iterator<Item = (usize, u64, Duration)> {
        let doing = self.threads.iter().enumerate();
        doing.filter_map(move |(thread, doing)| match doing {
            Doing::Nothing => None,
            Doing::Attempt(run, since) => {
                Some((thread, *run, now.saturating_duration_since(*since)))
            }
        })
    }
}
