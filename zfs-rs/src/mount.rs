//! Mounting and unmounting by the system call itself.
//!
//! On Linux the kernel leaves `setuid`, `exec`, `devices` and `atime` of a
//! dataset to whoever calls mount(2), so they are turned into flags here: a
//! setuid program must not gain rights under `setuid=off`.

use std::ffi::CString;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::Zfs;
use crate::dataset::retry_while_busy;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::libzfs::{self, Libzfs};
use crate::name::{DatasetName, Name};
use crate::property::{Source, read};
pub use settings::MountSettings;
use settings::{Atime, Flags};

mod settings;
#[cfg_attr(target_os = "linux", path = "mount/linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "mount/freebsd.rs")]
#[cfg_attr(target_os = "illumos", path = "mount/illumos.rs")]
mod system;
pub(crate) mod table;

/// Mounts of one dataset that are taken away in one call.
const MOUNTS_MAX: usize = 64;

/// Restrictions for a mount, in addition to those of the dataset's
/// properties. There is no way to allow what the properties forbid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MountOptions {
    /// Nothing can be written, as under `readonly=on`.
    pub read_only: bool,
    /// Setuid bits have no effect, as under `setuid=off`.
    pub no_setuid: bool,
    /// Nothing can be executed, as under `exec=off`.
    pub no_exec: bool,
    /// Device files can't be opened, as under `devices=off`.
    pub no_devices: bool,
    /// Reading does not change access times, as under `atime=off`.
    pub no_atime: bool,
}

/// How hard to try to unmount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmount {
    /// Not while something is open in it.
    Plain,
    /// On FreeBSD and illumos also while something is open in it. On Linux
    /// ZFS does not close files, so this makes no difference there.
    Force,
}

impl Zfs {
    /// Mounts a file system where its `mountpoint` property says, and gives
    /// that directory, which is made if it is missing.
    ///
    /// Wraps the system call: mount(2), or nmount(2) on FreeBSD.
    ///
    /// # Errors
    /// [`NotMountable`](ErrorKind::NotMountable) for the mount points `none`
    /// and `legacy`, for `canmount=off`, for a dataset that belongs to a zone
    /// or jail, and for a directory that is not empty under `overlay=off`;
    /// [`Error::help`] says what to do,
    /// [`KeyNotLoaded`](ErrorKind::KeyNotLoaded),
    /// [`AlreadyMounted`](ErrorKind::AlreadyMounted),
    /// [`NotFound`](ErrorKind::NotFound),
    /// [`WrongType`](ErrorKind::WrongType) for a volume,
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn mount(&self, dataset: &DatasetName) -> Result<PathBuf> {
        let settings = MountSettings::read(dataset)?;
        let refuse = |mount_point: &str, help: String| {
            Error::new(Operation::Mount, ErrorKind::NotMountable)
                .on(dataset.as_str())
                .because(format!("its mountpoint is `{mount_point}`"))
                .advise(help)
        };
        match settings.mount_point.as_str() {
            none @ "none" => {
                return Err(refuse(
                    none,
                    format!(
                        "give it one with `zfs set mountpoint=/DIRECTORY \
                     {dataset}`"
                    ),
                ));
            }
            legacy @ "legacy" => {
                return Err(refuse(
                    legacy,
                    format!(
                        "mount it with `mount -t zfs {dataset} /DIRECTORY`, or \
                     give it a mount point with `zfs set \
                     mountpoint=/DIRECTORY {dataset}`"
                    ),
                ));
            }
            _ => (),
        }
        if let Some(at) = self.mounted_at(dataset)? {
            return Err(already_mounted(dataset, &at));
        }
        // Before a directory is made that would then be left over.
        allow(dataset, &settings)?;
        let directory = PathBuf::from(&settings.mount_point);
        make_directory(&directory).map_err(|e| {
            let code = e.raw_os_error().unwrap_or(0);
            Error::errno(Operation::Mount, dataset.as_str(), code)
                .because(format!("cannot make {}: {e}", directory.display()))
        })?;
        mount(dataset, &directory, &settings, MountOptions::default())?;
        Ok(directory)
    }

