//! What the template gets: texts that are ready to be shown.

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::charts::{Durations, HEIGHT, Rate, Timeline, WIDTH};
use crate::record::manifest::Manifest;
use crate::record::read::History;
use crate::record::read::history::{Happening, Note};
use crate::record::read::line::Signature;
use crate::report::alike::{Failure, Flaky, Group};
use crate::report::digest::Digest;
use crate::report::logs::Log;
use crate::report::safe;
use crate::report::units::{count, seconds};
use crate::report::words::{command, label};
use crate::slate::room::Bytes;

/// Of a group, so many attempts are shown with all that is known.
const SHOWN_MAX: usize = 20;

#[derive(Debug, Serialize)]
pub(super) struct Page {
    session: String,
    verdict: String,
    has_failed: bool,
    command: String,
    /// The rate, and how sure it is.
    rate: String,
    /// Which runs it is about, where those are not all.
    rate_note: Option<&'static str>,
    tiles: Vec<Fact>,
    groups: Vec<GroupView>,
    flaky: Vec<FlakyView>,
    /// How often runs failed in each class.
    classes: Vec<String>,
    timeline: Timeline,
    durations: Option<Durations>,
    durations_said: String,
    rate_chart: Option<Rate>,
    chart_width: f64,
    chart_height: f64,
    notes: Vec<NoteView>,
    left: Vec<Fact>,
    about: Vec<Fact>,
}

/// A name and what it has.
#[derive(Debug, Serialize)]
struct Fact {
    name: String,
    value: String,
}

#[derive(Debug, Serialize)]
struct FlakyView {
    title: String,
    class: String,
    rate: String,
}

#[derive(Debug, Serialize)]
struct GroupView {
    title: String,
    class: String,
    count: usize,
    share: String,
    rate: String,
    /// How it looks: the last lines of the first one.
    lines: Vec<String>,
    failures: Vec<FailureView>,
    more: usize,
}

#[derive(Debug, Serialize)]
struct FailureView {
    name: String,
    at: String,
    took: String,
    how: String,
    kept: Option<String>,
    logs: Vec<LogView>,
}

#[derive(Debug, Serialize)]
struct LogView {
    name: String,
    /// As a browser opens it.
    link: String,
    path: String,
    lines: Vec<String>,
}

#[derive(Debug, Serialize)]
struct NoteView {
    at: String,
    what: String,
}

impl Page {
    pub(super) fn new(digest: &Digest<'_>) -> Page {
        let history = &digest.session.history;
        let manifest = digest.session.manifest.as_ref().ok();
        let group = |group| GroupView::new(group, digest);
        let flaky = |test| FlakyView::new(test, digest);
        let classes = digest.rates_of_classes();
        let classes = classes.into_iter();
        let class = |(class, rate)| format!("{}: {rate}", safe::line(class));
        Page {
            session: digest.name().to_owned(),
            verdict: digest.verdict(),
            has_failed: digest.counts.failed > 0,
            command: manifest.map_or(String::new(), |m| command(&m.command)),
            rate: digest.told_rate(),
            rate_note: digest.rate_note(),
            tiles: tiles(digest),
            groups: digest.groups.iter().map(group).collect(),
            flaky: digest.flaky.iter().map(flaky).collect(),
            classes: classes.map(class).collect(),
            timeline: Timeline::new(history),
            durations: Durations::new(history),
            durations_said: durations(digest),
            rate_chart: Rate::new(history),
            chart_width: WIDTH,
            chart_height: HEIGHT,
            notes: history.notes.iter().map(NoteView::new).collect(),
            left: left(history),
            about: about(digest, manifest),
        }
    }
}

impl GroupView {
    fn new(group: &Group<'_>, digest: &Digest<'_>) -> GroupView {
        let failures = digest.counts.failed;
        let count = group.failures.len();
        let shown = group.failures.iter().take(SHOWN_MAX);
        let first = group.failures.iter().find_map(|f| f.logs.first());
        let lines = first.map(|log| log.lines.clone()).unwrap_or_default();
        GroupView {
            title: group.title.clone(),
            class: group.signature.map_or(String::new(), class),
            count,
            share: match failures {
                1 => "the only failure".to_owned(),
                _ => format!("{count} of {failures} failures"),
            },
            rate: digest.rate_of(group).to_string(),
            failures: shown.map(|f| FailureView::new(f, &lines)).collect(),
            lines,
            more: count.saturating_sub(SHOWN_MAX),
        }
    }
}

impl FlakyView {
    fn new(test: &Flaky<'_>, digest: &Digest<'_>) -> FlakyView {
        FlakyView {
            title: test.title.clone(),
            class: class(test.signature),
            rate: digest.rate_of_flaky(test).to_string(),
        }
    }
}

/// What triage says of it.
fn class(signature: &Signature) -> String {
    let Signature { class, id, .. } = signature;
    safe::line(&format!("{class}, signature {id}"))
}

