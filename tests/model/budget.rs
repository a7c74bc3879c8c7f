//! How much a check tries.

use std::env;
use std::time::Duration;

use mchk::{CheckErr, Checker, Report, System};

/// The first seed where nobody looks for something new: what passed once
/// passes again.
const SEED: u64 = 1;

/// Makes these runs, the same ones each time, in which every kind of action
/// must be. With `MCHK_TIME` set it makes others, for so long.
pub(crate) fn spend<S: System>(
    checker: Checker<S>,
    runs: u64,
    kinds: &[(&str, u32)],
) -> (Checker<S>, Result<Report, CheckErr<S::Params>>) {
    if env::var_os("MCHK_TIME").is_some() {
        // The variable has the last word about the time.
        let report = checker.run_for(Duration::MAX);
        return (checker, report);
    }
    let require =
        |checker: Checker<S>, kind: &(&str, u32)| checker.require(kind.0, 1);
    let checker = kinds.iter().fold(checker.seed(SEED), require);
    let report = checker.run_times(runs);
    (checker, report)
}
