//! A failing log becomes failures, and failures become signatures, on two
//! levels: which failure exactly, and of which class. Bytes come in that nobody
//! vouches for; nothing here opens a file, waits, or takes more time or memory
//! than its limits allow.

pub(crate) mod class;
pub(crate) mod failure;
mod go;
pub(crate) mod group;
mod passed;
mod plain;
pub(crate) mod rules;
pub(crate) mod signature;
mod suite;
mod text;

use failure::Failure;
pub(crate) use suite::junit::Results;

/// Counted up when the same log may get other signatures than before.
pub(crate) const VERSION: u32 = 1;
/// So much of a log is worth reading; whoever reads it gives the beginning
/// and the end.
pub(crate) const LOG_BYTES_MAX: usize = 16 << 20;

/// More failures of one attempt's files tell nothing more.
const FAILURES_MAX: usize = 1000;

/// What failed, by what an attempt printed: standard output and standard
/// error, or one log. Never nothing: something was given to be explained.
#[cfg(test)]
pub(crate) fn read(outputs: &[&[u8]]) -> Vec<Failure> {
    read_with(outputs, &[], false)
}

/// The same of one that left JUnit files too, which know better than what was
/// printed beside them. What was killed because it took too long failed for
/// that, unless something says more; its own last words are about the signal.
pub(crate) fn read_with(
    outputs: &[&[u8]],
    junit: &[Results],
    is_timed_out: bool,
) -> Vec<Failure> {
    let outputs: Vec<_> = outputs.iter().map(|log| text::lines(log)).collect();
    let mut failures = go::read(&outputs);
    let results = junit.iter().flat_map(|results| &results.failures);
    let results: Vec<Failure> = results.take(FAILURES_MAX).cloned().collect();
    if results.iter().all(|failure| failure.is_flaky) {
        failures.extend(suite::read(&outputs));
    }
    failures.extend(results);
    if failures.iter().all(|failure| failure.is_flaky) {
        failures.push(match is_timed_out {
            true => plain::timed_out(&outputs),
            false => plain::read(&outputs),
        });
    }
    failures
}

/// The tests that passed only when they were run again, of an attempt that
/// passed in the end: by JUnit files, or else by what was printed.
pub(crate) fn flaky(outputs: &[&[u8]], junit: &[Results]) -> Vec<Failure> {
    let results = junit.iter().flat_map(|results| &results.failures);
    let mut failures: Vec<Failure> = results.cloned().collect();
    if failures.is_empty() {
        let outputs: Vec<_> =
            outputs.iter().map(|log| text::lines(log)).collect();
        failures = suite::read(&outputs);
    }
    let failures = failures.into_iter();
    failures.filter(|failure| failure.is_flaky).take(FAILURES_MAX).collect()
}

/// Whether a log that nothing else is known of says that all went well: then
/// there is nothing in it to be explained.
pub(crate) fn passed(outputs: &[&[u8]]) -> bool {
    let outputs: Vec<_> = outputs.iter().map(|log| text::lines(log)).collect();
    passed::says(&outputs)
}

/// What is in each of these JUnit files.
pub(crate) fn results(junit: &[Vec<u8>]) -> Vec<Results> {
    junit.iter().map(|xml| read_junit(xml)).collect()
}

/// What failed, by a JUnit file.
pub(crate) fn read_junit(xml: &[u8]) -> Results {
    suite::junit::read(xml)
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
