//! What the state makes of stop rules: which one is met, and how many more
//! attempts may start before one is.

use std::fmt;
use std::time::Duration;

use crate::attempt::Kill;
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::Outcome;
use crate::config::{Halt, shown};
use crate::exit::Verdict;
use crate::hunt::sift::Sifted;
use crate::hunt::state::{Hunt, Step};
use crate::stats::{Fate, Limits, Rate, Tally};

/// What ends a hunt that nothing else ends.
pub(super) const ONE_FAILURE: Limits =
    Limits { fails: Some(1), runs: None, time: None };

/// With so many attempts in a row without a verdict it is 95 % sure that at
/// most one of seven has any: somebody has excused more than they meant to.
pub(crate) const SILENT_IN_A_ROW_MAX: u64 = 20;

/// What ended a hunt that no trouble and no signal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    StopAfter(u64),
    MaxFails(u64),
    MaxRuns(u64),
    MaxTime(Duration),
}

/// How long the hunt may go on.
#[derive(Debug)]
pub(super) struct Stop {
    limits: Limits,
    halt: Halt,
    met: Option<Rule>,
    /// It says nothing unless all runs were done.
    is_all_or_nothing: bool,
    is_timed: bool,
    pub(super) time_is_up: bool,
}

impl Stop {
    pub(super) fn new(limits: Limits, halt: Halt) -> Stop {
        Stop {
            limits,
            halt,
            met: None,
            is_all_or_nothing: false,
            is_timed: false,
            time_is_up: false,
        }
    }

    pub(super) fn allows_no_run_after(&self, done: u64) -> bool {
        self.limits.runs.is_some_and(|limit| limit <= done)
    }

    pub(super) fn is_met(&self) -> bool {
        self.met.is_some()
    }
}

impl Hunt {
    /// The same with these rules, instead of the one that a failure ends it.
    pub(crate) fn stopping(mut self, limits: Limits, halt: Halt) -> Hunt {
        self.stop = Stop::new(limits, halt);
        self.count_anew(limits);
        self
    }

    /// The same, with so many runs done before. What failed among them ended
    /// that; time and failures are counted anew.
    pub(super) fn after_runs(mut self, done: u64) -> Hunt {
        self.runs_before = done;
        let limits = self.stop.limits;
        let runs = limits.runs.map(|limit| limit.saturating_sub(done));
        self.count_anew(Limits { runs, ..limits });
        self
    }

    fn count_anew(&mut self, limits: Limits) {
        let threads = u16::try_from(self.threads.len());
        let threads = threads.expect("as many as were asked for");
        let lets_finish = self.stop.halt == Halt::Soon;
        self.tally = Tally::new(limits, lets_finish, threads);
    }

    /// The same, but without a verdict unless one failed or all were done.
    pub(crate) fn all_or_nothing(mut self, yes: bool) -> Hunt {
        self.stop.is_all_or_nothing = yes;
        self
    }

    pub(crate) fn verdict(&self) -> Verdict {
        if let Some(signal) = self.signal {
            Verdict::Signaled(signal)
        } else if self.has_failed() || self.failed_before {
            Verdict::Reproduced
        } else if self.trouble.is_some()
            || self.runs_in_all() == 0
            || self.lacks_runs()
        {
            Verdict::None
        } else {
            Verdict::Passed
        }
    }

    /// Whether a failure was reproduced, since it was resumed if it was.
    pub(crate) fn has_failed(&self) -> bool {
        self.tally.fails() > 0
    }

    /// How often runs failed; `None` where no run said anything.
    pub(crate) fn rate(&self) -> Option<Rate> {
        let by_rule = self.signal.is_none() && self.trouble.is_none();
        (self.tally.runs() > 0).then(|| self.tally.rate(by_rule))
    }

    /// So many runs said something about the suite, those before it was
    /// resumed included.
    pub(crate) fn runs_in_all(&self) -> u64 {
        self.tally.runs() + self.runs_before
    }

    /// Which rule ended the hunt, once that is over.
    pub(crate) fn rule(&self) -> Option<Rule> {
        let by_rule = self.signal.is_none() && self.trouble.is_none();
        let each = self.stop_after.map(Rule::StopAfter);
        self.stop.met.or(each).filter(|_| by_rule)
    }

    /// What all of so many runs did, where that is the same failure. A single
    /// one may be by chance.
    pub(crate) fn fails_alike(&self) -> Option<(u64, &Outcome)> {
        let runs = self.tally.runs();
        let first = self.first.as_ref().filter(|one| one.is_failure())?;
        (self.is_alike && runs > 1).then_some((runs, first))
    }

