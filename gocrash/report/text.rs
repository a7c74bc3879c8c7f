//! A report of a hunt as a whole, for a terminal.

use std::io::{self, Write};
use std::time::Duration;

use super::alike::{Failure, Flaky, Group};
use super::digest::Digest;
use super::safe;
use super::units::{count, seconds};
use super::words::{command, label};

/// Of a group, so many attempts are listed.
const LISTED_MAX: usize = 10;

/// Writes the whole of it.
pub(super) fn write(
    digest: &Digest<'_>,
    mut out: impl Write,
) -> io::Result<()> {
    writeln!(out, "{}: {}", digest.name(), digest.verdict())?;
    for (name, value) in facts(digest) {
        writeln!(out, "{name:11} {}", safe::line(&value))?;
    }
    for group in &digest.groups {
        write_group(digest, group, &mut out)?;
    }
    for test in &digest.flaky {
        write_flaky(digest, test, &mut out)?;
    }
    for left in &digest.session.history.left {
        let name = safe::line(&left.name);
        writeln!(out, "\nleft: {name}: {}", safe::line(&left.why))?;
    }
    Ok(())
}

fn facts(digest: &Digest<'_>) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let manifest = digest.session.manifest.as_ref();
    if let Ok(manifest) = manifest {
        let source = &manifest.source;
        let directory = source.directory.as_ref().map(label);
        facts.push(("command:", command(&manifest.command)));
        let source = source.snapshot.clone().or(directory);
        facts.extend(source.map(|source| ("source:", source)));
    }
    if let Some(opened) = &digest.session.history.opened {
        facts.push(("working:", opened.name.clone()));
        let started = opened.started.strftime("%Y-%m-%d %H:%M:%S UTC");
        let elapsed = seconds(digest.elapsed());
        facts.push(("started:", format!("{started}, hunted for {elapsed}")));
    }
    if let Ok(manifest) = manifest {
        let host = &manifest.host;
        let cpu = host.cpu.as_deref().unwrap_or("unknown processor");
        let kernel = [&host.system, &host.release].map(label).join(" ");
        facts
            .push(("host:", format!("{}, {kernel}, {cpu}", label(&host.name))));
    }
    facts.push(("runs:", digest.told_rate()));
    facts.extend(digest.rate_note().map(|note| ("", note.to_owned())));
    for (class, rate) in digest.rates_of_classes() {
        facts.push(("", format!("{class}: {rate}")));
    }
    let no_verdict = digest.counts.no_verdict;
    if no_verdict > 0 {
        let attempts = count(no_verdict, "attempt");
        facts.push(("", format!("{attempts} without a verdict")));
    }
    if let Some(running) = running(digest) {
        facts.push(("running:", running));
    }
    if let Some(took) = &digest.took {
        let (least, most) = (seconds(took.least), seconds(took.most));
        let (median, mean) = (seconds(took.median), seconds(took.mean));
        facts.push((
            "durations:",
            format!("{least} to {most}; median {median}, mean {mean}"),
        ));
    }
    facts
}

/// Those of a hunt that broke off: it may be for them that it did.
fn running(digest: &Digest<'_>) -> Option<String> {
    let running = digest.session.history.running();
    let names = running.take(LISTED_MAX).map(|(name, _)| name.to_string());
    let names = names.collect::<Vec<_>>().join(", ");
    let more = digest.counts.running.saturating_sub(LISTED_MAX as u64);
    match digest.counts.running {
        0 => None,
        _ if more > 0 => Some(format!("{names} and {more} more")),
        _ => Some(names),
    }
}

fn write_group(
    digest: &Digest<'_>,
    group: &Group<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let failed = count(digest.counts.failed, "failure");
    let several = group.failures.len();
    writeln!(out, "\n{several} of {failed}: {}", group.title)?;
    if let Some(signature) = group.signature {
        let class = safe::line(&signature.class);
        writeln!(out, "  {class}, signature {}", safe::line(&signature.id))?;
        writeln!(out, "  {}", digest.rate_of(group))?;
    }
    let first = group.failures.iter().find_map(|f| f.logs.first());
    for line in first.iter().flat_map(|log| &log.lines) {
        writeln!(out, "    | {line}")?;
    }
    for failure in group.failures.iter().take(LISTED_MAX) {
        write_failure(failure, out)?;
    }
    if several > LISTED_MAX {
        writeln!(out, "  and {} more", several - LISTED_MAX)?;
    }
    Ok(())
}

fn write_flaky(
    digest: &Digest<'_>,
    test: &Flaky<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let Flaky { title, signature, .. } = test;
    writeln!(out, "\nflaky: {title}")?;
    let id = safe::line(&signature.id);
    writeln!(out, "  failed, and passed when the suite tried again: {id}")?;
    writeln!(out, "  {}", digest.rate_of_flaky(test))
}

fn write_failure(
    failure: &Failure<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let Failure { name, exit, kept, is_removed, logs } = failure;
    let at = seconds(Duration::from_nanos(exit.at_ns));
    let took = seconds(exit.took());
    writeln!(out, "  {name}: at {at}, after {took}")?;
    for log in logs {
        let path = log.path.to_string_lossy();
        writeln!(out, "    see {}", safe::line(&path))?;
    }
    match kept {
        Some(kept) if logs.is_empty() => {
            writeln!(out, "    kept as {}", safe::line(kept))
        }
        None if *is_removed => {
            writeln!(out, "    was kept, and has been removed since")
        }
        _ => Ok(()),
    }
}
