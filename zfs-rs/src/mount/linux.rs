//! mount(2) and umount2(2) of Linux.

#![expect(unsafe_code, reason = "calls mount(2) and umount2(2)")]

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Atime, Flags};
use crate::error::last_os_code;

/// Gives the error number, 0 for success.
pub(super) fn mount(
    source: &CStr,
    target: &CStr,
    shown_at: &Path,
    flags: Flags,
) -> i32 {
    let Ok(data) = CString::new(hint(shown_at)) else {
        return libc::EINVAL;
    };
    // SAFETY: all four texts end with a zero byte and live during the call.
    let code = unsafe {
        libc::mount(
            source.as_ptr(),
            target.as_ptr(),
            c"zfs".as_ptr(),
            flags.bits(),
            data.as_ptr().cast(),
        )
    };
    if code == 0 { 0 } else { last_os_code() }
}

/// Gives the error number, 0 for success.
pub(super) fn unmount(target: &Path, force: bool) -> i32 {
    let Ok(target) = CString::new(target.as_os_str().as_bytes()) else {
        return libc::EINVAL;
    };
    // The mount table names no symbolic links; one that is there now was put
    // there to lead somewhere else.
    let force = if force { libc::MNT_FORCE } else { 0 };
    let flags = libc::UMOUNT_NOFOLLOW | force;
    // SAFETY: the path ends with a zero byte and lives during the call.
    let code = unsafe { libc::umount2(target.as_ptr(), flags) };
    if code == 0 { 0 } else { last_os_code() }
}

impl Flags {
    fn bits(self) -> libc::c_ulong {
        let bit = |is_set: bool, bit| if is_set { bit } else { 0 };
        let atime = match self.atime {
            Atime::Never => libc::MS_NOATIME,
            Atime::Relative => libc::MS_RELATIME,
            // Without a flag the kernel would choose relatime.
            Atime::Always => libc::MS_STRICTATIME,
        };
        bit(self.read_only, libc::MS_RDONLY)
            | bit(!self.setuid, libc::MS_NOSUID)
            | bit(!self.exec, libc::MS_NOEXEC)
            | bit(!self.devices, libc::MS_NODEV)
            | bit(self.nbmand, libc::MS_MANDLOCK)
            | atime
    }
}

/// Tells ZFS where it is mounted, as libzfs does; it can't find out itself
/// when a snapshot is looked up in it. There is no way to quote a comma.
fn hint(target: &Path) -> Vec<u8> {
    match target.as_os_str().as_bytes() {
        path if path.contains(&b',') => Vec::new(),
        path => [b"mntpoint=", path].concat(),
    }
}
