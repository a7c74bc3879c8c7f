//! Where no list of open descriptors is always there: every number that can be
//! one.

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
