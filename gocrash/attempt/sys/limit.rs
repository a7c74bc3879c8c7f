//! What FreeBSD and illumos have in common: no list of open descriptors that is
//! always there, so that only a limit tells which can be open.

use std::os::fd::RawFd;

use super::FIRST_DESCRIPTOR;

/// Descriptors beyond this are not looked for, however high the limit.
const DESCRIPTORS_MAX: RawFd = 65_536;

/// Every number that can be a descriptor, standard streams aside.
pub(super) fn open_descriptors() -> Vec<RawFd> {
    // SAFETY: takes a number and gives one back.
    let limit = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) };
    let limit = RawFd::try_from(limit)
        .ok()
        .filter(|limit| (FIRST_DESCRIPTOR..DESCRIPTORS_MAX).contains(limit))
        .unwrap_or(DESCRIPTORS_MAX);
    (FIRST_DESCRIPTOR..limit).collect()
}

pub(super) fn reset_signal(signal: i32) {
    // SAFETY: the default disposition needs no handler. Numbers that can't be
    // set, such as that of SIGKILL, answer with an error.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}
