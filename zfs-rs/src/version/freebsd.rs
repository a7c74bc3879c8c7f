//! The version of the ZFS module of FreeBSD.

#![expect(unsafe_code, reason = "calls sysctlbyname(3)")]

use std::ptr;

use crate::error::{Error, ErrorKind, Operation, Result};

pub(super) fn kernel_version() -> Result<String> {
    let mut version = [0_u8; 128];
    let mut length = version.len();
    // SAFETY: the name ends with a zero byte, and the buffer has the length
    // that is given, which the call replaces with what it has filled in.
    let code = unsafe {
        libc::sysctlbyname(
            c"vfs.zfs.version.module".as_ptr(),
            version.as_mut_ptr().cast(),
            &raw mut length,
            ptr::null(),
            0,
        )
    };
    if code != 0 {
        let op = Operation::ReadVersion;
        return Err(Error::new(op, ErrorKind::ModuleNotLoaded)
            .advise("load it with `kldload zfs`".to_owned()));
    }
    let text = version.split(|&byte| byte == 0).next().unwrap_or_default();
    Ok(String::from_utf8_lossy(text).into_owned())
}
