//! nmount(2) and unmount(2) of FreeBSD.

#![expect(unsafe_code, reason = "calls nmount(2) and unmount(2)")]

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Atime, Flags};
use crate::error::last_os_code;

/// Gives the error number, 0 for success.
pub(super) fn mount(
    source: &CStr,
    target: &CStr,
    _shown_at: &Path,
    flags: Flags,
) -> i32 {
    // Names and values in turn; an option has an empty value.
    let mut texts =
        vec![(c"fstype", c"zfs"), (c"fspath", target), (c"from", source)];
    texts.extend(flags.options().map(|option| (option, c"")));
    let mut parts: Vec<libc::iovec> = texts
        .iter()
        .flat_map(|(name, value)| [*name, *value])
        .map(|text| libc::iovec {
            iov_base: text.as_ptr().cast_mut().cast(),
            iov_len: match text.count_bytes() {
                0 => 0,
                length => length + 1,
            },
        })
        .collect();
    // SAFETY: there are as many parts as is said; each is an address and a
    // length of a text that lives during the call, which reads them only.
    let code = unsafe {
        libc::nmount(parts.as_mut_ptr(), parts.len() as libc::c_uint, 0)
    };
    if code == 0 { 0 } else { last_os_code() }
}

/// Gives the error number, 0 for success.
pub(super) fn unmount(target: &Path, force: bool) -> i32 {
    let Ok(target) = CString::new(target.as_os_str().as_bytes()) else {
        return libc::EINVAL;
    };
    let flags = if force { libc::MNT_FORCE } else { 0 };
    // SAFETY: the path ends with a zero byte and lives during the call.
    let code = unsafe { libc::unmount(target.as_ptr(), flags) };
    if code == 0 { 0 } else { last_os_code() }
}

impl Flags {
    /// FreeBSD has no option for devices any more: they work in devfs only.
    /// It has none for relatime either.
    fn options(self) -> impl Iterator<Item = &'static std::ffi::CStr> {
        let option = |is_set: bool, option| is_set.then_some(option);
        [
            option(self.read_only, c"ro"),
            option(!self.setuid, c"nosuid"),
            option(!self.exec, c"noexec"),
            option(self.atime == Atime::Never, c"noatime"),
            option(self.nbmand, c"nbmand"),
        ]
        .into_iter()
        .flatten()
    }
}
