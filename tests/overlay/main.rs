//! Tests: hunts in a plain directory, without ZFS, by the program as people run
//! it: by root for somebody else, and by that person alone.
//!
//! They need overlayfs, and user namespaces for ordinary users. Where those
//! can't be had they fail, by what gocrash then answers.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]
#![expect(clippy::print_stderr, reason = "what was not tested is said")]
#![cfg(target_os = "linux")]

/// A file with what gocrash is to print.
macro_rules! golden {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/overlay/", $name)
    };
}

#[path = "../util/ground/overlay.rs"]
mod ground;

mod collected;
mod cores;
mod evidence;
mod hangs;
mod hooks;
mod hunts;
mod kept;
#[path = "../util/processes.rs"]
mod processes;
mod refusals;
mod reports;
mod rights;
mod safety;
mod screen;
mod sessions;
mod stop;
mod supervision;
mod suspend;
#[path = "../util/tree.rs"]
mod tree;
mod triage;
mod verify;
