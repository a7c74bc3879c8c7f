//! Slates out of reach: not on this system, where a mount can't be moved.

use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

pub(crate) fn make(_working: &Path) -> io::Result<()> {
    Ok(())
}

pub(crate) fn hide(_slate: &Path) -> io::Result<Option<PathBuf>> {
    Ok(None)
}

pub(crate) fn move_mount(_from: &Path, _to: &Path) -> Result<(), Errno> {
    Err(Errno::ENOTSUP)
}
