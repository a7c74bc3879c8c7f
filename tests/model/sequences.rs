//! Sequences of actions, one after the other.

use std::time::Duration;

use mchk::Checker;

use crate::check::Check;
use crate::report::print;

/// How long to look for a failure; `MCHK_TIME` has the last word.
const TIME: Duration = Duration::from_secs(60);

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
    let checker = checker();
    let report = checker.run_for(TIME);
    print(checker.system(), report);
}
