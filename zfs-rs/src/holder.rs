//! Who keeps a dataset or snapshot busy.

use std::fmt;
use std::path::{Path, PathBuf};

use libzfs_sys as sys;

use crate::Zfs;
use crate::error::Operation;
use crate::libzfs::{self, Dataset};
use crate::name::{DatasetName, Name, SnapshotName};
use crate::property::read;

#[cfg_attr(target_os = "linux", path = "holder/linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "holder/freebsd.rs")]
#[cfg_attr(target_os = "illumos", path = "holder/illumos.rs")]
mod system;

#[cfg(not(target_os = "linux"))]
mod place;

/// How many holders are gathered; a few tell what to do.
const HOLDERS_MAX: usize = 32;

/// Something that keeps a dataset or snapshot from being unmounted or
/// destroyed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holder {
    /// A process that uses a file in it.
    Process {
        /// The process.
        process: Process,
        /// The file, as that process sees it.
        path: PathBuf,
        /// What for.
        usage: Usage,
    },
    /// It is mounted, or something is mounted inside it.
    Mount {
        /// Where.
        path: PathBuf,
        /// A process in the mount namespace that has the mount, where that is
        /// not the caller's.
        namespace_of: Option<Process>,
    },
    /// It has a snapshot.
    Snapshot(SnapshotName),
    /// A snapshot of it has a clone.
    Clone {
        /// The clone.
        clone: DatasetName,
        /// What it is a clone of.
        origin: SnapshotName,
    },
    /// It has a dataset below it.
    Child(DatasetName),
    /// The snapshot is held.
    Tag(String),
}

/// A process, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// The name of what it runs.
    pub command: String,
}

/// What a process uses a file for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Its working directory.
    WorkingDirectory,
    /// Its root directory.
    Root,
    /// The program it runs.
    Executable,
    /// A file it has open.
    OpenFile,
    /// A file it has mapped, such as a library.
    MappedFile,
}

impl Holder {
    /// The process that is or stands for the holder.
    pub fn process(&self) -> Option<&Process> {
        match self {
            Holder::Process { process, .. } => Some(process),
            Holder::Mount { namespace_of, .. } => namespace_of.as_ref(),
            _ => None,
        }
    }

    /// The number of that process.
    pub fn pid(&self) -> Option<u32> {
        self.process().map(|process| process.pid)
    }

    /// The name of what that process runs.
    pub fn command(&self) -> Option<&str> {
        self.process().map(|process| process.command.as_str())
    }

    /// The file or mount that it is about.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Holder::Process { path, .. } | Holder::Mount { path, .. } => {
                Some(path)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Holder::Process { process, path, usage } => {
                write!(f, "{process} has `{}` as {usage}", path.display())
            }
            Holder::Mount { path, namespace_of: None } => {
                write!(f, "`{}` is mounted", path.display())
            }
            Holder::Mount { path, namespace_of: Some(process) } => write!(
                f,
                "{process} has it mounted at `{}` in its mount namespace",
                path.display()
            ),
            Holder::Snapshot(name) => {
                write!(f, "it has the snapshot `{name}`")
            }
            Holder::Clone { clone, origin } => {
                write!(f, "`{clone}` is a clone of `{origin}`")
            }
            Holder::Child(name) => write!(f, "`{name}` is below it"),
            Holder::Tag(tag) => write!(f, "it is held with the tag `{tag}`"),
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} (`{}`)", self.pid, self.command)
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Usage::WorkingDirectory => "its working directory",
            Usage::Root => "its root directory",
            Usage::Executable => "its program",
            Usage::OpenFile => "an open file",
            Usage::MappedFile => "a mapped file",
        })
    }
}

impl Zfs {
    /// Who keeps a dataset or snapshot busy, as far as the caller may see it:
    /// its own snapshots, their clones and holds, mounts, and processes that
    /// use files in it. Only root sees the files of every process.
    ///
    /// Reads `/proc` on Linux and illumos, and asks sysctl(3) on FreeBSD.
    pub fn holders(&self, name: &impl Name) -> Vec<Holder> {
        let mut holders = own(self, name);
        holders.extend(clones(name, &holders));
        holders.extend(system::users(name.as_str()));
        holders.truncate(HOLDERS_MAX);
        holders
    }
}

/// What no waiting removes: snapshots of a dataset, holds of a snapshot.
pub(crate) fn own(zfs: &Zfs, name: &impl Name) -> Vec<Holder> {
    match name.as_str().parse::<SnapshotName>() {
        Ok(snapshot) => {
            let holds = zfs.holds(&snapshot).unwrap_or_default();
            let tag = |hold: crate::HoldInfo| hold.tag().to_owned();
            holds.into_iter().map(tag).map(Holder::Tag).collect()
        }
        Err(_) => snapshots(name),
    }
}

/// What stands in the way of a destroy besides use: datasets below, or clones
/// of a snapshot.
pub(crate) fn dependents(name: &impl Name) -> Vec<Holder> {
    let mut dependents = clones(name, &[]);
    let list = |dataset: &Dataset<'_>| {
        let mut children = Vec::new();
        dataset.each_child(|child| {
            let name = DatasetName::from_kernel(&child.name());
            children.push(Holder::Child(name));
        });
        children
    };
    if !name.as_str().contains('@') {
        dependents.extend(with_dataset(name, list));
    }
    dependents.truncate(HOLDERS_MAX);
    dependents
}

fn snapshots(name: &impl Name) -> Vec<Holder> {
    with_dataset(name, |dataset| {
        let mut snapshots = Vec::new();
        dataset.each_snapshot(|snapshot| {
            let name = SnapshotName::from_kernel(&snapshot.name());
            snapshots.push(Holder::Snapshot(name));
        });
        snapshots.truncate(HOLDERS_MAX);
        snapshots
    })
}

/// The clones of a snapshot, or of those among the holders.
fn clones(name: &impl Name, holders: &[Holder]) -> Vec<Holder> {
    let itself = name.as_str().parse().ok();
    let others = holders.iter().filter_map(|holder| match holder {
        Holder::Snapshot(name) => Some(name.clone()),
        _ => None,
    });
    let of_one = |origin: SnapshotName| {
        let names = with_dataset_property(&origin, "clones");
        let names: Vec<String> = names.split(',').map(str::to_owned).collect();
        names.into_iter().filter(|name| !name.is_empty()).map(move |name| {
            Holder::Clone {
                clone: DatasetName::from_kernel(&name),
                origin: origin.clone(),
            }
        })
    };
    itself.into_iter().chain(others).flat_map(of_one).collect()
}

/// Nothing can be told about what can't be opened.
fn with_dataset(
    name: &impl Name,
    gather: impl FnOnce(&Dataset<'_>) -> Vec<Holder>,
) -> Vec<Holder> {
    libzfs::with_known_pools(|libzfs| {
        Ok(gather(&libzfs.open(Operation::List, name)?))
    })
    .unwrap_or_default()
}

fn with_dataset_property(name: &SnapshotName, property: &str) -> String {
    libzfs::with_known_pools(|libzfs| {
        let dataset = libzfs.open(Operation::List, name)?;
        debug_assert_eq!(dataset.zfs_type(), sys::ZFS_TYPE_SNAPSHOT);
        read(libzfs, &dataset, property)
    })
    .ok()
    .flatten()
    .map(|property| property.value)
    .unwrap_or_default()
}

/// The processes there are, from proc(5).
#[cfg(not(target_os = "freebsd"))]
fn pids() -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids: Vec<u32> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    pids.sort_unstable();
    pids
}
