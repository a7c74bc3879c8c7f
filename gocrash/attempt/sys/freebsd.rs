//! FreeBSD: no capabilities to drop.

use std::ffi::CStr;
use std::io;
use std::os::fd::RawFd;

use nix::unistd::{Gid, getgrouplist};

pub(super) use super::limit::{open_descriptors, reset_signal};

/// `SIGRTMAX` of sys/signal.h; libc doesn't have it.
pub(super) const SIGNAL_MAX: i32 = 126;

pub(super) fn drop_privileges() -> io::Result<()> {
    Ok(())
}

pub(super) fn groups_of(user: &CStr, gid: Gid) -> io::Result<Vec<Gid>> {
    Ok(getgrouplist(user, gid)?)
}

/// Closes every descriptor from `first` up.
pub(super) fn close_from(first: RawFd) {
    // SAFETY: takes a number; the caller has no use for what is closed.
    unsafe { libc::closefrom(first) };
}
