//! A report of a hunt as a whole, for programs: JSON types of their own, as
//! docs/report.md has them.

use std::io::{self, Write};

use serde::Serialize;

use super::alike::{Failure, Flaky, Group};
use super::digest::Digest;
use crate::record::Rate;
use crate::record::host::Host;
use crate::record::text::Text;

/// The version of the schema.
const VERSION: u32 = 1;

#[derive(Debug, Serialize)]
struct Report<'a> {
    v: u32,
    session: &'a str,
    started: Option<String>,
    command: Option<&'a [Text]>,
    host: Option<&'a Host>,
    verdict: Option<&'a str>,
    /// The stop rule that ended it, as its option is called with `_`.
    rule: Option<&'a str>,
    elapsed_ns: u64,
    runs: u64,
    failures: u64,
    rate: Option<Rate>,
    no_verdict: u64,
    running: u64,
    durations: Option<Durations>,
    classes: Vec<ClassOf<'a>>,
    groups: Vec<GroupOf<'a>>,
    flaky: Vec<FlakyOf<'a>>,
}

#[derive(Debug, Serialize)]
struct Durations {
    least_ns: u64,
    median_ns: u64,
    mean_ns: u64,
    most_ns: u64,
}

#[derive(Debug, Serialize)]
struct ClassOf<'a> {
    class: &'a str,
    rate: Rate,
}

#[derive(Debug, Serialize)]
struct GroupOf<'a> {
    title: &'a str,
    id: Option<&'a str>,
    class: Option<&'a str>,
    rate: Rate,
    failures: Vec<FailureOf<'a>>,
}

/// A test that failed, and passed when the suite tried it again.
#[derive(Debug, Serialize)]
struct FlakyOf<'a> {
    title: &'a str,
    id: &'a str,
    class: &'a str,
    rate: Rate,
}

#[derive(Debug, Serialize)]
struct FailureOf<'a> {
    thread: u16,
    attempt: u64,
    t_ns: u64,
    outcome: &'a str,
    exit_status: Option<i32>,
    signal: Option<i32>,
    duration_ns: u64,
    kept: Option<&'a str>,
    logs: Vec<LogOf<'a>>,
}

#[derive(Debug, Serialize)]
struct LogOf<'a> {
    path: Text,
    lines: &'a [String],
}

/// Writes the whole of it.
pub(super) fn write(
    digest: &Digest<'_>,
    mut out: impl Write,
) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, &Report::new(digest))?;
    writeln!(out)
}

impl<'a> Report<'a> {
    fn new(digest: &'a Digest<'_>) -> Report<'a> {
        let history = &digest.session.history;
        let manifest = digest.session.manifest.as_ref().ok();
        let took = digest.took.as_ref();
        let group = |group| GroupOf::new(group, digest);
        let flaky = |test| FlakyOf::new(test, digest);
        Report {
            v: VERSION,
            session: digest.name(),
            started: history.opened.as_ref().map(|o| o.started.to_string()),
            command: manifest.map(|manifest| &manifest.command[..]),
            host: manifest.map(|manifest| &manifest.host),
            verdict: history.over.as_ref().map(|over| &*over.verdict),
            rule: history.over.as_ref().and_then(|over| over.rule.as_deref()),
            elapsed_ns: history.last_ns,
            runs: digest.counts.runs(),
            failures: digest.counts.failed,
            rate: digest.rate.map(Rate::from),
            no_verdict: digest.counts.no_verdict,
            running: digest.counts.running,
            durations: took.map(|took| {
                let [least_ns, median_ns, mean_ns, most_ns] =
                    [took.least, took.median, took.mean, took.most]
                        .map(crate::record::nanoseconds);
                Durations { least_ns, median_ns, mean_ns, most_ns }
            }),
            classes: digest
                .rates_of_classes()
                .into_iter()
                .map(|(class, rate)| ClassOf { class, rate: rate.into() })
                .collect(),
            groups: digest.groups.iter().map(group).collect(),
            flaky: digest.flaky.iter().map(flaky).collect(),
        }
    }
}

impl<'a> GroupOf<'a> {
    fn new(group: &'a Group<'_>, digest: &Digest<'_>) -> GroupOf<'a> {
        GroupOf {
            title: &group.title,
            id: group.signature.map(|signature| &*signature.id),
            class: group.signature.map(|signature| &*signature.class),
            rate: Rate::from(digest.rate_of(group)),
            failures: group.failures.iter().map(FailureOf::new).collect(),
        }
    }
}

impl<'a> FlakyOf<'a> {
    fn new(test: &'a Flaky<'_>, digest: &Digest<'_>) -> FlakyOf<'a> {
        FlakyOf {
            title: &test.title,
            id: &test.signature.id,
            class: &test.signature.class,
            rate: Rate::from(digest.rate_of_flaky(test)),
        }
    }
}

impl<'a> FailureOf<'a> {
    fn new(failure: &'a Failure<'_>) -> FailureOf<'a> {
        let Failure { name, exit, kept, logs, .. } = failure;
        let log = |log: &'a super::logs::Log| LogOf {
            path: Text::from(&log.path),
            lines: &log.lines,
        };
        FailureOf {
            thread: name.thread,
            attempt: name.run,
            t_ns: exit.at_ns,
            outcome: &exit.outcome,
            exit_status: exit.exit_status,
            signal: exit.signal,
            duration_ns: exit.duration_ns,
            kept: *kept,
            logs: logs.iter().map(log).collect(),
        }
    }
}
