//! Tests on real pools: they need root and a kernel with ZFS, and are ignored
//! elsewhere. The commands `zfs` and `zpool` are the independent witness.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod hunt;
#[path = "../util/log.rs"]
mod log;
#[path = "../util/pool.rs"]
mod pool;
mod zfs;
