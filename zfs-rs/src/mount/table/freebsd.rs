//! The mount table of FreeBSD: getfsstat(2).

#![expect(unsafe_code, reason = "calls getfsstat(2)")]

use std::ffi::{CStr, OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::{mem, ptr};

use super::Mount;
use crate::error::{Error, Operation, Result};

/// Room for mounts that appear between the two calls.
const MORE: usize = 16;

pub(super) fn all() -> Result<Vec<Mount>> {
    let failed = || Error::last_os_error(Operation::ReadMounts, "");
    // SAFETY: without a buffer the call only counts.
    let count =
        unsafe { libc::getfsstat(ptr::null_mut(), 0, libc::MNT_NOWAIT) };
    let room = usize::try_from(count).map_err(|_| failed())? + MORE;
    let mut table: Vec<libc::statfs> = Vec::with_capacity(room);
    let bytes = room * mem::size_of::<libc::statfs>();
    // SAFETY: the buffer has room for as many bytes as is said.
    let count = unsafe {
        libc::getfsstat(
            table.as_mut_ptr(),
            bytes as libc::c_long,
            libc::MNT_NOWAIT,
        )
    };
    let count = usize::try_from(count).map_err(|_| failed())?;
    // SAFETY: the call filled in that many elements, and no more than there
    // was room for.
    unsafe { table.set_len(count.min(room)) };
    let source = |m: &libc::statfs| match text(&m.f_fstypename) {
        b"zfs" => String::from_utf8_lossy(text(&m.f_mntfromname)).into_owned(),
        _ => String::new(),
    };
    let mount = |m: &libc::statfs| Mount {
        source: source(m),
        path: PathBuf::from(OsStr::from_bytes(text(&m.f_mntonname))),
        device: None,
    };
    Ok(table.iter().map(mount).collect())
}

/// The table does not tell what would be needed to find out.
pub(super) fn is_covered(_: &Mount) -> bool {
    false
}

/// Up to the zero byte.
fn text(field: &[c_char]) -> &[u8] {
    let first = field.as_ptr().cast::<u8>();
    // SAFETY: the same bytes, borrowed as long.
    let bytes = unsafe { std::slice::from_raw_parts(first, field.len()) };
    CStr::from_bytes_until_nul(bytes).map_or(bytes, CStr::to_bytes)
}
