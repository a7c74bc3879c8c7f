//! What is done after a hunt, or beside it: one file for each subcommand.

mod hunts;
mod id;
mod list;
mod report;
mod state;
pub(crate) mod summary;
pub(crate) mod triage;

use std::process::ExitCode;

use crate::cli::After;
use crate::report::manual;

/// Does what was typed.
pub(crate) fn run(after: After) -> anyhow::Result<ExitCode> {
    match after {
        After::List(args) => list::list(&args),
        After::Report(args) => report::report(args),
        After::Generate(args) => manual::generate(&args.what),
        After::Triage(args) => triage::triage(&args),
    }
}