    /// Whether more runs would have been needed for a verdict.
    pub(crate) fn lacks_runs(&self) -> bool {
        self.stop.is_all_or_nothing
            && !matches!(self.stop.met, Some(Rule::MaxRuns(_)))
    }

    /// What an attempt that ended so says about the suite.
    pub(super) fn fate(&self, name: AttemptName, outcome: &Outcome) -> Fate {
        let goes_on = || self.sifted(name).is_some_and(Sifted::goes_on);
        match outcome {
            Outcome::Interrupted => Fate::CutOff,
            _ if outcome.is_failure() && goes_on() => Fate::Excused,
            _ if outcome.is_failure() => Fate::Failed,
            _ if outcome.is_verdict() => Fate::Passed,
            _ => Fate::Nothing,
        }
    }

    /// Counts what says nothing, and sees whether all say the same. Trouble and
    /// what was cut off are no words of the suite's.
    pub(super) fn listen(&mut self, outcome: &Outcome) {
        if !matches!(outcome, Outcome::Infra(_) | Outcome::Interrupted) {
            let first = self.first.get_or_insert_with(|| outcome.clone());
            self.is_alike &= first.status() == outcome.status()
                && first.is_failure() == outcome.is_failure();
        }
        if outcome.is_verdict() {
            self.silent_in_a_row = 0;
        } else if outcome.is_excused() {
            self.silent_in_a_row += 1;
        }
    }

    /// Whether the hunt may never come to a limit that counts verdicts.
    pub(crate) fn is_silent(&self) -> bool {
        self.silent_in_a_row >= SILENT_IN_A_ROW_MAX
    }

    /// Whether no further attempt is to start, on any thread.
    pub(crate) fn is_stopping(&self) -> bool {
        self.signal.is_some() || self.stop.is_met() || self.trouble.is_some()
    }

    /// Has the time measured, from when the first attempt started.
    pub(super) fn measure_time(&mut self) -> Option<Step> {
        let limit = self.stop.limits.time?;
        let is_first = !self.stop.is_timed;
        self.stop.is_timed = true;
        is_first.then_some(Step::Measure(limit))
    }

    /// Sees whether a rule is met now, and halts the attempts if it is to.
    pub(super) fn look_for_rule(&mut self) -> Vec<Step> {
        let Stop { limits, halt, met, time_is_up, .. } = self.stop;
        if met.is_some() {
            return Vec::new();
        }
        let Limits { fails, runs, time } = limits;
        let fails =
            fails.filter(|limit| self.tally.fails_for_limit() >= *limit);
        let runs = runs.filter(|limit| self.runs_in_all() >= *limit);
        let time = time.filter(|_| time_is_up);
        self.stop.met = fails
            .map(Rule::MaxFails)
            .or(runs.map(Rule::MaxRuns))
            .or(time.map(Rule::MaxTime));
        if self.stop.met.is_none() || halt == Halt::Soon {
            return Vec::new();
        }
        let running = self.threads.iter().filter_map(|thread| thread.running);
        running.map(|name| Step::Kill(name.thread, Kill::Gently)).collect()
    }

    /// So many of the runs that are left a thread may have for itself.
    pub(super) fn share_of_runs_left(&self) -> u64 {
        let threads = self.threads.len() as u64;
        let share = |limit: u64| {
            limit.saturating_sub(self.runs_in_all()).div_ceil(threads)
        };
        self.stop.limits.runs.map_or(u64::MAX, share)
    }

    /// Whether one more attempt would not be one too many of all.
    pub(super) fn has_runs_left(&self) -> bool {
        let under_way = || self.threads.iter().map(|t| t.under_way());
        let done = self.runs_in_all();
        let runs = self.stop.limits.runs;
        runs.is_none_or(|limit| done + under_way().sum::<u64>() < limit)
    }
}

impl Rule {
    /// One word, for the record.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Rule::StopAfter(_) => "stop_after",
            Rule::MaxFails(_) => "max_fails",
            Rule::MaxRuns(_) => "max_runs",
            Rule::MaxTime(_) => "max_time",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::StopAfter(runs) => write!(f, "--stop-after {runs}"),
            Rule::MaxFails(fails) => write!(f, "--max-fails {fails}"),
            Rule::MaxRuns(runs) => write!(f, "--max-runs {runs}"),
            Rule::MaxTime(time) => write!(f, "--max-time {}", shown(*time)),
        }
    }
}
