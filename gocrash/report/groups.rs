//! The failures of logs, grouped, on standard output.

use std::io::{self, Write};

use super::{printed, safe};
use crate::session::triage::{Report, Told};
use crate::triage::failure::excerpt;

/// Lines that are shown of each group.
const LINES_MAX: usize = 10;
/// Logs that are named of each group.
const NAMES_MAX: usize = 5;

/// For people: the classes, and in each the signatures with their lines.
pub(crate) fn print(report: &Report) -> anyhow::Result<()> {
    printed::lines(|out| write(out, report))?;
    let mut err = io::stderr().lock();
    for what in &report.unread {
        let _ = writeln!(err, "gocrash: error: {}", safe::text(what));
    }
    if let Some(help) = &report.help {
        let _ = writeln!(err, "  help: {}", safe::text(help));
    }
    Ok(())
}

fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let all = report.logs.len();
    let mut class = "";
    for group in &report.groups {
        if group.class != class {
            class = group.class;
            writeln!(out, "{class}:")?;
        }
        let Told { id, title, message, logs, lines, .. } = group;
        let title = safe::line(title);
        let flaky = match group.flaky {
            true => ", passed when run again",
            false => "",
        };
        let noun = if all == 1 { "log" } else { "logs" };
        writeln!(out, "  {id} in {} of {all} {noun}{flaky}", logs.len())?;
        writeln!(out, "    {title}")?;
        let message = message.as_deref().unwrap_or_default();
        for (i, part) in excerpt(lines, message, LINES_MAX).enumerate() {
            if i > 0 {
                writeln!(out, "    | …")?;
            }
            for line in part {
                writeln!(out, "    | {}", safe::line(line))?;
            }
        }
        writeln!(out, "    see {}", named(logs))?;
    }
    let without = report.logs.iter().filter(|log| log.signatures.is_empty());
    let without: Vec<&str> = without.map(|log| log.name.as_str()).collect();
    if !without.is_empty() {
        writeln!(out, "no failure is found in {}", named(&without))?;
    }
    for log in &report.logs {
        let Some(action) = log.action else { continue };
        let name = safe::line(&log.name);
        let why = match &log.rule {
            Some(rule) => safe::line(rule),
            None => "no rule".to_owned(),
        };
        writeln!(out, "{action}: {name} ({why})")?;
    }
    Ok(())
}

fn named(logs: &[impl AsRef<str>]) -> String {
    let names = logs.iter().take(NAMES_MAX);
    let mut names: Vec<String> =
        names.map(|name| safe::line(name.as_ref())).collect();
    if logs.len() > NAMES_MAX {
        names.push(format!("and {} more", logs.len() - NAMES_MAX));
    }
    names.join(", ")
}
