//! mount(2) with an option string and umount2(2) of illumos.

#![expect(unsafe_code, reason = "calls mount(2) and umount2(2)")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use super::{Atime, Flags};
use crate::error::last_os_code;

// From <sys/mount.h> and <sys/mntent.h>.
const MS_RDONLY: c_int = 0x01;
const MS_OPTIONSTR: c_int = 0x100;
const MS_FORCE: c_int = 0x400;
const MAX_MNTOPT_STR: usize = 1024;

unsafe extern "C" {
    #[link_name = "mount"]
    fn sys_mount(
        spec: *const c_char,
        dir: *const c_char,
        flags: c_int,
        ...
    ) -> c_int;
    fn umount2(dir: *const c_char, flags: c_int) -> c_int;
}

/// Gives the error number, 0 for success.
pub(super) fn mount(
    source: &CStr,
    target: &CStr,
    _shown_at: &Path,
    flags: Flags,
) -> i32 {
    // The kernel answers in the same buffer with the options in force.
    let mut options = [0_u8; MAX_MNTOPT_STR];
    let text = flags.options();
    options[..text.len()].copy_from_slice(text.as_bytes());
    let read_only = if flags.read_only { MS_RDONLY } else { 0 };
    // SAFETY: the texts end with a zero byte and live during the call; there
    // is no data, and the buffer for options has the length that is given.
    let code = unsafe {
        sys_mount(
            source.as_ptr(),
            target.as_ptr(),
            MS_OPTIONSTR | read_only,
            c"zfs".as_ptr(),
            ptr::null_mut::<c_void>(),
            0 as c_int,
            options.as_mut_ptr(),
            options.len() as c_int,
        )
    };
    if code == 0 { 0 } else { last_os_code() }
}

/// Gives the error number, 0 for success.
pub(super) fn unmount(target: &Path, force: bool) -> i32 {
    let Ok(target) = CString::new(target.as_os_str().as_bytes()) else {
        return libc::EINVAL;
    };
    let flags = if force { MS_FORCE } else { 0 };
    // SAFETY: the path ends with a zero byte and lives during the call.
    let code = unsafe { umount2(target.as_ptr(), flags) };
    if code == 0 { 0 } else { last_os_code() }
}

impl Flags {
    /// Much shorter than the buffer they go into.
    fn options(self) -> String {
        let option = |is_on: bool, on, off| if is_on { on } else { off };
        [
            option(self.read_only, "ro", "rw"),
            option(self.setuid, "setuid", "nosetuid"),
            option(self.exec, "exec", "noexec"),
            option(self.devices, "devices", "nodevices"),
            option(self.atime != Atime::Never, "atime", "noatime"),
            option(self.nbmand, "nbmand", "nonbmand"),
        ]
        .join(",")
    }
}
