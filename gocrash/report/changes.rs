//! What an attempt changed in its tree, on standard output.

use std::io::{self, Write};

use crate::slate::compare::Change;

/// A line for each path.
pub(crate) fn print(changes: &[Change]) {
    let mut out = io::stdout().lock();
    for change in changes {
        // A reader that went away has had enough.
        if writeln!(out, "{change}").is_err() {
            return;
        }
    }
}
