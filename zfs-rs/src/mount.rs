//! Mounting and unmounting by the system call itself.
//!
//! On Linux the kernel leaves `setuid`, `exec`, `devices` and `atime` of a
//! dataset to whoever calls mount(2), so they are turned into flags here: a
//! setuid program must not gain rights under `setuid=off`.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use libzfs_sys as sys;

use crate::Zfs;
use crate::dataset::retry_while_busy;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::libzfs::{self, Dataset, Libzfs};
use crate::name::{DatasetName, Name};
use crate::property::native_property;

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

/// What the properties of a dataset mean for a mount of it.
#[derive(Debug)]
struct Settings {
    /// Where its `mountpoint` says; empty for a snapshot.
    mount_point: String,
    /// Why it can't be mounted anywhere, and what to do about it.
    obstacle: Option<(ErrorKind, &'static str, String)>,
    /// The mount point must be empty.
    wants_empty: bool,
    flags: Flags,
}

/// What a mount is told, whatever the system calls it.
#[derive(Clone, Copy, Debug)]
struct Flags {
    read_only: bool,
    setuid: bool,
    exec: bool,
    devices: bool,
    atime: bool,
    /// Matters with `atime` only.
    relatime: bool,
    nbmand: bool,
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
        let settings = settings(dataset)?;
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
        let directory = PathBuf::from(&settings.mount_point);
        make_directory(&directory).map_err(|e| {
            let code = e.raw_os_error().unwrap_or(0);
            Error::errno(Operation::Mount, dataset.as_str(), code)
                .because(format!("cannot make {}: {e}", directory.display()))
        })?;
        mount(dataset, &directory, settings, MountOptions::default())?;
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
        mount(name, directory, settings(name)?, options)
    }

    /// Unmounts a file system or snapshot from every place where the calling
    /// thread sees it, the latest mount first. What is busy is tried again
    /// for a third of a second.
    ///
    /// Wraps the system call: umount2(2), or unmount(2) on FreeBSD.
    ///
    /// # Errors
    /// [`NotMounted`](ErrorKind::NotMounted),
    /// [`Busy`](ErrorKind::Busy) with its holders,
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
        let mounts = table::of(name.as_str())?;
        if mounts.iter().all(|mount| mount.path != directory) {
            let why = format!("it is not mounted at {}", directory.display());
            return Err(Error::new(op, ErrorKind::NotMounted)
                .on(name.as_str())
                .because(why));
        }
        let unmount = || system::unmount(directory, how == Unmount::Force);
        match retry_while_busy(unmount, || true) {
            0 => Ok(()),
            libc::EBUSY => Err(self.busy(op, name)),
            code => Err(Error::errno(op, name.as_str(), code)),
        }
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

fn mount(
    name: &impl Name,
    directory: &Path,
    settings: Settings,
    options: MountOptions,
) -> Result<()> {
    let op = Operation::Mount;
    if let Some((kind, why, help)) = settings.obstacle {
        return Err(Error::new(op, kind)
            .on(name.as_str())
            .because(why.to_owned())
            .advise(help));
    }
    if settings.wants_empty && !is_empty(directory) {
        let why = format!("{} is not empty", directory.display());
        return Err(Error::new(op, ErrorKind::NotMountable)
            .on(name.as_str())
            .because(why)
            .advise(format!("allow it with `zfs set overlay=on {name}`")));
    }
    let flags = settings.flags.restricted(options);
    match system::mount(name.as_str(), directory, flags) {
        0 => Ok(()),
        libc::EBUSY => Err(already_mounted(name, directory)),
        code => {
            let error = Error::errno(op, name.as_str(), code);
            let at = directory.display();
            Err(match error.kind() {
                ErrorKind::NotFound if !directory.exists() => {
                    error.because(format!("there is no directory {at}"))
                }
                kind if directory.exists() && !directory.is_dir() => {
                    error.because(format!("{at} is not a directory ({kind})"))
                }
                _ => error,
            })
        }
    }
}

fn already_mounted(name: &impl Name, at: &Path) -> Error {
    Error::new(Operation::Mount, ErrorKind::AlreadyMounted)
        .on(name.as_str())
        .because(format!("it is mounted at {} already", at.display()))
}

/// With the rights that libzfs gives to what it makes.
fn make_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(directory)
}