    /// Mounts a file system or a snapshot at a directory that is there,
    /// whatever the `mountpoint` property says. A snapshot is read-only.
    ///
    /// On a snapshot this takes longer the more clones it has.
    ///
    /// Wraps the system call: mount(2), or nmount(2) on FreeBSD.
    ///
    /// # Errors
    /// As [`Zfs::mount`], but `none` and `legacy` are none, and
    /// [`NotFound`](ErrorKind::NotFound) also when the directory is missing.
    pub fn mount_at(
        &self,
        name: &impl Name,
        directory: &Path,
        options: MountOptions,
    ) -> Result<()> {
        mount(name, directory, &MountSettings::read(name)?, options)
    }

    /// Reads what [`Zfs::mount_with`] needs to know of properties.
    ///
    /// On a snapshot this takes longer the more clones it has.
    ///
    /// Wraps `zfs_prop_get` and `zfs_get_all_props`.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound),
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn mount_settings(&self, name: &impl Name) -> Result<MountSettings> {
        MountSettings::read(name)
    }

    /// Like [`Zfs::mount_at`], but asks libzfs nothing: the settings were read
    /// before, from this dataset or from one whose properties it shares. A
    /// clone shares those of its parent, not of its origin, until something
    /// is set on the clone itself.
    ///
    /// Wraps the system call: mount(2), or nmount(2) on FreeBSD.
    ///
    /// ```no_run
    /// # use std::path::Path;
    /// # use zfs::{DatasetName, MountOptions, Properties, SnapshotName, Zfs};
    /// # let zfs = Zfs::open()?;
    /// let origin = SnapshotName::new("tank/src@monday")?;
    /// let parent = DatasetName::new("tank/work")?;
    /// let settings = zfs.mount_settings(&parent)?;
    /// for number in 0..100 {
    ///     let clone = parent.child(&number.to_string())?;
    ///     zfs.clone_from(&clone, &origin, &Properties::new())?;
    ///     let at = Path::new("/work").join(number.to_string());
    ///     std::fs::create_dir_all(&at).ok();
    ///     zfs.mount_with(&clone, &at, &settings, MountOptions::default())?;
    /// }
    /// # Ok::<(), zfs::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Zfs::mount_at`].
    pub fn mount_with(
        &self,
        name: &impl Name,
        directory: &Path,
        settings: &MountSettings,
        options: MountOptions,
    ) -> Result<()> {
        mount(name, directory, settings, options)
    }

    /// Unmounts a file system or snapshot from every place where the calling
    /// thread sees it, the latest mount first. What is busy is tried again
    /// for a third of a second.
    ///
    /// Wraps the system call: umount2(2), or unmount(2) on FreeBSD.
    ///
    /// # Errors
    /// [`NotMounted`](ErrorKind::NotMounted),
    /// [`Busy`](ErrorKind::Busy) with its holders, also when another mount
    /// covers it,
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn unmount(&self, name: &impl Name, how: Unmount) -> Result<()> {
        let op = Operation::Unmount;
        let force = how == Unmount::Force;
        for done in 0..MOUNTS_MAX {
            // Read again each time: taking one away may take its copies in
            // other places away too.
            let mounts = table::of(name.as_str())?;
            let Some(mount) = mounts.last() else {
                return match done {
                    0 => {
                        Err(Error::new(op, ErrorKind::NotMounted)
                            .on(name.as_str()))
                    }
                    _ => Ok(()),
                };
            };
            if mount.is_covered() {
                return Err(self.covered(name, &mount.path));
            }
            let unmount = || system::unmount(&mount.path, force);
            match retry_while_busy(unmount, || true) {
                // It was the only one: the table, which is long where many
                // clones are mounted, need not be read once more.
                0 if mounts.len() == 1 => return Ok(()),
                0 => (),
                libc::EBUSY => return Err(self.busy(op, name)),
                code => return Err(Error::errno(op, name.as_str(), code)),
            }
        }
        Err(self.busy(op, name))
    }

