//! What was packed, on standard error: the archive itself may be on standard
//! output.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::{printed, safe};
use crate::record::text::Text;

/// What `gocrash pack --json` prints: docs/sessions.md.
#[derive(Debug, Serialize)]
struct Told {
    v: u32,
    archive: Text,
    attempts: Vec<String>,
}

pub(crate) fn told(output: &Path, attempts: Vec<String>) -> anyhow::Result<()> {
    let archive = Text::from(output);
    printed::json(&Told { v: printed::VERSION, archive, attempts })
}

pub(crate) fn packed(output: &Path, attempts: usize) {
    let word = if attempts == 1 { "attempt" } else { "attempts" };
    let _ = writeln!(
        io::stderr(),
        "gocrash: packed the record and {attempts} {word} into {}",
        safe::text(&output.to_string_lossy())
    );
}
