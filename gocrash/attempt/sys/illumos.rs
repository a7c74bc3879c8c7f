//! illumos: a process that never touched its privilege sets loses what uid 0
//! gave it together with that.

use std::ffi::CStr;
use std::io;
use std::os::fd::RawFd;

use nix::unistd::Gid;

pub(super) use super::limit::{open_descriptors, reset_signal};

/// `MAXSIG` of sys/signal.h.
pub(super) const SIGNAL_MAX: i32 = 75;
/// `NGROUPS_UMAX` of sys/param.h: no user is in more.
const GROUPS_MAX: usize = 1024;

pub(super) fn drop_privileges() -> io::Result<()> {
    Ok(())
}

pub(super) fn groups_of(user: &CStr, gid: Gid) -> io::Result<Vec<Gid>> {
    let mut groups: Vec<libc::gid_t> = vec![0; GROUPS_MAX];
    let mut count = GROUPS_MAX as libc::c_int;
    // SAFETY: `user` ends with a zero byte, `groups` has room for `count`
    // numbers, and all three live as long as the call.
    let result = unsafe {
        libc::getgrouplist(
            user.as_ptr(),
            gid.as_raw(),
            groups.as_mut_ptr(),
            &raw mut count,
        )
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    groups.truncate(usize::try_from(count).unwrap_or_default());
    Ok(groups.into_iter().map(Gid::from_raw).collect())
}

/// Closes every descriptor from `first` up.
pub(super) fn close_from(first: RawFd) {
    // SAFETY: takes a number; the caller has no use for what is closed.
    unsafe { libc::closefrom(first) };
}
