//! Where the pieces of the charts go. All are drawn in units, as wide as they
//! are stretched to be.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

use crate::record::read::{Exit, History};
use crate::report::digest::exits;
use crate::report::units::{fine, seconds};
use crate::stats::percent::{counted, decimals};

/// How wide each chart is.
pub(super) const WIDTH: f64 = 1000.0;
/// What is narrower can't be seen, or is put together with its like.
const NARROW: f64 = 1.5;
/// A failure is seen in any case.
const FAILURE_WIDTH_MIN: f64 = 5.0;
/// More threads are a wall.
const THREADS_MAX: usize = 64;
const BINS: usize = 30;
/// How high the bars of the durations, and the rate, are at most.
pub(super) const HEIGHT: f64 = 120.0;
/// Points of the rate that are not failures.
const POINTS_MAX: usize = 150;

/// What each thread did, and when.
#[derive(Debug, Serialize)]
pub(super) struct Timeline {
    rows: Vec<Row>,
    more_threads: usize,
    ticks: Vec<Tick>,
}

#[derive(Debug, Serialize)]
struct Row {
    thread: u16,
    /// The same in words.
    said: String,
    bars: Vec<Bar>,
}

#[derive(Debug, Clone, Serialize)]
struct Bar {
    x: String,
    width: String,
    kind: &'static str,
    /// Of a failure: which, and when.
    said: Option<String>,
}

/// A mark of an axis, at so many percent of it.
#[derive(Debug, Serialize)]
pub(super) struct Tick {
    percent: String,
    label: String,
}

/// How many runs took how long.
#[derive(Debug, Serialize)]
pub(super) struct Durations {
    bins: Vec<Bin>,
    ticks: Vec<Tick>,
}

#[derive(Debug, Serialize)]
struct Bin {
    x: String,
    width: String,
    passed_y: String,
    passed_height: String,
    failed_y: String,
    failed_height: String,
    said: String,
}

/// The rate of failures among all runs so far, at each moment.
#[derive(Debug, Serialize)]
pub(super) struct Rate {
    line: String,
    top: String,
    ticks: Vec<Tick>,
}

impl Timeline {
    pub(super) fn new(history: &History) -> Timeline {
        let mut threads: Vec<u16> =
            history.attempts.keys().map(|name| name.thread).collect();
        threads.dedup();
        let whole_ns = history.last_ns.max(1);
        let more_threads = threads.len().saturating_sub(THREADS_MAX);
        threads.truncate(THREADS_MAX);
        let row = |thread| Row::new(history, thread, whole_ns);
        Timeline {
            rows: threads.into_iter().map(row).collect(),
            more_threads,
            ticks: ticks(whole_ns),
        }
    }
}

impl Row {
    fn new(history: &History, thread: u16, whole_ns: u64) -> Row {
        let scale = WIDTH / whole_ns as f64;
        let mut passing = Vec::new();
        let mut others = Vec::new();
        let (mut passed, mut failed, mut no_verdict) = (0, 0, 0);
        let of_thread = history.attempts.iter();
        for (name, attempt) in of_thread.filter(|(n, _)| n.thread == thread) {
            let Some(go_ns) = attempt.go_ns else { continue };
            let exit = attempt.exit.as_ref();
            let end_ns = exit.map_or(history.last_ns, |exit| exit.at_ns);
            let span = (go_ns as f64 * scale, end_ns as f64 * scale);
            match exit {
                None => others.push(Bar::new(span, "running", None)),
                Some(exit) if exit.is_failure() => {
                    failed += 1;
                    let at = seconds(Duration::from_nanos(exit.at_ns));
                    let said = format!("{name}: {} at {at}", exit.words());
                    others.push(Bar::new(span, "failed", Some(said)));
                }
                Some(exit) if exit.is_verdict() => {
                    passed += 1;
                    join(&mut passing, span);
                }
                Some(_) => {
                    no_verdict += 1;
                    others.push(Bar::new(span, "none", None));
                }
            }
        }
        let passing = passing.into_iter().map(|s| Bar::new(s, "passed", None));
        let mut said = format!("{passed} passed, {failed} failed");
        if no_verdict > 0 {
            let _ = write!(said, ", {no_verdict} without a verdict");
        }
        Row { thread, said, bars: passing.chain(others).collect() }
    }
}

/// Puts spans together that nobody could tell apart.
fn join(spans: &mut Vec<(f64, f64)>, span: (f64, f64)) {
    match spans.last_mut() {
        Some(last) if span.1 - last.0 < NARROW => last.1 = span.1,
        _ => spans.push(span),
    }
}

impl Bar {
    fn new(span: (f64, f64), kind: &'static str, said: Option<String>) -> Bar {
        let least = if kind == "failed" { FAILURE_WIDTH_MIN } else { 0.5 };
        // A gap, so that two that follow each other are two.
        let width = (span.1 - span.0 - 0.8).max(least);
        let x = span.0.min(WIDTH - width);
        Bar { x: number(x), width: number(width), kind, said }
    }
}

