//! The check finds mistakes that were planted, soon, and shows each by the
//! shortest case there is.

use std::sync::Arc;

use mchk::Checker;

use crate::action::Action;
use crate::check::Check;
use crate::fault::Fault;
use crate::pool::Pool;

/// Every fault is found within so many actions from its seed. From any seed
/// it is half of the time found within 20 to 70 actions, which would take
/// longer here than it shows.
const ACTIONS_MAX: u64 = 12;

/// The faults, a seed for each, and the length of the shortest case.
const FAULTS: [(Fault, u64, usize); 8] = [
    // A dataset, a snapshot, a tag or a clone, and a destroy.
    (Fault::AlwaysDefers, 27, 4),
    // A dataset, and a rename that does not find it.
    (Fault::RenamesBackwards, 100, 2),
    // A dataset, a snapshot, a clone, and what a promote makes of it.
    (Fault::RemembersOrigins, 115, 4),
    // A dataset, a snapshot, a hold of it and of one that is missing.
    (Fault::LooksAtFirstName, 312, 3),
    // A dataset, and a snapshot with the longest name.
    (Fault::CutsLongestName, 21, 2),
    // A dataset, a snapshot, a tag, and a rollback.
    (Fault::RollbackReleases, 118, 4),
    // A dataset, a mount, and a destroy that should find it busy.
    (Fault::UnmountsToDestroy, 345, 3),
    // A dataset, and a value that is inherited and seems to be its own.
    (Fault::InheritsByCopy, 125, 2),
];

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn planted_faults_are_found_soon_and_shown_by_the_shortest_case() {
    let pool = Arc::new(Pool::new());
    for (fault, seed, shortest) in FAULTS {
        is_found(&pool, fault, seed, shortest);
    }
}

#[expect(clippy::print_stdout, reason = "says how soon it was found")]
fn is_found(pool: &Arc<Pool>, fault: Fault, seed: u64, shortest: usize) {
    let check = Check::within(pool.clone(), Some(fault)).expect("ZFS is there");
    // Finding comes first, alone, so that its actions can be counted.
    let finder = Checker::new(check)
        .seed(seed)
        .max_length(ACTIONS_MAX as usize)
        .minimize(false);
    let found = finder.run();
    let Some(found) = found.err().and_then(mchk::CheckErr::failed) else {
        panic!("{fault:?} is not found within {ACTIONS_MAX} actions");
    };
    let tally = finder.system().tally();
    let actions: u64 = tally.values().map(|t| t.done + t.refused).sum();

    let reducer = finder.minimize(true).verify_runs(2);
    let failed = reducer.minimize_case(&found.original);
    let failed = failed.expect_err("it fails again").failed();
    let failed = failed.expect("the failure is not of the surroundings");
    let case: Vec<String> = failed.minimal.iter().map(Action::source).collect();
    println!(
        "{fault:?}: found after {actions} actions; {} actions minimised to \
         {} in {} runs: {}",
        found.original.len(),
        case.len(),
        failed.evaluations,
        case.join(", ")
    );
    assert_eq!(case.len(), shortest, "{failed}");
}
