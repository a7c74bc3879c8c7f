//! Says what a check did, and fails when it found something.

use std::fmt::Debug;

use mchk::{CheckErr, Report};

use crate::check::Check;

/// Prints how often each kind of action was done and refused, and the seed.
///
/// # Panics
/// When the check did not pass, with the case.
#[track_caller]
#[expect(clippy::print_stdout, reason = "says what was tried")]
pub(crate) fn print<P>(check: &Check, report: Result<Report, CheckErr<P>>)
where
    CheckErr<P>: Debug,
{
    let tallies = check.tally();
    for (kind, tally) in &tallies {
        println!(
            "  {kind:17} {:6} done {:6} refused",
            tally.done, tally.refused
        );
    }
    let done: u64 = tallies.values().map(|tally| tally.done).sum();
    let refused: u64 = tallies.values().map(|tally| tally.refused).sum();
    println!("  {:17} {done:6} done {refused:6} refused", "all");
    match report {
        Ok(report) => {
            let Report { runs, actions, invalid, .. } = report;
            let seed = report.seed.unwrap_or(0);
            println!(
                "{runs} runs of {actions} actions, {invalid} left out as \
                 senseless, seed {seed:#018x}"
            );
        }
        Err(error) => panic!("{error:?}"),
    }
}
