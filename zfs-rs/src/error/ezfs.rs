//! What the error numbers of libzfs mean.

use libzfs_sys as sys;

use super::ErrorKind;

/// The numbers shift between releases, so they come from the header. Only
/// those that every supported release has are named.
pub(super) fn kind(code: i32) -> ErrorKind {
    match code as sys::zfs_error_t {
        sys::EZFS_NOENT => ErrorKind::NotFound,
        sys::EZFS_EXISTS => ErrorKind::AlreadyExists,
        sys::EZFS_BUSY => ErrorKind::Busy,
        sys::EZFS_CROSSTARGET => ErrorKind::DifferentPool,
        sys::EZFS_INVALIDNAME => ErrorKind::InvalidName,
        sys::EZFS_NAMETOOLONG => ErrorKind::NameTooLong,
        sys::EZFS_PERM => ErrorKind::PermissionDenied,
        sys::EZFS_NOSPC | sys::EZFS_PROPSPACE => ErrorKind::NoSpace,
        sys::EZFS_BADPROP
        | sys::EZFS_PROPREADONLY
        | sys::EZFS_PROPTYPE
        | sys::EZFS_PROPNONINHERIT => ErrorKind::InvalidProperty,
        sys::EZFS_BADTYPE => ErrorKind::WrongType,
        sys::EZFS_DSREADONLY | sys::EZFS_POOLREADONLY => ErrorKind::ReadOnly,
        sys::EZFS_ZONED => ErrorKind::NotMountable,
        sys::EZFS_BADVERSION | sys::EZFS_NOTSUP => ErrorKind::Unsupported,
        sys::EZFS_POOLUNAVAIL => ErrorKind::Suspended,
        sys::EZFS_IO => ErrorKind::Io,
        sys::EZFS_INTR => ErrorKind::Interrupted,
        sys::EZFS_NOMEM => ErrorKind::OutOfMemory,
        _ => ErrorKind::Other,
    }
}