impl Durations {
    pub(super) fn new(history: &History) -> Option<Durations> {
        let exits = exits(history);
        let exits = || exits.iter().filter(|(_, exit)| exit.is_verdict());
        let most_ns = exits().map(|(_, exit)| exit.duration_ns).max()?.max(1);
        let mut counts = [(0_u32, 0_u32); BINS];
        for (_, exit) in exits() {
            let part = exit.duration_ns as f64 / most_ns as f64;
            let bin = ((part * BINS as f64) as usize).min(BINS - 1);
            match exit.is_failure() {
                true => counts[bin].1 += 1,
                false => counts[bin].0 += 1,
            }
        }
        let most = counts.iter().map(|(p, f)| p + f).max().unwrap_or(1);
        let scale = HEIGHT / f64::from(most.max(1));
        let bin_width = WIDTH / BINS as f64;
        let bin = |(i, (passed, failed)): (usize, &(u32, u32))| {
            // One of a thousand is seen, too.
            let height = |count: u32| match count {
                0 => 0.0,
                _ => (f64::from(count) * scale).max(2.0),
            };
            let (pass, fail) = (height(*passed), height(*failed));
            let from = Duration::from_nanos(most_ns / BINS as u64 * i as u64);
            Bin {
                x: number(i as f64 * bin_width + 1.0),
                width: number(bin_width - 2.0),
                passed_y: number(HEIGHT - pass),
                passed_height: number(pass),
                failed_y: number((HEIGHT - pass - fail).max(0.0)),
                failed_height: number(fail),
                said: format!(
                    "from {}: {passed} passed, {failed} failed",
                    fine(from)
                ),
            }
        };
        let bins = counts.iter().enumerate().map(bin).collect();
        Some(Durations { bins, ticks: ticks(most_ns) })
    }
}

impl Rate {
    /// Of a hunt without failures there is nothing to see.
    pub(super) fn new(history: &History) -> Option<Rate> {
        let whole_ns = history.last_ns.max(1);
        let points = rates(history);
        // The first runs say little, and would make the rest look small.
        let settled = &points[points.len() / 4..];
        let top = settled.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
        if top == 0.0 {
            return None;
        }
        let top = (top * 1.25).min(1.0);
        let mut line = String::new();
        for (at_ns, rate) in points {
            let x = at_ns as f64 / whole_ns as f64 * WIDTH;
            let y = HEIGHT - (rate / top).min(1.0) * HEIGHT;
            let _ = write!(line, "{},{} ", number(x), number(y));
        }
        Some(Rate {
            line: line.trim_end().to_owned(),
            top: format!("{}%", counted(top, decimals(top))),
            ticks: ticks(whole_ns),
        })
    }
}

/// The rate before and after each failure, and at some moments between.
fn rates(history: &History) -> Vec<(u64, f64)> {
    let exits = exits(history);
    let all: Vec<&Exit> =
        exits.iter().map(|(_, e)| *e).filter(|e| e.is_verdict()).collect();
    let every = (all.len() / POINTS_MAX).max(1);
    let (mut runs, mut failures) = (0_u64, 0_u64);
    let mut points = Vec::new();
    for (i, exit) in all.iter().enumerate() {
        runs += 1;
        failures += u64::from(exit.is_failure());
        if exit.is_failure() || i % every == 0 || i + 1 == all.len() {
            points.push((exit.at_ns, failures as f64 / runs as f64));
        }
    }
    points
}

/// Some round marks from nought to the end.
fn ticks(whole_ns: u64) -> Vec<Tick> {
    const STEPS_MAX: u64 = 5;
    const ROUND: [u64; 3] = [1, 2, 5];
    const POWERS_MAX: u32 = 10;
    let whole_ms = (whole_ns / 1_000_000).max(1);
    // Of a minute and more, marks are whole minutes.
    let unit: u64 = match whole_ms {
        0..1000 => 1,
        1000..180_000 => 100,
        180_000..10_800_000 => 60_000,
        _ => 3_600_000,
    };
    let steps = (0..POWERS_MAX).flat_map(|power| {
        let round = |round| unit.saturating_mul(round * 10_u64.pow(power));
        ROUND.map(round)
    });
    let fits = |step: &u64| whole_ms / step <= STEPS_MAX;
    let step = steps.into_iter().find(fits).unwrap_or(whole_ms);
    (0..=whole_ms / step)
        .map(|i| Tick {
            percent: number((i * step) as f64 / whole_ms as f64 * 100.0),
            label: fine(Duration::from_millis(i * step)),
        })
        .collect()
}

/// As short as a browser needs it.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
