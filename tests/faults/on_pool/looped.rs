//! A file as a block device, and devices that are mapped to such.

use std::path::Path;
use std::process::Command;

use crate::pool::run;

/// A loop device on a file; detached when it is dropped.
pub(super) struct Looped {
    device: String,
}

impl Looped {
    pub(super) fn on(file: &Path) -> Looped {
        run(Command::new("modprobe").arg("loop"));
        let losetup = ["-f", "--show"];
        let device = run(Command::new("losetup").args(losetup).arg(file));
        Looped { device }
    }

    pub(super) fn device(&self) -> &str {
        &self.device
    }

    pub(super) fn sectors(&self) -> String {
        run(Command::new("blockdev").args(["--getsz", &self.device]))
    }
}

impl Drop for Looped {
    fn drop(&mut self) {
        run(Command::new("losetup").args(["-d", &self.device]));
    }
}

/// The device mapper, which has this kind of target.
pub(super) fn dmsetup(module: &str, args: &[&str]) {
    run(Command::new("modprobe").args(["-a", "dm-mod", module]));
    run(Command::new("dmsetup").arg("--noudevsync").args(args));
    // No udev has to be there to name what was made.
    run(Command::new("dmsetup").args(["--noudevsync", "mknodes"]));
}
