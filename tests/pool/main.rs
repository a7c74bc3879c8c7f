//! Tests on real pools: they need root and a kernel with ZFS, and are ignored
//! elsewhere. The commands `zfs` and `zpool` are the independent witness.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::path::Path;
use std::process::Command;

mod hunt;
#[path = "../util/log.rs"]
mod log;
#[path = "../util/pool.rs"]
mod pool;
mod zfs;

/// Copies a program by another process: what this one has open for writing is
/// for a moment open in what other tests start, and can't be run.
fn copy_program(from: impl AsRef<Path>, to: &Path) {
    pool::run(Command::new("cp").arg(from.as_ref()).arg(to));
}
