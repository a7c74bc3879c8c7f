//! What the properties of a dataset mean for a mount of it.

use std::path::{Path, PathBuf};

use libzfs_sys as sys;

use super::MountOptions;
use crate::error::{ErrorKind, Operation, Result};
use crate::libzfs::{self, Dataset, Libzfs};
use crate::name::Name;
use crate::property::native_property;

/// What the properties of a dataset mean for a mount of it, as they were when
/// [`Zfs::mount_settings`](crate::Zfs::mount_settings) read them.
#[derive(Clone, Debug)]
pub struct MountSettings {
    /// Where its `mountpoint` says; empty for a snapshot.
    pub(super) mount_point: String,
    /// Why it can't be mounted anywhere, and what to do about it.
    pub(super) obstacle: Option<(ErrorKind, &'static str, String)>,
    /// The mount point must be empty.
    pub(super) wants_empty: bool,
    pub(super) flags: Flags,
    /// Where the mount is to be moved.
    pub(super) later: Option<PathBuf>,
}

/// What a mount is told, whatever the system calls it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flags {
    pub(super) read_only: bool,
    pub(super) setuid: bool,
    pub(super) exec: bool,
    pub(super) devices: bool,
    pub(super) atime: Atime,
    pub(super) nbmand: bool,
}

/// When reading changes the access time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Atime {
    Never,
    /// When it is older than the last change, or than a day. Only Linux has
    /// a mount option for that.
    Relative,
    Always,
}

impl MountSettings {
    pub(super) fn read(name: &impl Name) -> Result<MountSettings> {
        libzfs::with(|libzfs| {
            let dataset = libzfs.open(Operation::Mount, name)?;
            let text = |property| text(libzfs, &dataset, property);
            Ok(MountSettings {
                obstacle: obstacle(libzfs, &dataset),
                wants_empty: text("overlay").as_deref() == Some("off"),
                flags: Flags::of(libzfs, &dataset),
                mount_point: text("mountpoint").unwrap_or_default(),
                later: None,
            })
        })
    }

    /// The same for a mount that the caller will move to this directory.
    /// Linux's ZFS remembers where it is told that it is mounted, and mounts
    /// what is looked up in `.zfs/snapshot` there.
    #[must_use]
    pub fn to_be_moved_to(&self, directory: &Path) -> MountSettings {
        let later = Some(directory.to_owned());
        MountSettings { later, ..self.clone() }
    }
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
            atime: match (is_on("atime"), is_on("relatime")) {
                (true, true) if !is_snapshot => Atime::Relative,
                (true, false) if !is_snapshot => Atime::Always,
                _ => Atime::Never,
            },
            nbmand: is_on("nbmand"),
        }
    }

    pub(super) fn restricted(self, options: MountOptions) -> Flags {
        Flags {
            read_only: self.read_only || options.read_only,
            setuid: self.setuid && !options.no_setuid,
            exec: self.exec && !options.no_exec,
            devices: self.devices && !options.no_devices,
            atime: if options.no_atime { Atime::Never } else { self.atime },
            nbmand: self.nbmand,
        }
    }
}
