//! FreeBSD: a supervisor is a reaper; the kernel itself knows and signals all
//! that descends from it.

use std::ptr;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpid, getppid};

use super::memory::{Plain, Room};
use super::message::{Leak, NAME_BYTES};

/// As sys/procctl.h has them; libc doesn't.
const PROC_TRACE_CTL: libc::c_int = 7;
const PROC_TRACE_CTL_DISABLE: libc::c_int = 2;
const PROC_PDEATHSIG_CTL: libc::c_int = 11;
const REAPER_PIDINFO_VALID: libc::c_uint = 1;
const REAPER_PIDINFO_CHILD: libc::c_uint = 2;
/// More processes than this are not looked at.
const PROCESSES_MAX: usize = 4096;

#[repr(C)]
struct ReaperKill {
    signal: libc::c_int,
    flags: libc::c_uint,
    subtree: libc::pid_t,
    killed: libc::c_uint,
    first: libc::pid_t,
    padding: [libc::c_uint; 15],
}

#[repr(C)]
struct ReaperPids {
    count: libc::c_uint,
    padding: [libc::c_uint; 15],
    pids: *mut PidInfo,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct PidInfo {
    pid: libc::pid_t,
    subtree: libc::pid_t,
    flags: libc::c_uint,
    padding: [libc::c_uint; 15],
}

// SAFETY: numbers can be noughts.
unsafe impl Plain for PidInfo {}

pub(super) fn become_reaper() -> nix::Result<()> {
    control(libc::PROC_REAP_ACQUIRE, ptr::null_mut::<libc::c_int>())
}

/// Makes orphans below this process its children.
pub(super) fn adopt_orphans() -> nix::Result<()> {
    become_reaper()
}

/// The children of this process. Allocates.
pub(super) fn children() -> Vec<Pid> {
    let mut children = Vec::new();
    each_info(|info| {
        if info.flags & REAPER_PIDINFO_CHILD != 0 {
            children.push(Pid::from_raw(info.pid));
        }
    });
    children
}

/// Makes this process end with the one that forked it.
pub(super) fn die_with(parent: Pid) -> nix::Result<()> {
    let mut signal = Signal::SIGKILL as libc::c_int;
    control(PROC_PDEATHSIG_CTL, &raw mut signal)?;
    match getppid() == parent {
        true => Ok(()),
        // It has ended already.
        false => Err(Errno::ESRCH),
    }
}

/// Nobody without rights can trace this process.
pub(super) fn hide() -> nix::Result<()> {
    let mut how = PROC_TRACE_CTL_DISABLE;
    control(PROC_TRACE_CTL, &raw mut how)
}

/// The suite's process is there.
pub(super) fn has_forked() -> nix::Result<()> {
    Ok(())
}

/// All there may be are its children, now or soon.
pub(super) fn is_there_more() -> bool {
    false
}

/// Kills all there is.
pub(super) fn kill_once() {
    signal_every(Signal::SIGKILL as i32);
}

/// Signals whoever is there.
pub(super) fn signal_all(_suite: Pid, signal: i32) {
    signal_every(signal);
}

/// Those below this process. Their names are not known.
pub(super) fn each_descendant(mut found: impl FnMut(Leak)) {
    each_info(|info| found(Leak { pid: info.pid, name: [0; NAME_BYTES] }));
}

/// Not told by this system without more than system calls.
pub(super) fn each_open_file(_pid: i32, _found: impl FnMut(&[u8]) -> bool) {}

fn each_info(mut found: impl FnMut(&PidInfo)) {
    let Ok(mut room) = Room::<PidInfo>::new(PROCESSES_MAX) else { return };
    let table = room.as_slice();
    let mut request = ReaperPids {
        count: PROCESSES_MAX as libc::c_uint,
        padding: [0; 15],
        pids: table.as_mut_ptr(),
    };
    if control(libc::PROC_REAP_GETPIDS, &raw mut request).is_err() {
        return;
    }
    let is_valid = |info: &&PidInfo| info.flags & REAPER_PIDINFO_VALID != 0;
    for info in table.iter().take_while(is_valid) {
        found(info);
    }
}

fn signal_every(signal: i32) {
    let mut request = ReaperKill {
        signal,
        flags: 0,
        subtree: 0,
        killed: 0,
        first: 0,
        padding: [0; 15],
    };
    // It fails where nobody is left who could be signalled.
    let _ = control(libc::PROC_REAP_KILL, &raw mut request);
}

/// Wraps `procctl`, for this process.
fn control<T>(what: libc::c_int, data: *mut T) -> nix::Result<()> {
    let myself = libc::id_t::from(getpid().as_raw().unsigned_abs());
    // SAFETY: `data` is what this request takes, or null where it takes none,
    // and lives during the call.
    let done = unsafe { libc::procctl(libc::P_PID, myself, what, data.cast()) };
    Errno::result(done)?;
    Ok(())
}
