//! How long a thread is without an attempt: from the end of one suite to the
//! start of the next.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use nix::time::{ClockId, clock_gettime};
use serde::Deserialize;

use crate::cycle::Cycler;
use crate::field::Field;
use crate::hunt::Hunt;
use crate::pool::{Pool, run};
use crate::rounds::{Figure, quantile};
use crate::table::{Results, Target};

const NAME: &str = "gap";
const THREADS: u32 = 1;
/// A suite that leaves the time of a cycle, and a little more.
const JUST_LONGER: f64 = 1.25;
const JUST_LONGER_RUNS: u32 = 24;
const LONG_SUITE_MS: u64 = 2000;
const LONG_SUITE_RUNS: u32 = 8;
const STARTS: usize = 20;
const CYCLES: u32 = 10;
const IDLE_PERCENT: Target = Target::AtMost(2.0);
/// The gap may be this part of a cycle.
const GAP_OF_CYCLE: f64 = 50.0;

pub(crate) fn measure(field: &Field, results: &mut Results) -> Result<()> {
    let pool = Pool::create(field)?;
    let (parent, _) = pool.make("work")?;
    let origin = pool.snapshot()?;
    let mut cycler = Cycler::in_rust(field, &origin, &parent)?;
    cycler.batch(1)?;
    let cycle_ms: f64 = cycler.batch(CYCLES)?.iter().sum();
    drop(cycler);
    results.report(NAME, "a cycle", "ms", Figure::of(&[cycle_ms]));

    let process_ms = process_ms(field)?;
    let what = "starting the suite's process, and hearing of its end";
    results.report(NAME, what, "ms", Figure::of(&process_ms));
    let process_ms = quantile(&process_ms, 0.5);

    let just_longer_ms = (cycle_ms * JUST_LONGER) as u64;
    let suites =
        [(just_longer_ms, JUST_LONGER_RUNS), (LONG_SUITE_MS, LONG_SUITE_RUNS)];
    for (suite_ms, runs) in suites {
        let spans = hunt(field, origin.as_str(), suite_ms, runs)?;
        let (gaps, idle) = gaps(&spans, process_ms)?;
        let gaps = Figure::of(&gaps);
        let idle = Figure::of(&[idle]);
        let teller = match spans.values().all(|span| span.by_gocrash) {
            true => "told by gocrash",
            false => "seen by the suite",
        };
        let what = |what| format!("{what}, {teller}, suite of {suite_ms} ms");
        if suite_ms == LONG_SUITE_MS {
            results.report(NAME, what("from end to go"), "ms", gaps);
            let what = what("idle share of a thread");
            results.expect(NAME, what, "%", idle, IDLE_PERCENT);
        } else {
            let most = Target::AtMost(cycle_ms / GAP_OF_CYCLE);
            results.expect(NAME, what("from end to go"), "ms", gaps, most);
            results.report(NAME, what("idle share of a thread"), "%", idle);
        }
    }
    Ok(())
}

/// The time of one attempt on one thread, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Span {
    go_ns: u64,
    end_ns: u64,
    /// Whether gocrash said so; otherwise it is what the suite itself saw, and
    /// starting it is not in it.
    by_gocrash: bool,
}

/// An attempt, by thread and number.
type Spans = BTreeMap<(u64, u64), Span>;

fn hunt(
    field: &Field,
    source: &str,
    suite_ms: u64,
    runs: u32,
) -> Result<Spans> {
    let stamps = field.path("stamps");
    let events = field.path("events.jsonl");
    File::create(&stamps)?;
    let mut hunt = Hunt::of_nothing(source, THREADS, runs);
    hunt.suite = vec![
        field.suite().into(),
        suite_ms.to_string().into(),
        stamps.clone().into(),
    ];
    let tells_events = tells_events(field)?;
    if tells_events {
        hunt.options = vec!["--events".into(), events.clone().into()];
    }
    hunt.run(field)?;
    let spans = match tells_events {
        true => read_events(&events)?,
        false => read_stamps(&stamps)?,
    };
    ensure!(
        spans.len() == hunt.attempts() as usize,
        "{} attempts were seen, not {}",
        spans.len(),
        hunt.attempts()
    );
    Ok(spans)
}

