//! Reports of a hunt that is over, or goes on, from its record.

use std::io::{self, BufWriter, Write};

use anyhow::Context;

use super::digest::Digest;
use super::logs::Logs;
use super::whole::Kind;
use super::{file, json, printed, text};
use crate::attempt::reader::Reader;
use crate::config::Destination;
use crate::record::read::Session;

/// What is wanted.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) junit: Option<Destination>,
    pub(crate) html: Option<Destination>,
    pub(crate) json: bool,
}

/// Writes what is wanted; a text on standard output, where that is nothing.
/// Whether the hunt goes on is more than its record can tell.
pub(crate) fn write(
    session: &Session,
    is_alive: bool,
    logs: &Logs,
    wanted: &Wanted,
) -> anyhow::Result<()> {
    let digest = Digest { is_alive, ..Digest::new(session, logs) };
    let files = [(Kind::Junit, &wanted.junit), (Kind::Html, &wanted.html)];
    let caller = Reader::caller()?;
    let mut opened = Vec::new();
    for (kind, destination) in files {
        let Some(destination) = destination else { continue };
        let option = kind.option();
        let file = file::open_as(option, destination, &caller)?;
        opened.push((kind, file));
    }
    for (kind, (name, file)) in &opened {
        kind.write(&digest, file).with_context(|| {
            format!("cannot write `{} {name}`", kind.option())
        })?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let written = match wanted.json {
        true => json::write(&digest, &mut out),
        false if opened.is_empty() => text::write(&digest, &mut out),
        false => Ok(()),
    };
    printed::checked(written.and_then(|()| out.flush()))
}
