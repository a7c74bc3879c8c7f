//! The hunts there are, on standard output.

use std::io::{self, Write};

use jiff::Timestamp;

use super::{printed, safe};
use crate::session::summary::{Kept, Listing, Summary};

/// For people: a line for each hunt, and one for each attempt that was kept.
pub(crate) fn print(listing: &Listing) -> anyhow::Result<()> {
    printed::lines(|out| write(out, listing))?;
    let mut err = io::stderr().lock();
    for what in &listing.unseen {
        let _ = writeln!(err, "gocrash: error: {}", safe::text(what));
    }
    if listing.sessions.is_empty() && listing.unseen.is_empty() {
        // Nobody is to wonder whether it has looked.
        let _ = writeln!(
            err,
            "gocrash: there are no hunts; one that passed leaves nothing"
        );
    }
    Ok(())
}

fn write(out: &mut impl Write, listing: &Listing) -> io::Result<()> {
    let width = |length: fn(&Summary) -> usize| {
        listing.sessions.iter().map(length).max().unwrap_or(0)
    };
    let id_width = width(|one| one.id.len());
    let state_width = width(|one| state(one).len());
    for one in &listing.sessions {
        writeln!(
            out,
            "{:id_width$}  {:state_width$}  {:23}  {}",
            one.id,
            state(one),
            moment(one.started.as_deref()),
            safe::text(&one.name),
        )?;
        let indent = "";
        for kept in &one.kept {
            let Kept { id, .. } = kept;
            writeln!(out, "{indent:id_width$}  kept {id}: {}", end(kept))?;
        }
        for running in &one.running {
            let what = match (one.state, one.host_went_down) {
                ("alive", _) => "running",
                (_, Some(true)) => "running when the host went down,",
                _ => "running when it broke off,",
            };
            writeln!(
                out,
                "{indent:id_width$}  {}: {what} since {}",
                running.id,
                moment(running.since.as_deref()),
            )?;
        }
        if !one.unfinished.is_empty() {
            writeln!(
                out,
                "{indent:id_width$}  {} unfinished: gocrash clean --stale {}",
                one.unfinished.len(),
                one.id,
            )?;
        }
        if let Some(why) = &one.unread {
            let why = safe::text(why);
            writeln!(out, "{indent:id_width$}  no record: {why}")?;
        }
    }
    Ok(())
}

/// To the second.
pub(super) fn moment(time: Option<&str>) -> String {
    let time = time.and_then(|time| time.parse::<Timestamp>().ok());
    match time {
        Some(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        None => "unknown".to_owned(),
    }
}

pub(super) fn state(one: &Summary) -> String {
    match (one.state, &one.verdict) {
        ("ended", Some(verdict)) => match verdict.as_str() {
            "none" => "no verdict".to_owned(),
            verdict => verdict.to_owned(),
        },
        (state, _) => state.replace('_', " "),
    }
}

/// How its attempt ended.
fn end(kept: &Kept) -> String {
    end_of(&kept.outcome, kept.exit_status, kept.signal)
}

/// An outcome, with what it ended by.
pub(super) fn end_of(
    outcome: &str,
    exit_status: Option<i32>,
    signal: Option<i32>,
) -> String {
    match (exit_status, signal) {
        (Some(0), _) | (None, None) => outcome.to_owned(),
        (Some(status), _) => format!("{outcome} with {status}"),
        (None, Some(signal)) => format!("{outcome} by {signal}"),
    }
}
