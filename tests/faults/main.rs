//! Tests: things go wrong while gocrash hunts, and nothing is lost, nothing is
//! left unnamed, nothing of others is touched.
//!
//! Each test is a named scenario. `make test` runs it a few times, `make
//! faults` as often as its kind of trouble needs. Hunts on overlays need no
//! ZFS; those on pools need root and a ZFS kernel module.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]
#![expect(clippy::print_stderr, reason = "what was not tested is said")]
#![cfg(target_os = "linux")]

mod audit;
mod hunt;
#[path = "../util/log.rs"]
mod log;
mod on_overlay;
mod on_pool;
#[path = "../util/pool.rs"]
mod pool;
#[path = "../util/processes.rs"]
mod processes;
mod remains;
mod scenario;
#[path = "../util/tree.rs"]
mod tree;
