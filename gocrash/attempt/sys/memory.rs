//! Memory by system calls, for processes that may not allocate.

use std::ptr;
use std::sync::atomic::AtomicBool;

use nix::errno::Errno;

/// A flag that this process shares with those it forks.
///
/// Wraps `mmap`.
pub(super) fn shared_flag() -> nix::Result<&'static AtomicBool> {
    let memory = map(size_of::<AtomicBool>(), libc::MAP_SHARED)?;
    // SAFETY: it is there until the process ends, aligned for anything, and
    // all noughts, which is a flag that is not set.
    Ok(unsafe { &*memory.cast::<AtomicBool>() })
}

/// Room for so many of something, all noughts, until it is dropped.
#[cfg(not(target_os = "illumos"))]
pub(super) struct Room<T: Plain> {
    memory: *mut T,
    count: usize,
}

/// Types that may be all noughts.
///
/// # Safety
/// So it must be.
#[cfg(not(target_os = "illumos"))]
pub(super) unsafe trait Plain: Copy {}

#[cfg(not(target_os = "illumos"))]
impl<T: Plain> Room<T> {
    pub(super) fn new(count: usize) -> nix::Result<Room<T>> {
        let memory = map(size_of::<T>() * count, libc::MAP_PRIVATE)?;
        Ok(Room { memory: memory.cast(), count })
    }

    pub(super) fn as_slice(&mut self) -> &mut [T] {
        // SAFETY: so many were asked for; they are this value's own, aligned
        // for anything, and all noughts to begin with, which `Plain` allows.
        unsafe { std::slice::from_raw_parts_mut(self.memory, self.count) }
    }
}

#[cfg(not(target_os = "illumos"))]
impl<T: Plain> Drop for Room<T> {
    fn drop(&mut self) {
        let bytes = size_of::<T>() * self.count;
        // SAFETY: it was mapped with this length, and nobody borrows it.
        unsafe { libc::munmap(self.memory.cast(), bytes) };
    }
}

fn map(bytes: usize, kind: libc::c_int) -> nix::Result<*mut libc::c_void> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let kind = kind | libc::MAP_ANON;
    // SAFETY: asks for new memory, at any place.
    let memory =
        unsafe { libc::mmap(ptr::null_mut(), bytes, access, kind, -1, 0) };
    match memory == libc::MAP_FAILED {
        true => Err(Errno::last()),
        false => Ok(memory),
    }
}
