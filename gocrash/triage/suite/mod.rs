//! What other suites print: at least which tests failed.

mod cargo;
mod ctest;
pub(super) mod junit;
mod nextest;
mod panicked;
mod pytest;
mod rustc;
mod tap;

use crate::triage::failure::Failure;
use crate::triage::text::Line;
pub(super) use tap::tap_passed;

/// Failures of one log, of one kind of suite: more tell nothing more.
const FAILURES_MAX: usize = 500;

/// Reads the outputs of one attempt, each as lines, by all that know how. A
/// log may be of several suites.
pub(super) fn read(outputs: &[Vec<Line<'_>>]) -> Vec<Failure> {
    let readers = [
        rustc::read,
        cargo::read,
        nextest::read,
        pytest::read,
        ctest::read,
        tap::read,
    ];
    let mut failures = Vec::new();
    for read in readers {
        let found = read(outputs);
        failures.extend(found.into_iter().take(FAILURES_MAX));
    }
    failures
}
