//! FreeBSD: no capabilities to drop.

use std::ffi::CStr;
use std::io;

use nix::unistd::{Gid, getgrouplist};

pub(super) use super::limit::open_descriptors;

/// `SIGRTMAX` of sys/signal.h; libc doesn't have it.
pub(super) fn signal_max() -> i32 {
    126
}

pub(super) fn drop_privileges() -> io::Result<()> {
    Ok(())
}

pub(super) fn groups_of(user: &CStr, gid: Gid) -> io::Result<Vec<Gid>> {
    Ok(getgrouplist(user, gid)?)
}
