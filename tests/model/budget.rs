//! How much a check tries.

use std::env;
use std::time::Duration;

use mchk::{CheckErr, Checker, Report, System};

/// The first seed where nobody looks for something new: what passed once
/// passes again.
const SEED: u64 = 1;

/// Makes these runs, the same ones each time. With `MCHK_TIME` set it makes
/// others, for so long.
pub(crate) fn spend<S: System>(
    checker: Checker<S>,
    runs: u64,
) -> (Checker<S>, Result<Report, CheckErr<S::Params>>) {
    if env::var_os("MCHK_TIME").is_some() {
        // The variable has the last word about the time.
        let report = checker.run_for(Duration::MAX);
        return (checker, report);
    }
    let checker = checker.seed(SEED);
    let report = checker.run_times(runs);
    (checker, report)
}
