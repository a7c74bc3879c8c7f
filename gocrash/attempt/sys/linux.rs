//! Linux: capabilities, and the list of open descriptors.

use std::ffi::CStr;
use std::io;
use std::os::fd::RawFd;

use nix::errno::Errno;
use nix::unistd::{Gid, getgrouplist};

use super::FIRST_DESCRIPTOR;

pub(super) fn signal_max() -> i32 {
    libc::SIGRTMAX()
}

pub(super) fn groups_of(user: &CStr, gid: Gid) -> io::Result<Vec<Gid>> {
    Ok(getgrouplist(user, gid)?)
}

/// Drops every capability. Becoming another user by setuid leaves those that
/// children inherit.
pub(super) fn drop_privileges() -> io::Result<()> {
    /// As linux/capability.h has it; libc doesn't.
    #[repr(C)]
    struct Header {
        version: u32,
        pid: libc::c_int,
    }
    #[repr(C)]
    struct Sets {
        effective: u32,
        permitted: u32,
        inheritable: u32,
    }
    const VERSION_3: u32 = 0x2008_0522;
    const NONE: Sets = Sets { effective: 0, permitted: 0, inheritable: 0 };

    let nought: libc::c_ulong = 0;
    // SAFETY: takes numbers only.
    let result = unsafe {
        libc::prctl(
            libc::PR_CAP_AMBIENT,
            libc::PR_CAP_AMBIENT_CLEAR_ALL,
            nought,
            nought,
            nought,
        )
    };
    Errno::result(result)?;
    let header = Header { version: VERSION_3, pid: 0 };
    let sets = [NONE, NONE];
    // SAFETY: version 3 reads a header and two sets, which live as long as the
    // call; it writes to neither when the version is known.
    let result = unsafe {
        libc::syscall(libc::SYS_capset, &raw const header, sets.as_ptr())
    };
    Errno::result(result)?;
    Ok(())
}

/// The descriptors of this process, standard streams aside.
pub(super) fn open_descriptors() -> Vec<RawFd> {
    let Ok(dir) = std::fs::read_dir("/proc/self/fd") else {
        return Vec::new();
    };
    dir.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor >= FIRST_DESCRIPTOR)
        .collect()
}
