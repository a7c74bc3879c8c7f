//! What was packed, on standard error: the archive itself may be on standard
//! output.

use std::io::{self, Write};
use std::path::Path;

use super::safe;

pub(crate) fn packed(output: &Path, attempts: usize) {
    let word = if attempts == 1 { "attempt" } else { "attempts" };
    let _ = writeln!(
        io::stderr(),
        "gocrash: packed the record and {attempts} {word} into {}",
        safe::text(&output.to_string_lossy())
    );
}
