//! What a hunt comes to: counts, rate, durations and groups of failures, for
//! every report that tells of a hunt as a whole.

use std::time::{Duration, Instant};

use super::alike::{self, Failure, Flaky, Group};
use super::logs::Logs;
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::Outcome;
use crate::record::manifest::Options;
use crate::record::read::{Exit, History, Session};
use crate::stats::{self, Limits, Rate, Sample, Tally};

/// One hunt.
#[derive(Debug)]
pub(crate) struct Digest<'a> {
    pub(crate) session: &'a Session,
    /// It is known to go on.
    pub(crate) is_alive: bool,
    pub(crate) counts: Counts,
    /// How long runs took that gave a verdict.
    pub(crate) took: Option<Took>,
    /// The failure rate; `None` where no run gave a verdict.
    pub(crate) rate: Option<Rate>,
    /// The runs which that is about.
    pub(super) sample: Sample<AttemptName>,
    pub(crate) groups: Vec<Group<'a>>,
    pub(crate) flaky: Vec<Flaky<'a>>,
}

/// Attempts by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Ended without a verdict.
    pub(crate) no_verdict: u64,
    /// Started, and no end of them is known.
    pub(crate) running: u64,
}

/// Durations of runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Took {
    pub(crate) least: Duration,
    pub(crate) median: Duration,
    pub(crate) mean: Duration,
    pub(crate) most: Duration,
}

impl Counts {
    /// Those with a verdict.
    pub(crate) fn runs(&self) -> u64 {
        self.passed + self.failed
    }
}

impl<'a> Digest<'a> {
    /// Of logs that are not known yet, those that were kept are read.
    pub(crate) fn new(session: &'a Session, logs: &Logs) -> Digest<'a> {
        let history = &session.history;
        let counts = counts(history);
        let rate = rate_of(session);
        Digest {
            session,
            is_alive: false,
            counts,
            took: took(history),
            rate,
            sample: sample(session, rate.as_ref()),
            groups: alike::groups(history, logs),
            flaky: alike::flaky(history),
        }
    }

    /// What the hunt is called.
    pub(crate) fn name(&self) -> &str {
        let opened = self.session.history.opened.as_ref();
        opened.map_or("gocrash", |opened| &opened.session)
    }

    /// The failure rate, as it is told.
    pub(crate) fn told_rate(&self) -> String {
        match self.rate {
            None => "no run gave a verdict".to_owned(),
            Some(rate) => rate.to_string(),
        }
    }

    /// Which runs the rates are about, where those are not all.
    pub(crate) fn rate_note(&self) -> Option<&'static str> {
        let is_part = self.rate.is_some_and(|r| r.runs < self.counts.runs());
        is_part.then_some(
            "counted: runs in the order of their starts, up to the one that \
             ended the hunt",
        )
    }

    /// What is known of an attempt that failed.
    pub(crate) fn failure(&self, name: AttemptName) -> Option<&Failure<'a>> {
        let all = self.groups.iter().flat_map(|group| &group.failures);
        all.into_iter().find(|failure| failure.name == name)
    }

    /// How long the hunt went on, as far as is known.
    pub(crate) fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.session.history.last_ns)
    }

    /// The verdict, in a few words, and which rule ended the hunt.
    pub(crate) fn verdict(&self) -> String {
        let verdict = self.bare_verdict();
        let over = self.session.history.over.as_ref();
        match over.and_then(|over| over.rule.as_ref()) {
            // Nobody typed that one.
            Some(rule) if rule == "max_runs" && self.is_verification() => {
                format!("{verdict}, ended after enough runs to be sure")
            }
            Some(rule) if rule == "stop_after" && self.is_rerun() => {
                format!("{verdict}, ended by --times")
            }
            Some(rule) => {
                let option = rule.replace('_', "-");
                format!("{verdict}, ended by --{option}")
            }
            None => verdict,
        }
    }

    /// Whether it was to show that something is fixed.
    fn is_verification(&self) -> bool {
        self.options().is_some_and(|options| options.baseline.is_some())
    }

    fn is_rerun(&self) -> bool {
        self.options().is_some_and(|options| options.is_times)
    }

    fn options(&self) -> Option<&Options> {
        let manifest = self.session.manifest.as_ref().ok();
        manifest.map(|manifest| &manifest.options)
    }

    fn bare_verdict(&self) -> String {
        let history = &self.session.history;
        let verdict = match &history.over {
            Some(over) => over.verdict.as_str(),
            None if history.is_closing => "passed",
            None => "",
        };
        match verdict {
            "reproduced" => "a failure was reproduced".to_owned(),
            "passed" => "nothing failed".to_owned(),
            "none" => "no verdict".to_owned(),
            "signaled" => "ended by a signal".to_owned(),
            "" if self.is_alive => "not over".to_owned(),
            "" => "not over, or broken off".to_owned(),
            other => other.to_owned(),
        }
    }
}

impl Exit {
    /// Whether it says something about the suite.
    pub(crate) fn is_verdict(&self) -> bool {
        self.is_pass() || self.is_failure()
    }

    pub(crate) fn is_pass(&self) -> bool {
        self.outcome == Outcome::Passed.word()
    }

    /// What became of the attempt, as the terminal said it.
    pub(crate) fn words(&self) -> String {
        let ended = self.ended();
        let outcome = &self.outcome;
        match self.by.as_deref() {
            None => ended,
            Some("no_pass") => {
                format!("{outcome} for want of --pass ({ended})")
            }
            Some("no_fail") => {
                format!("{outcome} for want of --fail ({ended})")
            }
            Some(option) => format!("{outcome} by --{option} ({ended})"),
        }
    }