fn tells_events(field: &Field) -> Result<bool> {
    let help = run(Command::new(field.gocrash()).arg("--help"))?;
    Ok(help.contains("--events"))
}

/// What benches/suite.c writes: thread, attempt, start, end.
fn read_stamps(path: &Path) -> Result<Spans> {
    let mut spans = Spans::new();
    for line in fs::read_to_string(path)?.lines() {
        let numbers: Vec<u64> = line
            .split(' ')
            .map(|number| Ok(number.parse()?))
            .collect::<Result<_>>()?;
        let [thread, attempt, go_ns, end_ns] = numbers[..] else {
            anyhow::bail!("the suite wrote `{line}`")
        };
        let span = Span { go_ns, end_ns, by_gocrash: false };
        spans.insert((thread, attempt), span);
    }
    Ok(spans)
}

/// One line of the event log, where it has a time and an attempt.
#[derive(Deserialize)]
struct Event {
    t_ns: u64,
    event: String,
    thread: u64,
    attempt: u64,
}

fn read_events(path: &Path) -> Result<Spans> {
    let mut went = BTreeMap::new();
    let mut spans = Spans::new();
    for line in fs::read_to_string(path)?.lines() {
        // Most events are about something else.
        let Ok(event) = serde_json::from_str::<Event>(line) else { continue };
        let key = (event.thread, event.attempt);
        match event.event.as_str() {
            "go" => {
                went.insert(key, event.t_ns);
            }
            "exit" => {
                let go_ns =
                    went.remove(&key).context("an exit without a go")?;
                let end_ns = event.t_ns;
                spans.insert(key, Span { go_ns, end_ns, by_gocrash: true });
            }
            _ => {}
        }
    }
    Ok(spans)
}

/// The times between attempts in milliseconds, and the share of the time from
/// go to go that they are, in percent.
fn gaps(spans: &Spans, process_ms: f64) -> Result<(Vec<f64>, f64)> {
    let mut gaps = Vec::new();
    let mut whole_ms = 0.0;
    for (&(thread, attempt), span) in spans {
        let Some(next) = spans.get(&(thread, attempt + 1)) else { continue };
        ensure!(next.go_ns > span.end_ns, "attempts overlap on a thread");
        let seen_ms = (next.go_ns - span.end_ns) as f64 / 1e6;
        gaps.push(match span.by_gocrash {
            true => seen_ms,
            false => (seen_ms - process_ms).max(0.0),
        });
        whole_ms += (next.go_ns - span.go_ns) as f64 / 1e6;
    }
    let idle = gaps.iter().sum::<f64>() / whole_ms * 100.0;
    Ok((gaps, idle))
}

/// What it takes, with nothing else going on, that a suite which sleeps for
/// no time starts, and that its end is heard of.
fn process_ms(field: &Field) -> Result<Vec<f64>> {
    let stamps = field.path("stamps");
    (0..STARTS)
        .map(|_| {
            File::create(&stamps)?;
            let mut suite = Command::new(field.suite());
            suite.arg("0").arg(&stamps);
            let begin_ns = now_ns()?;
            run(&mut suite)?;
            let end_ns = now_ns()?;
            let spans = read_stamps(&stamps)?;
            let span = spans.get(&(0, 0)).context("the suite wrote nothing")?;
            let outside_ns =
                span.go_ns - begin_ns + end_ns.saturating_sub(span.end_ns);
            Ok(outside_ns as f64 / 1e6)
        })
        .collect()
}

/// The clock of the stamps.
fn now_ns() -> Result<u64> {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC)?;
    Ok(now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64)
}
