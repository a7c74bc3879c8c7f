//! A clone that goes away unless it is kept.

use std::fs;

use crate::Zfs;
use crate::error::{ErrorKind, Result};
use crate::mount::{self, Unmount};
use crate::name::DatasetName;

/// A clone that is unmounted and destroyed when this is dropped.
///
/// ```no_run
/// # use zfs::{DatasetName, Properties, SnapshotName, Zfs};
/// # fn attempt(_: &std::path::Path) -> bool { true }
/// let zfs = Zfs::open()?;
/// let origin = SnapshotName::new("tank/src@monday")?;
/// let clone = DatasetName::new("tank/work")?;
///
/// let guard = zfs.clone_guarded(&clone, &origin, &Properties::new())?;
/// let passed = attempt(&zfs.mount(guard.name())?);
/// match passed {
///     true => guard.destroy()?,
///     false => println!("kept {}", guard.keep()),
/// }
/// # Ok::<(), zfs::Error>(())
/// ```
///
/// It can't be used once it was kept or destroyed:
///
/// ```compile_fail,E0382
/// # fn twice(guard: zfs::CloneGuard) {
/// guard.keep();
/// guard.destroy().ok();
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the clone is destroyed when the guard is dropped"]
pub struct CloneGuard {
    zfs: Zfs,
    /// `None` once it was kept or destroyed.
    name: Option<DatasetName>,
}

impl CloneGuard {
    pub(crate) fn new(zfs: Zfs, name: DatasetName) -> CloneGuard {
        CloneGuard { zfs, name: Some(name) }
    }

    /// The name of the clone.
    pub fn name(&self) -> &DatasetName {
        self.name.as_ref().expect("only methods that consume it take the name")
    }

    /// Lets the clone stay.
    pub fn keep(mut self) -> DatasetName {
        self.name.take().expect("only methods that consume it take the name")
    }

    /// Unmounts and destroys the clone, and says so if that fails; the clone
    /// then stays. Dropping the guard does the same in silence. The directory
    /// that [`Zfs::mount`] made for it goes too, as `zfs destroy` has it.
    ///
    /// # Errors
    /// As [`Zfs::unmount`] and [`Zfs::destroy`].
    pub fn destroy(self) -> Result<()> {
        let zfs = self.zfs.clone();
        destroy(&zfs, &self.keep())
    }
}

impl Drop for CloneGuard {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            // Who wants to know calls `destroy`.
            destroy(&self.zfs, &name).ok();
        }
    }
}

fn destroy(zfs: &Zfs, name: &DatasetName) -> Result<()> {
    let directory = mount::inherited_mount_point(name);
    match zfs.unmount(name, Unmount::Plain) {
        Err(error) if error.kind() != ErrorKind::NotMounted => Err(error),
        _ => zfs.destroy(name),
    }?;
    if let Some(directory) = directory {
        // Not there if it was never mounted; not empty if it is someone's.
        fs::remove_dir(directory).ok();
    }
    Ok(())
}
