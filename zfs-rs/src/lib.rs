//! ZFS datasets, snapshots and clones through libzfs_core, safely.
//!
//! Everything starts with [`Zfs::open`]. What libzfs_core can do goes through
//! it: it works by name, is thread-safe, and starts no process. libzfs has
//! the rest: properties, and lists of datasets. Mounting is the system call.
//!
//! ```no_run
//! use zfs::{DatasetName, Properties, Unmount, Zfs};
//!
//! let zfs = Zfs::open()?;
//! let source = DatasetName::new("tank/src")?;
//! let snapshot = source.snapshot("before")?;
//! let clone = source.child("work")?;
//!
//! zfs.snapshot(&[snapshot.clone()], &Properties::new())?;
//! zfs.clone_from(&clone, &snapshot, &Properties::new())?;
//! let directory = zfs.mount(&clone)?;
//! std::fs::write(directory.join("file"), "text").ok();
//! zfs.unmount(&clone, Unmount::Plain)?;
//! zfs.destroy(&clone)?;
//! # Ok::<(), zfs::Error>(())
//! ```
//!
//! # Threads and processes
//!
//! A [`Zfs`] is a token: cloning it costs nothing, and all threads may use
//! theirs at the same time. Calls of libzfs_core run beside each other, and
//! the kernel merges their waits; calls of libzfs wait for each other.
//! Between `fork` and `exec` nothing of this library may be called.

#[cfg(not(any(
    target_os = "linux",
    target_os = "freebsd",
    target_os = "illumos"
)))]
compile_error!("zfs-rs knows the mount calls of Linux, FreeBSD and illumos");

mod dataset;
mod error;
mod guard;
mod hold;
mod holder;
mod libzfs;
mod list;
mod lzc;
mod mount;
mod name;
mod nvlist;
mod program;
mod property;
mod snapshot;
mod stream;
mod version;
mod zfs;

pub use error::{Error, ErrorKind, Failure, Result};
pub use guard::CloneGuard;
pub use hold::{Hold, HoldInfo};
pub use holder::{Holder, Process, Usage};
pub use list::{Depth, Entry, EntryKind, EntryName, List};
pub use mount::{MountOptions, MountSettings, Unmount, file_system_of};
pub use name::{DatasetName, NAME_LENGTH_MAX, Name, SnapshotName};
pub use nvlist::{Iter, NvList, NvListRef, NvPair, Pairs, Value};
pub use program::ProgramLimits;
pub use property::{Properties, Property, PropertyMap, Source};
pub use snapshot::Defer;
pub use stream::{ReceiveOptions, SendFlags};
pub use version::libzfs_version;
pub use zfs::Zfs;