fn is_empty(directory: &Path) -> bool {
    directory.read_dir().is_ok_and(|mut entries| entries.next().is_none())
}

fn settings(name: &impl Name) -> Result<Settings> {
    libzfs::with(|libzfs| {
        let dataset = libzfs.open(Operation::Mount, name)?;
        let text = |property| text(libzfs, &dataset, property);
        Ok(Settings {
            obstacle: obstacle(libzfs, &dataset),
            wants_empty: text("overlay").as_deref() == Some("off"),
            flags: Flags::of(libzfs, &dataset),
            mount_point: text("mountpoint").unwrap_or_default(),
        })
    })
}

fn obstacle(
    libzfs: &Libzfs,
    dataset: &Dataset<'_>,
) -> Option<(ErrorKind, &'static str, String)> {
    let name = dataset.name();
    let is = |property, value: &str| {
        text(libzfs, dataset, property).is_some_and(|text| text == value)
    };
    if dataset.zfs_type() == sys::ZFS_TYPE_VOLUME {
        let help = format!("use the block device of `{name}`");
        return Some((ErrorKind::WrongType, "it is a volume", help));
    }
    if is("canmount", "off") {
        let help = format!("allow it with `zfs set canmount=noauto {name}`");
        return Some((ErrorKind::NotMountable, "its canmount is `off`", help));
    }
    if is("zoned", "on") || is("jailed", "on") {
        let why = "it belongs to a zone or jail";
        let help = format!(
            "mount it there, or take it back with `zfs set zoned=off {name}` \
             (`jailed=off` on FreeBSD)"
        );
        return Some((ErrorKind::NotMountable, why, help));
    }
    if is("keystatus", "unavailable") {
        let help = format!("load it with `zfs load-key {name}`");
        return Some((ErrorKind::KeyNotLoaded, "its key is not loaded", help));
    }
    None
}

/// As `zfs get -p` shows it; `None` where it does not apply.
fn text(
    libzfs: &Libzfs,
    dataset: &Dataset<'_>,
    property: &str,
) -> Option<String> {
    let property = native_property(libzfs, property).ok()?;
    dataset.get(property).map(|value| value.text)
}

impl Flags {
    /// The values that are stored, whatever the mount table says: a mount
    /// that is there already must not lend its options to the new one.
    fn of(libzfs: &Libzfs, dataset: &Dataset<'_>) -> Flags {
        let stored = dataset.stored_properties();
        let is_on = |name| {
            let list = stored.and_then(|stored| stored.list(name));
            let value = list.and_then(|list| list.get("value")?.as_u64());
            let default = || {
                let property = native_property(libzfs, name).ok()?;
                Some(property.default_number())
            };
            value.or_else(default).is_some_and(|value| value != 0)
        };
        let is_snapshot = dataset.zfs_type() == sys::ZFS_TYPE_SNAPSHOT;
        Flags {
            read_only: is_on("readonly") || is_snapshot,
            setuid: is_on("setuid"),
            exec: is_on("exec"),
            devices: is_on("devices"),
            atime: is_on("atime") && !is_snapshot,
            relatime: is_on("relatime"),
            nbmand: is_on("nbmand"),
        }
    }

    fn restricted(self, options: MountOptions) -> Flags {
        Flags {
            read_only: self.read_only || options.read_only,
            setuid: self.setuid && !options.no_setuid,
            exec: self.exec && !options.no_exec,
            devices: self.devices && !options.no_devices,
            atime: self.atime && !options.no_atime,
            ..self
        }
    }
}
