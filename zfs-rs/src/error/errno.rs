//! What the error numbers of libzfs_core and the system calls mean.

use std::fmt;
use std::io;

use super::{ErrorKind, Operation};

// ZFS's own numbers (`zfs_errno_t`) begin where the system's end. They only
// grow from release to release, so these hold for all of them.
const ZFS_ERR_IOC_CMD_UNAVAIL: i32 = 1029;
const ZFS_ERR_IOC_ARG_UNAVAIL: i32 = 1030;
const ZFS_ERR_IOC_ARG_REQUIRED: i32 = 1031;
const ZFS_ERR_IOC_ARG_BADTYPE: i32 = 1032;
const ZFS_ERR_WRONG_PARENT: i32 = 1033;
const ZFS_ERR_UNKNOWN_SEND_STREAM_FEATURE: i32 = 1037;
const ZFS_ERR_STREAM_TRUNCATED: i32 = 1040;
const ZFS_ERR_BADPROP: i32 = 1044;

/// Numbers that the systems spell differently.
#[cfg(target_os = "linux")]
mod system {
    pub(super) use libc::{EBADE as ECKSUM, ECHRNG, ETIME};
}
#[cfg(target_os = "freebsd")]
mod system {
    pub(super) use libc::{ENXIO as ECHRNG, ETIMEDOUT as ETIME};
    /// `EINTEGRITY`
    pub(super) const ECKSUM: i32 = 97;
}
#[cfg(target_os = "illumos")]
mod system {
    pub(super) use libc::{ECHRNG, ETIME};
    /// `EBADE`
    pub(super) const ECKSUM: i32 = 50;
}

pub(super) fn kind(operation: Operation, name: &str, code: i32) -> ErrorKind {
    by_operation(operation, name, code).unwrap_or_else(|| in_general(code))
}

/// Where the same number means different things.
fn by_operation(
    operation: Operation,
    name: &str,
    code: i32,
) -> Option<ErrorKind> {
    use Operation as Op;
    let is_snapshot = name.contains('@');
    Some(match (operation, code) {
        (Op::Open, libc::ENOENT | libc::ENXIO | libc::ENODEV) => {
            ErrorKind::ModuleNotLoaded
        }
        (Op::Destroy, libc::EEXIST) if !is_snapshot => ErrorKind::HasChildren,
        (Op::Destroy | Op::DestroySnapshots, libc::EEXIST) => {
            ErrorKind::HasClones
        }
        (Op::Rollback, libc::EEXIST) => ErrorKind::NotLatest,
        (Op::Rollback | Op::Release, libc::ESRCH) => ErrorKind::NotFound,
        (Op::RunProgram, libc::EINVAL) => ErrorKind::ProgramInvalid,
        (Op::RunProgram, system::ECHRNG) => ErrorKind::ProgramFailed,
        (Op::RunProgram, system::ETIME | libc::ENOSPC | libc::ENOMEM) => {
            ErrorKind::ProgramLimit
        }
        // Of the pipe.
        (Op::Send | Op::Receive, libc::EAGAIN) => ErrorKind::Other,
        (Op::Receive, libc::ENODEV) => ErrorKind::StreamMismatch,
        (Op::Receive, libc::ETXTBSY) => ErrorKind::Modified,
        (Op::Receive, libc::EINVAL | system::ECKSUM) => {
            ErrorKind::InvalidStream
        }
        (Op::Unmount, libc::EINVAL) => ErrorKind::NotMounted,
        _ => return None,
    })
}

fn in_general(code: i32) -> ErrorKind {
    match code {
        libc::ENOENT => ErrorKind::NotFound,
        libc::EEXIST => ErrorKind::AlreadyExists,
        libc::EBUSY => ErrorKind::Busy,
        libc::EXDEV => ErrorKind::DifferentPool,
        libc::ENAMETOOLONG => ErrorKind::NameTooLong,
        libc::EPERM | libc::EACCES => ErrorKind::PermissionDenied,
        libc::ENOSPC => ErrorKind::NoSpace,
        libc::EDQUOT => ErrorKind::QuotaExceeded,
        libc::EROFS => ErrorKind::ReadOnly,
        libc::EAGAIN => ErrorKind::Suspended,
        libc::EIO | libc::ENXIO => ErrorKind::Io,
        libc::EINTR => ErrorKind::Interrupted,
        libc::ENOMEM => ErrorKind::OutOfMemory,
        libc::ENOTSUP
        | ZFS_ERR_IOC_CMD_UNAVAIL
        | ZFS_ERR_IOC_ARG_UNAVAIL
        | ZFS_ERR_UNKNOWN_SEND_STREAM_FEATURE => ErrorKind::Unsupported,
        libc::EINVAL
        | libc::E2BIG
        | ZFS_ERR_IOC_ARG_REQUIRED
        | ZFS_ERR_IOC_ARG_BADTYPE => ErrorKind::InvalidArgument,
        ZFS_ERR_WRONG_PARENT => ErrorKind::WrongType,
        ZFS_ERR_STREAM_TRUNCATED => ErrorKind::InvalidStream,
        ZFS_ERR_BADPROP => ErrorKind::InvalidProperty,
        _ => ErrorKind::Other,
    }
}

/// What to do that holds wherever this kind comes from.
pub(super) fn help(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::ModuleNotLoaded => Some(if cfg!(target_os = "freebsd") {
            "load the module with `kldload zfs`"
        } else {
            "load the module with `modprobe zfs`"
        }),
        ErrorKind::PermissionDenied => Some(
            "run as root, or have the right given with `zfs allow` \
             (on Linux mounting can't be given away)",
        ),
        ErrorKind::KeyNotLoaded => Some("load it with `zfs load-key`"),
        ErrorKind::Suspended => Some(
            "see `zpool status -x`, and `zpool clear` it once its devices are \
             back",
        ),
        _ => None,
    }
}

pub(super) fn describe(code: i32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match code {
        1..1024 => write!(f, "{}", io::Error::from_raw_os_error(code)),
        _ => write!(f, "ZFS error {code}"),
    }
}
