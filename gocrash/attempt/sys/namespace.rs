//! Mounts that have no place yet, and processes with a mount namespace of
//! their own. Linux 5.2 has all of it.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::{chroot, fchdir};

use super::{FIRST_FREE, c_string};

/// As linux/mount.h has it; libc doesn't everywhere.
const MOVE_MOUNT_F_EMPTY_PATH: libc::c_uint = 4;

/// A second mount of the tree at `path`, attached nowhere. It goes away with
/// the descriptor, unless it was attached by then.
///
/// Wraps `open_tree`.
pub(crate) fn open_tree(path: &Path) -> io::Result<OwnedFd> {
    let path = c_string(path.as_os_str())?;
    let flags = libc::OPEN_TREE_CLONE | libc::O_CLOEXEC.unsigned_abs();
    // SAFETY: the path ends with a zero byte and lives during the call.
    let opened = unsafe {
        libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags)
    };
    let descriptor = Errno::result(opened)? as libc::c_int;
    // SAFETY: the call has just made it, for nobody else.
    out_of_the_way(&unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// A copy with a number that a child doesn't use for its own pipes.
pub(crate) fn out_of_the_way(descriptor: &OwnedFd) -> io::Result<OwnedFd> {
    let descriptor = descriptor.as_raw_fd();
    // SAFETY: duplicates a descriptor that is open.
    let copy =
        unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, FIRST_FREE) };
    let copy = Errno::result(copy)?;
    // SAFETY: the call has just made it, for nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Gives this process a copy of a mount namespace, with what `root` is there
/// for its `/`. Makes system calls only.
///
/// Wraps `setns`, `fchdir`, `chroot` and `unshare`.
pub(crate) fn enter_copy_of(
    namespace: BorrowedFd<'_>,
    root: BorrowedFd<'_>,
) -> nix::Result<()> {
    // SAFETY: takes numbers only.
    let entered =
        unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNS) };
    Errno::result(entered)?;
    // It has left a chroot, if gocrash was in one.
    fchdir(root)?;
    chroot(c".")?;
    // SAFETY: takes a number only.
    Errno::result(unsafe { libc::unshare(libc::CLONE_NEWNS) })?;
    Ok(())
}

/// Attaches what [`open_tree`] gave. Makes system calls only.
///
/// Wraps `move_mount`.
pub(crate) fn attach(tree: BorrowedFd<'_>, at: &CStr) -> nix::Result<()> {
    // SAFETY: both paths end with a zero byte and live during the call.
    let attached = unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            tree.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            at.as_ptr(),
            MOVE_MOUNT_F_EMPTY_PATH,
        )
    };
    Errno::result(attached)?;
    Ok(())
}
