//! Tests: what the program answers on the command line, where no ZFS is
//! needed.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::process::{Command, Output, Stdio};

mod generate;
mod help;
mod refusals;
mod triage;

/// Runs gocrash, with nothing on standard input.
fn gocrash(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gocrash"))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What was printed, without blanks at the ends of lines: clap leaves some.
fn text(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
