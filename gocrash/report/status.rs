//! The status of a hunt in words: the totals, and a row per thread, for a
//! screen of any size.

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};

use super::gauges::{Doing, Gauges};
use super::units::{clock, count, seconds};
use crate::slate::room::Bytes;
use crate::stats::Rate;

const PLAIN: Style = Style::new();
const FAINT: Style = Style::new().dimmed();
const BAD: Style = AnsiColor::Red.on_default().bold();
const SLOW: Style = AnsiColor::Yellow.on_default().bold();
/// How rows of totals after the first one begin.
const INDENT: &str = "  ";

/// A row of a screen, in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row(pub(crate) Vec<(Style, String)>);

impl Row {
    fn columns(&self) -> usize {
        self.0.iter().map(|(_, text)| text.chars().count()).sum()
    }

    /// Its text alone.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// The totals in one line, as `stress` would print them.
pub(crate) fn line(gauges: &Gauges, now: Instant) -> String {
    folded(gauges, now, usize::MAX)[0].text()
}

/// All that is shown on a screen of this many columns, in so many rows at
/// most: threads, then totals.
pub(crate) fn rows(
    gauges: &Gauges,
    now: Instant,
    columns: usize,
    rows_max: usize,
) -> Vec<Row> {
    let mut totals = folded(gauges, now, columns);
    totals.truncate(rows_max);
    let mut rows = threads(gauges, now, rows_max - totals.len());
    rows.append(&mut totals);
    rows
}

/// The totals, broken where a row is full.
fn folded(gauges: &Gauges, now: Instant, columns: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (style, text) in totals(gauges, now) {
        let has_room = |row: &Row| {
            row.columns() + ", ".len() + text.chars().count() < columns
        };
        // What is in brackets belongs to what is before it.
        let comma = if text.starts_with('[') { "" } else { "," };
        match rows.last_mut() {
            Some(row) if has_room(row) => {
                row.0.push((PLAIN, format!("{comma} ")));
                row.0.push((style, text));
            }
            Some(row) => {
                row.0.push((PLAIN, comma.to_owned()));
                let indent = (PLAIN, INDENT.to_owned());
                rows.push(Row(vec![indent, (style, text)]));
            }
            None => rows.push(Row(vec![(style, text)])),
        }
    }
    rows
}

/// What has to stay together.
fn totals(gauges: &Gauges, now: Instant) -> Vec<(Style, String)> {
    let Gauges { began, runs, failures, no_verdict, .. } = gauges;
    let plain = |text| (PLAIN, text);
    let elapsed = clock(now.saturating_duration_since(*began));
    let mut totals = vec![plain(format!("{elapsed}: {runs} runs so far"))];
    let style = if *failures > 0 { BAD } else { PLAIN };
    totals.push((style, rate(gauges)));
    match gauges.signatures {
        0 => {}
        1 => totals.push((style, "[1 sig]".to_owned())),
        several => totals.push((style, format!("[{several} sigs]"))),
    }
    if *no_verdict > 0 {
        totals.push(plain(format!("{no_verdict} without a verdict")));
    }
    totals.push(plain(format!("{} active", gauges.active())));
    if let Some(average) = gauges.average() {
        totals.push(plain(format!("avg {}", seconds(average))));
    }
    if let Some(left) = gauges.left(now) {
        totals.push(plain(format!("{} left", clock(left))));
    }
    let oldest = gauges.running(now).map(|(_, _, took)| took).max();
    if let Some(oldest) = oldest {
        totals.push(plain(format!("oldest {}", clock(oldest))));
    }
    if let Some(free_bytes) = gauges.free_bytes {
        totals.push(plain(format!("{} free", Bytes(free_bytes))));
    }
    if gauges.is_ending {
        totals.push(plain("ending".to_owned()));
    } else if gauges.is_paused {
        totals.push((SLOW, "paused: no room".to_owned()));
    }
    totals
}

/// How many failed, and which part of all runs that is.
fn rate(gauges: &Gauges) -> String {
    let Gauges { runs, failures, .. } = gauges;
    let failed = count(*failures, "failure");
    match failures {
        0 => failed,
        _ => {
            let share = Rate::so_far(*failures, *runs).share();
            format!("{failed} ({share})")
        }
    }
}

/// A row for each thread; where they are too many, for those whose attempts
/// take longest, and one for all others.
fn threads(gauges: &Gauges, now: Instant, rows_max: usize) -> Vec<Row> {
    let slow_from = gauges.slow_from();
    let count = gauges.threads.len();
    let widths = Widths {
        thread: (count - 1).to_string().len(),
        run: gauges
            .running(now)
            .map(|(_, run, _)| run.to_string().len())
            .max()
            .unwrap_or(1),
    };
    let row = |thread: usize| {
        of_thread(thread, gauges.threads[thread], now, slow_from, &widths)
    };
    if count <= rows_max {
        return (0..count).map(row).collect();
    }
    let mut longest: Vec<_> = gauges.running(now).collect();
    longest.sort_by_key(|(thread, _, took)| (Reverse(*took), *thread));
    let mut shown: Vec<usize> = longest
        .into_iter()
        .map(|(thread, ..)| thread)
        .take(rows_max.saturating_sub(1))
        .collect();
    shown.sort_unstable();
    let others = count - shown.len();
    let mut rows: Vec<Row> = shown.into_iter().map(row).collect();
    if rows_max > 0 {
        let noun = if others == 1 { "thread" } else { "threads" };
        let more = if rows.is_empty() { "" } else { " more" };
        rows.push(Row(vec![(FAINT, format!("{others}{more} {noun}"))]));
    }
    rows
}

struct Widths {
    thread: usize,
    run: usize,
}

fn of_thread(
    thread: usize,
    doing: Doing,
    now: Instant,
    slow_from: Option<Duration>,
    widths: &Widths,
) -> Row {
    let name = format!("thread {thread:width$}: ", width = widths.thread);
    let Doing::Attempt(run, since) = doing else {
        return Row(vec![(FAINT, format!("{name}idle"))]);
    };
    let took = now.saturating_duration_since(since);
    let text = format!(
        "{name}attempt {run:width$}  {took:>6}",
        width = widths.run,
        took = clock(took)
    );
    let mut row = Row(vec![(PLAIN, text)]);
    if slow_from.is_some_and(|from| took > from) {
        row.0.push((SLOW, "  SLOW".to_owned()));
    }
    row
}
