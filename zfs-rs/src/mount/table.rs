//! The table of what is mounted where.

use std::path::{Path, PathBuf};

use crate::error::Result;

#[cfg_attr(target_os = "linux", path = "table/linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "table/freebsd.rs")]
#[cfg_attr(target_os = "illumos", path = "table/illumos.rs")]
mod system;
#[cfg(target_os = "linux")]
pub(crate) use system::parse;

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The name of the dataset or snapshot; empty where it is not from ZFS.
    pub(crate) source: String,
    pub(crate) path: PathBuf,
    /// Major and minor number of the device that its files are on, where the
    /// table tells.
    pub(crate) device: Option<(u32, u32)>,
}

impl Mount {
    /// Whether its path leads to another file system. To unmount that path
    /// would take away what was not meant.
    pub(crate) fn is_covered(&self) -> bool {
        system::is_covered(self)
    }

    /// Whether a path below its own leads to its files, and not to another
    /// mount's.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        let of_path = Mount { path: path.to_owned(), ..self.clone() };
        !of_path.is_covered()
    }
}

/// What the calling thread sees mounted from ZFS, the latest last.
pub(crate) fn all() -> Result<Vec<Mount>> {
    let mut mounts = system::all()?;
    mounts.retain(|mount| !mount.source.is_empty());
    Ok(mounts)
}

/// The same, and what is mounted from elsewhere.
#[cfg(not(target_os = "linux"))]
pub(crate) fn everything() -> Result<Vec<Mount>> {
    system::all()
}

/// Where the calling thread sees that dataset or snapshot, the latest last.
pub(crate) fn of(source: &str) -> Result<Vec<Mount>> {
    let mut mounts = all()?;
    mounts.retain(|mount| mount.source == source);
    Ok(mounts)
}