    /// Unmounts what [`Zfs::mount_at`] mounted at a directory, and leaves the
    /// dataset's other mounts alone. What is busy is tried again for a third
    /// of a second.
    ///
    /// Wraps the system call: umount2(2), or unmount(2) on FreeBSD.
    ///
    /// # Errors
    /// [`NotMounted`](ErrorKind::NotMounted) when it is not mounted there,
    /// [`Busy`](ErrorKind::Busy) with its holders,
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn unmount_at(
        &self,
        name: &impl Name,
        directory: &Path,
        how: Unmount,
    ) -> Result<()> {
        let op = Operation::Unmount;
        // The table has no links in its paths, and none is relative.
        let place = directory.canonicalize();
        let place = place.as_deref().unwrap_or(directory);
        let mounts = table::of(name.as_str())?;
        let Some(mount) = mounts.iter().find(|m| m.path == place) else {
            let why = format!("it is not mounted at {}", directory.display());
            return Err(Error::new(op, ErrorKind::NotMounted)
                .on(name.as_str())
                .because(why));
        };
        if mount.is_covered() {
            return Err(self.covered(name, place));
        }
        let unmount = || system::unmount(place, how == Unmount::Force);
        match retry_while_busy(unmount, || true) {
            0 => Ok(()),
            libc::EBUSY => Err(self.busy(op, name)),
            code => Err(Error::errno(op, name.as_str(), code)),
        }
    }

    /// Unmounts what is mounted at a directory, if its files are on that device
    /// (`st_dev` in stat(2), as long as it is mounted), and tells whether it
    /// did. What is busy is tried again for a third of a second.
    ///
    /// This reads no mount table, which is long where many clones are mounted.
    ///
    /// Wraps the system call: umount2(2), or unmount(2) on FreeBSD.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) when there is no such directory,
    /// [`NotMounted`](ErrorKind::NotMounted) when nothing is mounted at it,
    /// [`Busy`](ErrorKind::Busy), without its holders,
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn unmount_device(
        &self,
        directory: &Path,
        device: u64,
    ) -> Result<bool> {
        let error = |code| {
            let shown = directory.display().to_string();
            Error::errno(Operation::Unmount, &shown, code)
        };
        let there = directory
            .symlink_metadata()
            .map_err(|e| error(e.raw_os_error().unwrap_or(0)))?;
        if there.dev() != device {
            return Ok(false);
        }
        let unmount = || system::unmount(directory, false);
        match retry_while_busy(unmount, || true) {
            0 => Ok(true),
            code => Err(error(code)),
        }
    }

    fn covered(&self, name: &impl Name, at: &Path) -> Error {
        let at = at.display();
        self.busy(Operation::Unmount, name)
            .because(format!("another mount covers the one at {at}"))
    }

    /// Where the calling thread sees it mounted; the first place if there
    /// are several.
    ///
    /// # Errors
    /// [`Other`](ErrorKind::Other) when the mount table can't be read.
    pub fn mounted_at(&self, name: &impl Name) -> Result<Option<PathBuf>> {
        let mounts = table::of(name.as_str())?;
        Ok(mounts.into_iter().next().map(|mount| mount.path))
    }
}

