//! Listing what is below a dataset.

use crate::Zfs;
use crate::error::{ErrorKind, Operation, Result};
use crate::libzfs::{self, Dataset, Libzfs};
use crate::name::{DatasetName, Sealed, SnapshotName};
use crate::property::{PropertyMap, read};
use libzfs_sys as sys;

/// What to list below a dataset.
///
/// ```
/// use zfs::{Depth, List};
///
/// let clones_and_more = List { properties: &["origin"], ..List::children() };
/// let everything = List { snapshots: true, ..List::all() };
/// assert_eq!(everything.depth, Depth::All);
/// # let _ = clones_and_more;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List<'a> {
    /// How far down.
    pub depth: Depth,
    /// File systems too.
    pub filesystems: bool,
    /// Volumes too.
    pub volumes: bool,
    /// Snapshots too, the dataset's own among them.
    pub snapshots: bool,
    /// These properties of each file system and volume, native or user ones.
    /// They cost no call of their own. Those that are not set are left out.
    pub properties: &'a [&'a str],
}

impl List<'_> {
    /// File systems and volumes directly below.
    pub fn children() -> Self {
        List {
            depth: Depth::Children,
            filesystems: true,
            volumes: true,
            snapshots: false,
            properties: &[],
        }
    }

    /// File systems and volumes anywhere below.
    pub fn all() -> Self {
        List { depth: Depth::All, ..List::children() }
    }

    /// The dataset's own snapshots.
    pub fn snapshots() -> Self {
        List {
            filesystems: false,
            volumes: false,
            snapshots: true,
            ..List::children()
        }
    }
}

/// How far down a list goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Directly below. Of snapshots, the dataset's own.
    Children,
    /// Anywhere below.
    All,
}

/// One thing that was listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: EntryName,
    /// What it is.
    pub kind: EntryKind,
    /// The properties that were asked for.
    pub properties: PropertyMap,
}

/// The name of what was listed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryName {
    /// A file system or volume.
    Dataset(DatasetName),
    /// A snapshot.
    Snapshot(SnapshotName),
}

/// The type of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// It can be mounted.
    Filesystem,
    /// A block device.
    Volume,
    /// The state of either at an instant.
    Snapshot,
}

impl EntryName {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        match self {
            EntryName::Dataset(name) => name.as_str(),
            EntryName::Snapshot(name) => name.as_str(),
        }
    }

    /// The name, if it is no snapshot.
    pub fn dataset(&self) -> Option<&DatasetName> {
        match self {
            EntryName::Dataset(name) => Some(name),
            EntryName::Snapshot(_) => None,
        }
    }

    /// The name, if it is a snapshot.
    pub fn snapshot(&self) -> Option<&SnapshotName> {
        match self {
            EntryName::Dataset(_) => None,
            EntryName::Snapshot(name) => Some(name),
        }
    }
}

impl crate::Name for EntryName {
    fn as_str(&self) -> &str {
        self.as_str()
    }
}

impl Sealed for EntryName {
    fn to_c(&self) -> std::ffi::CString {
        match self {
            EntryName::Dataset(name) => name.to_c(),
            EntryName::Snapshot(name) => name.to_c(),
        }
    }
}

impl std::fmt::Display for EntryName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl Zfs {
    /// What is below a dataset, each before what is below it. The dataset
    /// itself is not in the list.
    ///
    /// Wraps `zfs_iter_filesystems` and `zfs_iter_snapshots`.
    ///
    /// ```no_run
    /// use zfs::{DatasetName, List, Zfs};
    ///
    /// let zfs = Zfs::open()?;
    /// let root = DatasetName::new("tank")?;
    /// for entry in zfs.list(&root, &List::all())? {
    ///     println!("{}", entry.name);
    /// }
    /// # Ok::<(), zfs::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound),
    /// [`InvalidProperty`](ErrorKind::InvalidProperty) for a native property
    /// that does not exist,
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn list(
        &self,
        root: &DatasetName,
        what: &List<'_>,
    ) -> Result<Vec<Entry>> {
        libzfs::with(|libzfs| {
            for property in what.properties {
                known(libzfs, root, property)?;
            }
            let dataset = libzfs.open(Operation::List, root)?;
            let mut entries = Vec::new();
            match collect(libzfs, &dataset, what, &mut entries) {
                true => Ok(entries),
                false => Err(libzfs.error(Operation::List, root.as_str())),
            }
        })
    }

    /// The names of the pools that are imported.
    ///
    /// Wraps `zpool_iter`.
    ///
    /// # Errors
    /// [`ModuleNotLoaded`](ErrorKind::ModuleNotLoaded),
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn list_pools(&self) -> Result<Vec<String>> {
        libzfs::with(Libzfs::pool_names)
    }
}

fn known(libzfs: &Libzfs, root: &DatasetName, property: &str) -> Result<()> {
    if libzfs::is_user_property(property) {
        return Ok(());
    }
    let found = crate::property::native_property(libzfs, property);
    found.map(drop).map_err(|why| {
        crate::Error::new(Operation::List, ErrorKind::InvalidProperty)
            .on(root.as_str())
            .because(why)
    })
}

/// As deep as names can be nested, so this recursion has an end.
fn collect(
    libzfs: &Libzfs,
    dataset: &Dataset<'_>,
    what: &List<'_>,
    entries: &mut Vec<Entry>,
) -> bool {
    let mut complete = true;
    if what.snapshots {
        complete &= dataset.each_snapshot(|snapshot| {
            let full = snapshot.name();
            let name = SnapshotName::from_kernel(&full);
            entries.push(Entry {
                name: EntryName::Snapshot(name),
                kind: EntryKind::Snapshot,
                properties: PropertyMap::new(),
            });
        });
    }
    if !(what.filesystems || what.volumes || what.depth == Depth::All) {
        return complete;
    }
    let mut children_complete = true;
    complete &= dataset.each_child(|child| {
        let (kind, wanted) = match child.zfs_type() {
            sys::ZFS_TYPE_VOLUME => (EntryKind::Volume, what.volumes),
            _ => (EntryKind::Filesystem, what.filesystems),
        };
        if wanted {
            entries.push(entry(libzfs, &child, kind, what.properties));
        }
        if what.depth == Depth::All {
            children_complete &= collect(libzfs, &child, what, entries);
        }
    });
    complete && children_complete
}

fn entry(
    libzfs: &Libzfs,
    dataset: &Dataset<'_>,
    kind: EntryKind,
    properties: &[&str],
) -> Entry {
    // A property that does not apply to this type is left out.
    let value = |name: &&str| {
        let property = read(libzfs, dataset, name).ok()??;
        Some(((*name).to_owned(), property))
    };
    Entry {
        name: EntryName::Dataset(DatasetName::from_kernel(&dataset.name())),
        kind,
        properties: properties.iter().filter_map(value).collect(),
    }
}
