//! Process control that no crate offers safely: how a child comes into being
//! after fork and is kept from leaving anything behind, what was inherited.

#![expect(
    unsafe_code,
    reason = "the only place of the program that calls C itself"
)]

#[cfg_attr(target_os = "linux", path = "cgroup/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "cgroup/none.rs")]
mod cgroup;
mod children;
pub(crate) mod cores;
mod ends;
pub(crate) mod foreground;
mod fork;
#[cfg_attr(
    not(target_os = "illumos"),
    expect(dead_code, reason = "others have better ways")
)]
mod limit;
mod memory;
mod message;
#[cfg(target_os = "linux")]
pub(crate) mod namespace;
mod place;
#[cfg(target_os = "linux")]
pub(crate) mod rights;
mod socket;
mod suite;
mod supervisor;
#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "freebsd.rs")]
#[cfg_attr(target_os = "illumos", path = "illumos.rs")]
mod system;
#[cfg_attr(target_os = "linux", path = "tree/linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "tree/freebsd.rs")]
#[cfg_attr(target_os = "illumos", path = "tree/illumos.rs")]
mod tree;

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;

pub(crate) use cgroup::remove_free as remove_cgroups;
pub(crate) use children::{Supervisor, adopt_orphans};
pub(crate) use fork::{Control, enter, fork_supervised};
pub(crate) use message::{Found, Holds, Order, Report, Whom};
#[cfg(target_os = "linux")]
use place::FIRST_FREE;
pub(crate) use suite::Program;
#[cfg(target_os = "linux")]
pub(crate) use system::leave_children_no_rights;

use nix::sys::signal::SigSet;
use nix::unistd::Gid;

/// The groups that the user is in, `gid` among them.
///
/// Wraps `getgrouplist`.
pub(crate) fn groups_of(user: &CStr, gid: Gid) -> io::Result<Vec<Gid>> {
    system::groups_of(user, gid)
}

/// The number of the process that was started; those that it forks and that
/// know of this keep it in mind as theirs.
pub(crate) fn own_id() -> u32 {
    static ID: OnceLock<u32> = OnceLock::new();
    *ID.get_or_init(std::process::id)
}

/// Whether this process was started with the signal ignored, as by `nohup`.
pub(crate) fn is_ignored(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: a null pointer for the new action changes nothing, and `action`
    // has room for the present one.
    let result = unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr())
    };
    // SAFETY: the call has filled it in, since it succeeded.
    result == 0 && unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN
}

/// Keeps what this process has open out of its children. What it opens itself
/// is closed on exec; what it was started with, or what a C library opened, is
/// not always.
pub(crate) fn close_descriptors_on_exec() {
    for descriptor in system::open_descriptors() {
        // SAFETY: a flag of a descriptor changes; it is neither closed nor
        // used, and a number that is not open is an error without effect.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

/// The first descriptor that is not a standard stream.
const FIRST_DESCRIPTOR: RawFd = 3;

fn reset_signals() -> io::Result<()> {
    for signal in 1..=system::SIGNAL_MAX {
        system::reset_signal(signal);
    }
    SigSet::empty().thread_set_mask()?;
    Ok(())
}

/// The text as C wants it.
pub(crate) fn c_string(text: &OsStr) -> io::Result<CString> {
    CString::new(text.as_bytes()).map_err(|_| {
        let text = text.to_string_lossy();
        let what = format!("`{text}` has a NUL byte in it");
        io::Error::new(io::ErrorKind::InvalidInput, what)
    })
}
