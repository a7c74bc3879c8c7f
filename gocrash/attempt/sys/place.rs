//! Where the processes that gocrash forks have their descriptors.

use std::os::fd::{BorrowedFd, RawFd};

use nix::errno::Errno;

/// The supervisor's end of the connection with gocrash. Its suite's process
/// has it as well, until it runs the command: it waits there for the word.
pub(super) const CONTROL: RawFd = 3;
/// Where the suite's process says why it can't run the command; ends when it
/// does.
pub(super) const TROUBLE_READ: RawFd = 4;
pub(super) const TROUBLE: RawFd = 5;
/// Has a byte in it when a child has ended.
pub(super) const WAKE_READ: RawFd = 6;
pub(super) const WAKE: RawFd = 7;
/// Kills all that are in the attempt's control group, if it has one.
pub(super) const KILL_CGROUP: RawFd = 8;
/// The first descriptor that nothing is put at.
pub(super) const FIRST_FREE: RawFd = 9;

/// Above all of them.
const HIGH: RawFd = 16;

/// Moves descriptors to the numbers from nought up. By way of high numbers,
/// so that none is overwritten before it was moved.
pub(super) fn place_all(mut descriptors: [RawFd; 8]) -> nix::Result<()> {
    for descriptor in &mut descriptors {
        // SAFETY: duplicates a descriptor; the new one is this process's own.
        let new =
            unsafe { libc::fcntl(*descriptor, libc::F_DUPFD_CLOEXEC, HIGH) };
        *descriptor = Errno::result(new)?;
    }
    for (low, descriptor) in (0..).zip(descriptors) {
        replace(low, descriptor)?;
    }
    for low in CONTROL..=WAKE {
        // SAFETY: a flag of an own descriptor changes.
        let set = unsafe { libc::fcntl(low, libc::F_SETFD, libc::FD_CLOEXEC) };
        Errno::result(set)?;
    }
    Ok(())
}

/// Puts a copy of `descriptor` at the number `low`.
pub(super) fn replace(low: RawFd, descriptor: RawFd) -> nix::Result<()> {
    // SAFETY: a process that was forked owns all its descriptors, and nobody
    // else in it uses the ones that are replaced.
    Errno::result(unsafe { libc::dup2(descriptor, low) })?;
    Ok(())
}

pub(super) fn close(descriptor: RawFd) {
    // SAFETY: as above.
    unsafe { libc::close(descriptor) };
}

/// One of those above. They are never closed under those who use them.
pub(super) fn at(descriptor: RawFd) -> BorrowedFd<'static> {
    // SAFETY: it was put there before anything uses it, and stays open until
    // the process ends or runs something else.
    unsafe { BorrowedFd::borrow_raw(descriptor) }
}
