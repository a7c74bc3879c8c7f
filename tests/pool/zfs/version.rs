//! The versions of library and module.

use zfs::{Zfs, libzfs_version};

use crate::pool::zfs;

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn versions_are_those_that_the_zfs_command_shows() {
    let theirs = zfs(&["version"]);
    let ours = Zfs::kernel_version().unwrap();
    assert!(theirs.contains(&format!("zfs-kmod-{ours}")), "{theirs}");
    assert!(theirs.contains(&format!("zfs-{}", libzfs_version())), "{theirs}");
}
