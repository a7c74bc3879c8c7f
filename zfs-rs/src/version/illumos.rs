//! The version of the illumos kernel, which ZFS is part of.

#![expect(unsafe_code, reason = "calls uname(2)")]

use std::ffi::CStr;
use std::mem::MaybeUninit;

use crate::error::{Error, Operation, Result};

pub(super) fn kernel_version() -> Result<String> {
    let mut names = MaybeUninit::<libc::utsname>::uninit();
    // SAFETY: there is room for what the call writes.
    if unsafe { libc::uname(names.as_mut_ptr()) } < 0 {
        return Err(Error::last_os_error(Operation::ReadVersion, ""));
    }
    // SAFETY: the call succeeded, so it has filled in everything.
    let names = unsafe { names.assume_init() };
    // SAFETY: the kernel ends the text with a zero byte, inside the array.
    let version = unsafe { CStr::from_ptr(names.version.as_ptr()) };
    Ok(version.to_string_lossy().into_owned())
}
