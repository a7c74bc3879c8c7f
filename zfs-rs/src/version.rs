//! The versions of the library and of the kernel module.

use crate::Zfs;
use crate::error::Result;

#[cfg_attr(target_os = "linux", path = "version/linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "version/freebsd.rs")]
#[cfg_attr(target_os = "illumos", path = "version/illumos.rs")]
mod system;

/// The version of libzfs whose headers this was built with, such as `2.1.11`;
/// `unknown` where the system does not tell.
pub fn libzfs_version() -> &'static str {
    libzfs_sys::VERSION
}

impl Zfs {
    /// The version of the kernel module, such as `2.1.11-1+deb12u1`. On
    /// illumos, where ZFS is part of the kernel, that of the kernel.
    ///
    /// Reads `/sys/module/zfs/version` on Linux, `vfs.zfs.version.module` on
    /// FreeBSD, and uname(2) on illumos.
    ///
    /// # Errors
    /// [`ModuleNotLoaded`](crate::ErrorKind::ModuleNotLoaded).
    pub fn kernel_version() -> Result<String> {
        system::kernel_version()
    }
}
