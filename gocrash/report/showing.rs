//! What is known of a hunt or an attempt, on standard output.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use super::listing::{end_of, moment, state};
use super::units::seconds;
use super::{printed, safe};
use crate::record::text::Text;
use crate::session::show::{Detail, Shown, Signature};

/// Wide enough for all titles.
const TITLE: usize = 10;

/// A hunt.
pub(crate) fn hunt(shown: &Shown) -> anyhow::Result<()> {
    printed::lines(|out| write_hunt(out, shown))
}

fn write_hunt(out: &mut impl Write, shown: &Shown) -> io::Result<()> {
    let summary = &shown.summary;
    let mut say = |title: &str, what: &dyn fmt::Display| {
        writeln!(out, "{title:TITLE$} {}", safe::text(&what.to_string()))
    };
    say("hunt:", &format_args!("{} ({})", summary.id, summary.session))?;
    say("state:", &state(summary))?;
    if let Some(why) = &shown.why {
        say("", why)?;
    }
    if let Some(rule) = &shown.rule {
        let option = rule.replace('_', "-");
        say("", &format_args!("ended by --{option}"))?;
    }
    say("began:", &moment(summary.started.as_deref()))?;
    if let Some(ended) = &shown.ended {
        say("ended:", &moment(Some(ended)))?;
    }
    say("where:", &summary.name)?;
    if let Some(snapshot) = &summary.snapshot {
        say("snapshot:", snapshot)?;
    }
    if let Some(directory) = &summary.directory {
        say("source:", &safe::line(&text(directory)))?;
    }
    if let Some(command) = &summary.command {
        say("command:", &command_of(command, shown))?;
    }
    if let Some(person) = &shown.person {
        let (uid, gid) = (person.uid, person.gid);
        let name = &person.name;
        say("run as:", &format_args!("{name} (uid {uid}, gid {gid})"))?;
    }
    if let Some(host) = &shown.host {
        say("host:", host)?;
    }
    if let Some(gocrash) = &shown.gocrash {
        say("gocrash:", gocrash)?;
    }
    let counts = shown.outcomes.iter();
    let counts: Vec<String> =
        counts.map(|(outcome, count)| format!("{count} {outcome}")).collect();
    if !counts.is_empty() {
        say("attempts:", &counts.join(", "))?;
    }
    if let Some(rate) = &shown.told_rate {
        say("rate:", rate)?;
    }
    for kept in shown.details.iter().filter(|detail| detail.kept) {
        say("kept:", &format_args!("{}: {}", kept.id, how(kept)))?;
        let place = kept.stdout.as_ref().map(|path| path.display().to_string());
        say("", &place.or_else(|| kept.name.clone()).unwrap_or_default())?;
    }
    for running in &summary.running {
        let since = moment(running.since.as_deref());
        say("running:", &format_args!("{} since {since}", running.id))?;
    }
    for left in &shown.left {
        say("left:", &format_args!("{}: {}", left.name, left.why))?;
    }
    if let Some(why) = &summary.unread {
        say("no record:", why)?;
    }
    Ok(())
}

fn command_of(words: &[Text], shown: &Shown) -> String {
    let words = words.iter().map(|word| format!("{:?}", text(word)));
    let words: Vec<String> = words.collect();
    let cwd = shown.cwd.as_ref().map(text).unwrap_or_default();
    let place = match cwd.is_empty() {
        true => String::new(),
        false => format!(" in {cwd}"),
    };
    format!("{}{place}", words.join(" "))
}

fn text(text: &Text) -> String {
    text.to_os().unwrap_or_default().to_string_lossy().into_owned()
}

/// An attempt, and the last lines that it printed.
pub(crate) fn attempt(detail: &Detail, last: &[String]) -> anyhow::Result<()> {
    printed::lines(|out| write_attempt(out, detail, last))
}

fn write_attempt(
    out: &mut impl Write,
    detail: &Detail,
    last: &[String],
) -> io::Result<()> {
    let mut say = |title: &str, what: &dyn fmt::Display| {
        writeln!(out, "{title:TITLE$} {}", safe::text(&what.to_string()))
    };
    say("attempt:", &detail.id)?;
    say("outcome:", &how(detail))?;
    if let Some(why) = &detail.why {
        say("", why)?;
    }
    for signature in &detail.signatures {
        let Signature { id, class, title, .. } = signature;
        say("failed:", &format_args!("{class} {id}: {}", safe::line(title)))?;
    }
    say("began:", &moment(detail.began.as_deref()))?;
    if let Some(name) = &detail.name {
        say("where:", name)?;
        if detail.directory.is_none() {
            say("", &format_args!("not mounted: zfs mount {name}"))?;
        }
    }
    for path in [&detail.stdout, &detail.stderr].into_iter().flatten() {
        say("output:", &path.display())?;
    }
    for (i, line) in last.iter().enumerate() {
        say(if i == 0 { "last:" } else { "" }, line)?;
    }
    Ok(())
}

/// How it ended, and after what time.
fn how(detail: &Detail) -> String {
    let Some(outcome) = &detail.outcome else {
        return match detail.began {
            Some(_) => "no end of it is known".to_owned(),
            None => "did not begin".to_owned(),
        };
    };
    let end = end_of(outcome, detail.exit_status, detail.signal);
    match detail.duration_ns {
        Some(ns) => {
            format!("{end} after {}", seconds(Duration::from_nanos(ns)))
        }
        None => end,
    }
}