    fn ended(&self) -> String {
        let by_output = self.by.is_some();
        let says_how =
            by_output || ["failed", "signaled"].contains(&&*self.outcome);
        match (self.exit_status, self.signal) {
            (Some(0), _) if by_output => "passed".to_owned(),
            (Some(code), _) if says_how => format!("exited with code {code}"),
            (_, Some(signal)) if says_how => {
                format!("terminated by signal {signal}")
            }
            (None, None) if by_output => "timed out".to_owned(),
            _ => self.outcome.replace('_', " "),
        }
    }

    pub(crate) fn took(&self) -> Duration {
        Duration::from_nanos(self.duration_ns)
    }
}

/// All exits, in the order of their stamps.
pub(crate) fn exits(history: &History) -> Vec<(AttemptName, &Exit)> {
    let mut exits: Vec<_> = history
        .attempts
        .iter()
        .filter_map(|(name, attempt)| Some((*name, attempt.exit.as_ref()?)))
        .collect();
    exits.sort_by_key(|(name, exit)| (exit.at_ns, *name));
    exits
}

/// The failure rate of a hunt, as far as that is over; `None` where no run gave
/// a verdict.
pub(crate) fn rate_of(session: &Session) -> Option<Rate> {
    Some(rate(session)).filter(|rate| rate.runs > 0)
}

/// The rate, as the hunt told it when it was over; or else from runs in the
/// order of their starts, as it counts them itself. Of one that was resumed,
/// that would be the last part alone.
fn rate(session: &Session) -> Rate {
    let history = &session.history;
    if history.resumed_ns().is_some() {
        let Counts { passed, failed, .. } = counts(history);
        return Rate::counted(failed, passed + failed);
    }
    let over = history.over.as_ref();
    if let Some(rate) = over.and_then(|over| over.rate.as_ref()) {
        return rate.into();
    }
    let begin = Instant::now();
    let at = |ns| begin + Duration::from_nanos(ns);
    let mut marks = Vec::new();
    for (name, attempt) in &history.attempts {
        let Some(go_ns) = attempt.go_ns else { continue };
        marks.push((go_ns, *name, None));
        let exit = attempt.exit.as_ref();
        marks.extend(exit.map(|exit| (exit.at_ns, *name, Some(exit))));
    }
    marks.sort_by_key(|(ns, name, exit)| (*ns, exit.is_some(), *name));
    let threads = history.attempts.keys().map(|name| name.thread).max();
    let threads = threads.map_or(1, |last| last.saturating_add(1));
    let mut tally = Tally::new(limits(session), true, threads);
    for (ns, name, exit) in marks {
        match exit {
            None => tally.started(name, at(ns)),
            Some(exit) => tally.ended(name, fate(exit), at(ns)),
        }
    }
    let is_by_rule = history
        .over
        .as_ref()
        .is_some_and(|over| over.signal.is_none() && over.why.is_none());
    tally.rate(is_by_rule)
}

/// The runs that this rate is about.
fn sample(session: &Session, rate: Option<&Rate>) -> Sample<AttemptName> {
    let history = &session.history;
    let mut starts = Vec::new();
    for (name, attempt) in &history.attempts {
        let Some(exit) = &attempt.exit else { continue };
        let begin_ns = exit.at_ns.saturating_sub(exit.duration_ns);
        let go_ns = attempt.go_ns.unwrap_or(begin_ns);
        starts.push((go_ns, *name, fate(exit)));
    }
    starts.sort_by_key(|(go_ns, name, _)| (*go_ns, *name));
    let runs = starts.into_iter().map(|(_, name, fate)| (name, fate));
    Sample::new(runs, limits(session).fails, rate)
}

fn limits(session: &Session) -> Limits {
    let manifest = session.manifest.as_ref().ok();
    let limits = manifest.map(|manifest| manifest.options.limits());
    limits.unwrap_or(Limits { fails: Some(1), ..Limits::default() })
}

fn fate(exit: &Exit) -> stats::Fate {
    match &*exit.outcome {
        "interrupted" => stats::Fate::CutOff,
        _ if exit.is_excused() => stats::Fate::Excused,
        _ if exit.is_failure() => stats::Fate::Failed,
        _ if exit.is_verdict() => stats::Fate::Passed,
        _ => stats::Fate::Nothing,
    }
}

fn counts(history: &History) -> Counts {
    let mut counts = Counts::default();
    for attempt in history.attempts.values() {
        match &attempt.exit {
            Some(exit) if exit.is_failure() => counts.failed += 1,
            Some(exit) if exit.is_verdict() => counts.passed += 1,
            Some(_) => counts.no_verdict += 1,
            None => counts.running += u64::from(attempt.is_running()),
        }
    }
    counts
}

fn took(history: &History) -> Option<Took> {
    let exits = history.attempts.values().filter_map(|a| a.exit.as_ref());
    let mut all: Vec<Duration> =
        exits.filter(|exit| exit.is_verdict()).map(Exit::took).collect();
    all.sort_unstable();
    let total: Duration = all.iter().sum();
    Some(Took {
        least: *all.first()?,
        median: all[all.len() / 2],
        mean: total.div_f64(all.len() as f64),
        most: *all.last()?,
    })
}
