//! Sequences of actions, one after the other.

use mchk::Checker;

use crate::budget;
use crate::check::Check;
use crate::generate::KINDS;
use crate::report::print;

/// Some seven hundred actions, some minutes of an emulated machine.
const RUNS: u64 = 12;

/// Long enough that what is done once a run costs little.
const LENGTH_MAX: usize = 60;

/// More than the minimum takes, unless something is very wrong.
const EVALUATIONS_MAX: usize = 500;

fn checker() -> Checker<Check> {
    let check = Check::new().expect("there is a pool");
    Checker::new(check)
        .max_length(LENGTH_MAX)
        .swarm(true)
        .verify_runs(3)
        .evaluations_max(EVALUATIONS_MAX)
        .json()
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn the_library_behaves_like_the_model() {
    let (checker, report) = budget::spend(checker(), RUNS, &KINDS);
    print(checker.system(), report);
}
