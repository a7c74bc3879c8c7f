//! What an attempt changed in its tree, on standard output.

use std::io::Write;

use super::printed;
use crate::slate::compare::Change;

/// A line for each path.
pub(crate) fn print(changes: &[Change]) -> anyhow::Result<()> {
    printed::lines(|out| {
        changes.iter().try_for_each(|change| writeln!(out, "{change}"))
    })
}
