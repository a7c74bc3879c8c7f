//! Linux: capabilities, and the list of open descriptors.

use std::ffi::CStr;
use std::io;
use std::os::fd::RawFd;

use nix::errno::Errno;
use nix::unistd::{Gid, getgrouplist};

use super::{FIRST_DESCRIPTOR, limit};

/// The kernel's `_NSIG`. The C library's `SIGRTMAX` says the same, but keeps
/// two below its `SIGRTMIN` for itself, which a parent may have ignored.
pub(super) const SIGNAL_MAX: i32 = 64;

/// By the system call: the C library won't touch those two.
pub(super) fn reset_signal(signal: i32) {
    /// Longer than the kernel's `struct sigaction` on any architecture; all
    /// noughts stand for the default disposition.
    const DEFAULT: [u64; 8] = [0; 8];
    const SIGNAL_SET_BYTES: usize = SIGNAL_MAX as usize / 8;
    let old = std::ptr::null_mut::<u64>();
    // SAFETY: the kernel reads `DEFAULT`, which is long enough, and writes
    // nothing. Numbers that can't be set answer with an error.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            libc::c_long::from(signal),
            DEFAULT.as_ptr(),
            old,
            SIGNAL_SET_BYTES,
        )
    };
}

pub(super) fn groups_of(user: &CStr, gid: Gid) -> io::Result<Vec<Gid>> {
    Ok(getgrouplist(user, gid)?)
}

/// Drops every capability. Becoming another user by setuid leaves those that
/// children inherit.
pub(super) fn drop_privileges() -> io::Result<()> {
    clear_ambient()?;
    set_capabilities([NO_CAPABILITIES; 2])
}

/// Keeps every capability of this process to itself: what it runs, not as root,
/// gets none and can gain none. Only while there is a single thread.
pub(crate) fn leave_children_no_rights() -> io::Result<()> {
    let nought: libc::c_ulong = 0;
    for capability in 0.. {
        // SAFETY: takes numbers only.
        let result = unsafe {
            libc::prctl(
                libc::PR_CAPBSET_DROP,
                capability as libc::c_ulong,
                nought,
                nought,
                nought,
            )
        };
        match Errno::result(result) {
            Ok(_) => {}
            // The kernel knows no more of them.
            Err(Errno::EINVAL) if capability > 0 => break,
            Err(error) => return Err(error.into()),
        }
    }
    clear_ambient()?;
    let mut sets = capabilities()?;
    for set in &mut sets {
        set.inheritable = 0;
    }
    set_capabilities(sets)
}

/// As linux/capability.h has it; libc doesn't.
#[repr(C)]
struct Header {
    version: u32,
    pid: libc::c_int,
}

/// Of version 3, which has two of them.
#[repr(C)]
#[derive(Clone, Copy)]
struct Sets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

const OWN: Header = Header { version: 0x2008_0522, pid: 0 };
const NO_CAPABILITIES: Sets =
    Sets { effective: 0, permitted: 0, inheritable: 0 };

fn clear_ambient() -> io::Result<()> {
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
    Ok(())
}

fn capabilities() -> io::Result<[Sets; 2]> {
    let header = OWN;
    let mut sets = [NO_CAPABILITIES; 2];
    // SAFETY: version 3 reads a header and writes two sets, which live as long
    // as the call; it writes no header when the version is known.
    let result = unsafe {
        libc::syscall(libc::SYS_capget, &raw const header, sets.as_mut_ptr())
    };
    Errno::result(result)?;
    Ok(sets)
}

fn set_capabilities(sets: [Sets; 2]) -> io::Result<()> {
    let header = OWN;
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

/// Closes every descriptor from `first` up.
pub(super) fn close_from(first: RawFd) {
    let low = first.unsigned_abs();
    // SAFETY: takes numbers only; the caller has no use for what is closed.
    if unsafe { libc::close_range(low, libc::c_uint::MAX, 0) } == 0 {
        return;
    }
    // Before Linux 5.9.
    limit::close_from(first);
}
