//! The version of the ZFS module of Linux.

use std::fs;

use crate::error::{Error, ErrorKind, Operation, Result};

pub(super) fn kernel_version() -> Result<String> {
    fs::read_to_string("/sys/module/zfs/version")
        .map(|version| version.trim_end().to_owned())
        .map_err(|_| {
            let op = Operation::ReadVersion;
            Error::new(op, ErrorKind::ModuleNotLoaded)
                .advise("load it with `modprobe zfs`".to_owned())
        })
}