/// The file system that has this file or directory in it, and where the calling
/// thread sees it mounted; none if that isn't from ZFS, or if it is a snapshot.
///
/// Reads the mount table.
///
/// # Errors
/// [`Other`](ErrorKind::Other) when the mount table can't be read, or the path
/// can't be followed.
pub fn file_system_of(path: &Path) -> Result<Option<(DatasetName, PathBuf)>> {
    let shown = path.display().to_string();
    let path = path.canonicalize().map_err(|error| {
        let code = error.raw_os_error().unwrap_or(0);
        Error::errno(Operation::ReadMounts, &shown, code)
    })?;
    let mounts = table::all()?;
    // The innermost one; of those at the same place the latest, which hides
    // the others. Another kind of mount may hide all of them.
    let innermost = mounts
        .into_iter()
        .filter(|mount| path.starts_with(&mount.path) && !mount.is_covered())
        .max_by_key(|mount| mount.path.components().count());
    Ok(innermost
        .filter(|mount| mount.holds(&path))
        .and_then(|mount| Some((mount.source.parse().ok()?, mount.path))))
}

fn mount(
    name: &impl Name,
    directory: &Path,
    settings: &MountSettings,
    options: MountOptions,
) -> Result<()> {
    let op = Operation::Mount;
    allow(name, settings)?;
    if settings.wants_empty && !is_empty(directory) {
        let why = format!("{} is not empty", directory.display());
        return Err(Error::new(op, ErrorKind::NotMountable)
            .on(name.as_str())
            .because(why)
            .advise(format!("allow it with `zfs set overlay=on {name}`")));
    }
    let flags = settings.flags.restricted(options);
    // The kernel also answers EBUSY while somebody else is just mounting or
    // unmounting the same dataset at another place: that passes.
    let is_here = || {
        let place = directory.canonicalize().unwrap_or_default();
        let mounts = table::of(name.as_str()).unwrap_or_default();
        mounts.iter().any(|mount| mount.path == place)
    };
    let shown_at = settings.later.as_deref().unwrap_or(directory);
    let (Ok(source), Ok(target)) = (
        CString::new(name.as_str()),
        CString::new(directory.as_os_str().as_bytes()),
    ) else {
        return Err(Error::errno(op, name.as_str(), libc::EINVAL));
    };
    let mount = || system::mount(&source, &target, shown_at, flags);
    match retry_while_busy(mount, || !is_here()) {
        0 => Ok(()),
        libc::EBUSY if is_here() => Err(already_mounted(name, directory)),
        code => {
            let error = Error::errno(op, name.as_str(), code);
            let at = directory.display();
            Err(match error.kind() {
                ErrorKind::NotFound if !directory.exists() => {
                    error.because(format!("there is no directory {at}"))
                }
                _ if directory.exists() && !directory.is_dir() => {
                    error.because(format!("{at} is not a directory"))
                }
                _ => error,
            })
        }
    }
}

fn allow(name: &impl Name, settings: &MountSettings) -> Result<()> {
    match &settings.obstacle {
        None => Ok(()),
        Some((kind, why, help)) => Err(Error::new(Operation::Mount, *kind)
            .on(name.as_str())
            .because((*why).to_owned())
            .advise(help.clone())),
    }
}

fn already_mounted(name: &impl Name, at: &Path) -> Error {
    Error::new(Operation::Mount, ErrorKind::AlreadyMounted)
        .on(name.as_str())
        .because(format!("it is mounted at {} already", at.display()))
}

/// Where a file system is mounted because of where the one above it is:
/// nobody else cares for that directory.
pub(crate) fn inherited_mount_point(name: &DatasetName) -> Option<PathBuf> {
    let read = |libzfs: &Libzfs| {
        let dataset = libzfs.open(Operation::Unmount, name)?;
        read(libzfs, &dataset, "mountpoint")
    };
    let property = libzfs::with(read).ok().flatten()?;
    let is_inherited =
        matches!(property.source, Source::Inherited(_) | Source::Default);
    let path = PathBuf::from(property.value);
    (is_inherited && path.is_absolute()).then_some(path)
}

/// With the rights that libzfs gives to what it makes.
fn make_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(directory)
}

fn is_empty(directory: &Path) -> bool {
    directory.read_dir().is_ok_and(|mut entries| entries.next().is_none())
}