impl FailureView {
    /// Lines that were shown already are not shown again.
    fn new(failure: &Failure<'_>, shown: &[String]) -> FailureView {
        let at = Duration::from_nanos(failure.exit.at_ns);
        FailureView {
            name: failure.name.to_string(),
            at: seconds(at),
            took: seconds(failure.exit.took()),
            how: failure.exit.words(),
            kept: failure.kept.map(safe::line),
            logs: failure
                .logs
                .iter()
                .map(|log| LogView::new(log, shown))
                .collect(),
        }
    }
}

impl LogView {
    fn new(log: &Log, shown: &[String]) -> LogView {
        let lines = match log.lines == shown {
            true => Vec::new(),
            false => log.lines.clone(),
        };
        let path = &log.path;
        let name = path.file_name().unwrap_or_default();
        LogView {
            name: safe::line(&name.to_string_lossy()),
            link: link(path),
            path: safe::line(&path.to_string_lossy()),
            lines,
        }
    }
}

impl NoteView {
    fn new(note: &Note) -> NoteView {
        let what = match &note.what {
            Happening::Golden { duration_ns, .. } => {
                let took = Duration::from_nanos(*duration_ns);
                format!("prepared after {}", seconds(took))
            }
            Happening::Changed { paths: Some(paths), first, .. } => format!(
                "the source changed meanwhile: {}, {} among them",
                count(*paths, "path"),
                first.as_deref().unwrap_or("none"),
            ),
            Happening::Changed { why, .. } => format!(
                "the source may have changed meanwhile: {}",
                why.as_deref().unwrap_or("who knows")
            ),
            Happening::Signal(signal) => format!("signal {signal} came in"),
            Happening::Trouble(why) => why.clone(),
            Happening::Resumed => "it went on from here".to_owned(),
        };
        let at = Duration::from_nanos(note.at_ns);
        NoteView { at: seconds(at), what: safe::line(&what) }
    }
}

fn fact(name: &str, value: impl Into<String>) -> Fact {
    Fact { name: name.to_owned(), value: value.into() }
}

fn tiles(digest: &Digest<'_>) -> Vec<Fact> {
    let counts = &digest.counts;
    let mut tiles = vec![
        fact("runs", counts.runs().to_string()),
        fact("failed", counts.failed.to_string()),
        fact("passed", counts.passed.to_string()),
    ];
    if counts.no_verdict > 0 {
        tiles.push(fact("no verdict", counts.no_verdict.to_string()));
    }
    if counts.running > 0 {
        tiles.push(fact("running", counts.running.to_string()));
    }
    tiles.push(fact("hunted for", seconds(digest.elapsed())));
    if let Some(took) = &digest.took {
        tiles.push(fact("median run", seconds(took.median)));
    }
    tiles
}

fn durations(digest: &Digest<'_>) -> String {
    let Some(took) = &digest.took else { return String::new() };
    format!(
        "Between {} and {}; median {}, mean {}.",
        seconds(took.least),
        seconds(took.most),
        seconds(took.median),
        seconds(took.mean)
    )
}

fn left(history: &History) -> Vec<Fact> {
    let left = history.left.iter();
    left.map(|l| fact(&safe::line(&l.name), safe::line(&l.why))).collect()
}

/// Where, by what and in what.
fn about(digest: &Digest<'_>, manifest: Option<&Manifest>) -> Vec<Fact> {
    let mut about = Vec::new();
    if let Some(opened) = &digest.session.history.opened {
        let started = opened.started.strftime("%Y-%m-%d %H:%M:%S UTC");
        about.push(fact("Started", started.to_string()));
        about.push(fact("Working dataset", safe::line(&opened.name)));
    }
    let Some(manifest) = manifest else { return about };
    let Manifest { host, source, gocrash, zfs, options, .. } = manifest;
    let mut add = |name, value: Option<String>| {
        about.extend(value.map(|value| fact(name, safe::line(&value))));
    };
    add("Snapshot", source.snapshot.clone());
    add("Directory", source.directory.as_ref().map(label));
    add("Started in", Some(label(&manifest.cwd)).filter(|c| !c.is_empty()));
    add("Run as", Some(manifest.person.name.clone()));
    add("Threads", Some(options.concurrency.to_string()));
    add("Host", Some(label(&host.name)));
    let kernel = [&host.system, &host.release, &host.build].map(label);
    add("Kernel", Some(kernel.join(" ")));
    add("Machine", Some(label(&host.machine)));
    add("Processor", host.cpu.clone());
    add("Processors", host.cpus.map(|cpus| cpus.to_string()));
    add("Memory", host.memory_bytes.map(|bytes| Bytes(bytes).to_string()));
    add("OpenZFS library", Some(zfs.library.clone()));
    add("OpenZFS module", zfs.module.clone());
    let commit = &gocrash.commit;
    let version = format!("{} (commit {commit})", gocrash.version);
    add("gocrash", Some(version));
    about
}

/// A path as a link to a file, every byte of it that means something encoded.
fn link(path: &Path) -> String {
    let mut link = "file://".to_owned();
    for byte in path.as_os_str().as_bytes() {
        let c = char::from(*byte);
        if c.is_ascii_alphanumeric() || "/._-~".contains(c) {
            link.push(c);
        } else {
            // Writing to a string can't fail.
            let _ = write!(link, "%{byte:02X}");
        }
    }
    link
}
