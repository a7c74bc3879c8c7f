//! What is done after a hunt, or beside it: one file for each subcommand.

mod again;
mod baseline;
mod clean;
mod diff;
mod hunts;
mod id;
mod interrupt;
mod list;
mod log;
mod pack;
mod pick;
mod report;
mod rerun;
mod results;
mod resume;
mod shell;
pub(crate) mod show;
mod slate;
mod state;
pub(crate) mod summary;
pub(crate) mod triage;
mod verify;

use std::process::ExitCode;

pub(crate) use resume::clear;

use crate::cli::After;
use crate::report::manual;

/// Does what was typed.
pub(crate) fn run(after: After) -> anyhow::Result<ExitCode> {
    match after {
        After::List(args) => list::list(&args),
        After::Show(args) => show::show(&args),
        After::Diff(args) => diff::diff(&args),
        After::Shell(args) => shell::shell(&args),
        After::Pack(args) => pack::pack(&args),
        After::Rerun(args) => rerun::rerun(&args),
        After::Resume(args) => resume::resume(&args),
        After::VerifyFix(args) => verify::verify(*args),
        After::Clean(args) => clean::clean(&args),
        After::Report(args) => report::report(args),
        After::Generate(args) => manual::generate(&args.what),
        After::Triage(args) => triage::triage(&args),
    }
}
