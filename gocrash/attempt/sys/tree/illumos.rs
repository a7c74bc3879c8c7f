//! illumos: the suite's process begins a process contract, which all of its
//! descendants stay in. Its supervisor holds it; when that dies, the kernel
//! kills every member.

use std::ffi::c_void;
use std::os::fd::AsRawFd;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::{Pid, getppid};

use super::message::{Leak, NAME_BYTES};

/// As sys/contract/process.h and libcontract.h have them.
const CT_PR_NOORPHAN: libc::c_uint = 2;
const CTD_COMMON: libc::c_int = 0;

#[link(name = "contract")]
unsafe extern "C" {
    fn ct_pr_tmpl_set_param(
        template: libc::c_int,
        param: libc::c_uint,
    ) -> libc::c_int;
    fn ct_tmpl_activate(template: libc::c_int) -> libc::c_int;
    fn ct_tmpl_clear(template: libc::c_int) -> libc::c_int;
    fn ct_status_read(
        status: libc::c_int,
        detail: libc::c_int,
        read: *mut *mut c_void,
    ) -> libc::c_int;
    fn ct_status_get_id(read: *mut c_void) -> libc::id_t;
    fn ct_status_free(read: *mut c_void);
    fn sigsend(
        kind: libc::idtype_t,
        id: libc::id_t,
        signal: libc::c_int,
    ) -> libc::c_int;
}

/// The contract, from the fork on.
static CONTRACT: AtomicI32 = AtomicI32::new(0);

/// Has the next process that is forked begin a contract.
pub(super) fn become_reaper() -> nix::Result<()> {
    let template = open_contract(c"/system/contract/process/template")?;
    // SAFETY: takes numbers only.
    let set =
        unsafe { ct_pr_tmpl_set_param(template.as_raw_fd(), CT_PR_NOORPHAN) };
    check(set)?;
    // SAFETY: takes a number only.
    check(unsafe { ct_tmpl_activate(template.as_raw_fd()) })
}

/// There are none: contracts end with their holder.
pub(super) fn adopt_orphans() -> nix::Result<()> {
    Ok(())
}

/// No orphan is anybody's child here.
pub(super) fn children() -> Vec<Pid> {
    Vec::new()
}

/// The suite's process is there: finds its contract.
pub(super) fn has_forked() -> nix::Result<()> {
    let template = open_contract(c"/system/contract/process/template")?;
    // SAFETY: takes a number only.
    check(unsafe { ct_tmpl_clear(template.as_raw_fd()) })?;
    let latest = open_contract(c"/system/contract/process/latest")?;
    let mut status = ptr::null_mut();
    // SAFETY: the call writes a pointer, for which there is room.
    let read = unsafe {
        ct_status_read(latest.as_raw_fd(), CTD_COMMON, &raw mut status)
    };
    check(read)?;
    // SAFETY: the call above has filled it in.
    let id = unsafe { ct_status_get_id(status) };
    CONTRACT.store(id, Ordering::SeqCst);
    // SAFETY: it is used no more.
    unsafe { ct_status_free(status) };
    Ok(())
}

/// The contract sees to that; only whether there still is one counts.
pub(super) fn die_with(parent: Pid) -> nix::Result<()> {
    match getppid() == parent {
        true => Ok(()),
        false => Err(Errno::ESRCH),
    }
}

/// A process that has changed its ids can't be traced by others.
pub(super) fn hide() -> nix::Result<()> {
    Ok(())
}

/// Orphans are nobody's children here, but in the contract.
pub(super) fn is_there_more() -> bool {
    signal_members(0).is_ok()
}

/// Kills all there is.
pub(super) fn kill_once() {
    let _ = signal_members(Signal::SIGKILL as libc::c_int);
}

/// Signals whoever is there.
pub(super) fn signal_all(_suite: Pid, signal: i32) {
    let _ = signal_members(signal);
}

/// That there are some is all that is told.
pub(super) fn each_descendant(mut found: impl FnMut(Leak)) {
    if is_there_more() {
        found(Leak { pid: 0, name: [0; NAME_BYTES] });
    }
}

/// Not told by this system without more than system calls.
pub(super) fn each_open_file(_pid: i32, _found: impl FnMut(&[u8]) -> bool) {}

fn signal_members(signal: libc::c_int) -> nix::Result<()> {
    let contract = CONTRACT.load(Ordering::SeqCst);
    if contract == 0 {
        return Err(Errno::ESRCH);
    }
    // SAFETY: takes numbers only.
    Errno::result(unsafe { sigsend(libc::P_CTID, contract, signal) })?;
    Ok(())
}

fn open_contract(path: &std::ffi::CStr) -> nix::Result<std::os::fd::OwnedFd> {
    open(path, OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty())
}

/// The library's calls answer with the error itself.
fn check(answer: libc::c_int) -> nix::Result<()> {
    match answer {
        0 => Ok(()),
        error => Err(Errno::from_raw(error)),
    }
}
