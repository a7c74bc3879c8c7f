//! What needs no list of open descriptors: a limit tells which can be open. And
//! what FreeBSD and illumos have in common.

use std::os::fd::RawFd;

use super::FIRST_DESCRIPTOR;

/// Descriptors beyond this are not looked for, however high the limit.
const DESCRIPTORS_MAX: RawFd = 65_536;

/// Every number that can be a descriptor, standard streams aside.
pub(super) fn open_descriptors() -> Vec<RawFd> {
    (FIRST_DESCRIPTOR..limit()).collect()
}

/// Closes every descriptor from `first` up. Allocates nothing.
pub(super) fn close_from(first: RawFd) {
    for descriptor in first..limit() {
        // SAFETY: takes a number; the caller has no use for what is closed.
        unsafe { libc::close(descriptor) };
    }
}

/// The first number that can't be a descriptor.
fn limit() -> RawFd {
    // SAFETY: takes a number and gives one back.
    let limit = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) };
    RawFd::try_from(limit)
        .ok()
        .filter(|limit| (FIRST_DESCRIPTOR..DESCRIPTORS_MAX).contains(limit))
        .unwrap_or(DESCRIPTORS_MAX)
}

pub(super) fn reset_signal(signal: i32) {
    // SAFETY: the default disposition needs no handler. Numbers that can't be
    // set, such as that of SIGKILL, answer with an error.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}
