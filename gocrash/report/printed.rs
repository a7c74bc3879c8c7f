//! What is printed on standard output and must be all there: where it can't be
//! written, that is an error, unless the reader went away.

use std::io::{self, ErrorKind, StdoutLock, Write};

use anyhow::Context;
use serde::Serialize;

/// The version of what docs/sessions.md tells of.
pub(crate) const VERSION: u32 = 1;

/// One object of JSON.
pub(crate) fn json(what: &impl Serialize) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let written = serde_json::to_writer_pretty(&mut out, what);
    let written = written.map_err(io::Error::from);
    checked(written.and_then(|()| writeln!(out)).and_then(|()| out.flush()))
}

/// What this writes, for people.
pub(super) fn lines(
    write: impl FnOnce(&mut StdoutLock<'static>) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    checked(write(&mut out).and_then(|()| out.flush()))
}

/// What was written, all of it.
pub(super) fn checked(written: io::Result<()>) -> anyhow::Result<()> {
    match written {
        // A reader that went away has had enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}
