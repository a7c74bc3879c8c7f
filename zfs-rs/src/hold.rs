//! Holds: tags that keep a snapshot from being destroyed.

use std::fs::{File, OpenOptions};
use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, SystemTime};

use crate::Zfs;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::lzc;
use crate::name::SnapshotName;
use crate::nvlist::{NvList, Value};
use crate::snapshot::check_batch;

/// What libzfs_core opens too, on every system.
const DEVICE: &str = "/dev/zfs";
/// How long apart a suspended pool is asked again.
const SUSPENDED_PAUSE: Duration = Duration::from_millis(300);

/// A hold on snapshots that lasts as long as this value, and no longer than
/// the process: the kernel releases it when the process is gone, however it
/// ended, and a power cut does not leave it behind.
///
/// A child that was made by `fork` has a copy of the descriptor behind it
/// until it calls `exec`, and the kernel waits for that one too.
#[derive(Debug)]
#[must_use = "the snapshots are released when the hold is dropped"]
pub struct Hold {
    /// An open of its own: the kernel ties the holds to it.
    _device: File,
    snapshots: Vec<SnapshotName>,
    tag: String,
}

impl Hold {
    /// What it keeps from being destroyed.
    pub fn snapshots(&self) -> &[SnapshotName] {
        &self.snapshots
    }

    /// The tag that `zfs holds` shows.
    pub fn tag(&self) -> &str {
        &self.tag
    }
}

impl Drop for Hold {
    /// Does not leave it to the kernel, which would wait for a child that
    /// another thread is just starting. Waits while the pool is suspended: the
    /// kernel would wait as well, but with every other open of `/dev/zfs`
    /// behind it (`zfsdev_release` of OpenZFS 2.1), also that of the `zpool
    /// clear` which it waits for.
    fn drop(&mut self) {
        let Ok(holds) = to_release(&self.snapshots, &self.tag) else { return };
        // If it fails in another way, the kernel is left.
        while lzc::release(&holds).code == libc::EAGAIN {
            thread::sleep(SUSPENDED_PAUSE);
        }
    }
}

/// A tag on a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldInfo {
    tag: String,
    since: SystemTime,
}

impl HoldInfo {
    /// The tag.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// When it was put there, to the second.
    pub fn since(&self) -> SystemTime {
        self.since
    }
}

impl Zfs {
    /// Puts a tag on snapshots of one pool; until it is released they can't
    /// be destroyed. It outlives this process and a restart.
    ///
    /// Wraps `lzc_hold`.
    ///
    /// # Errors
    /// With the reason for each name in [`Error::failures`]:
    /// [`NotFound`](ErrorKind::NotFound) — those that exist are held even so,
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) when the tag is on one of
    /// them already, and then none is held,
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) when the tag is too
    /// long, [`DifferentPool`](ErrorKind::DifferentPool),
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn hold(&self, snapshots: &[SnapshotName], tag: &str) -> Result<()> {
        let reply = lzc::hold(&tagged(snapshots, tag)?, None);
        check_batch(Operation::Hold, snapshots, reply)
    }

    /// Like [`Zfs::hold`], but the kernel releases the snapshots when the
    /// value that is returned is dropped, or the process is gone.
    ///
    /// Wraps `lzc_hold` with a clean-up descriptor.
    ///
    /// # Errors
    /// As [`Zfs::hold`]; after an error none is held.
    pub fn hold_while_open(
        &self,
        snapshots: &[SnapshotName],
        tag: &str,
    ) -> Result<Hold> {
        let device = open_device()?;
        let reply = lzc::hold(&tagged(snapshots, tag)?, Some(device.as_fd()));
        let result = check_batch(Operation::Hold, snapshots, reply);
        let is_held = |name: &&SnapshotName| match &result {
            Ok(()) => true,
            // One that is missing does not keep the others from being held;
            // with any other error none is, and a tag that was there before
            // is not ours.
            Err(error) if error.kind() == ErrorKind::NotFound => error
                .failures()
                .iter()
                .all(|failure| failure.name() != name.as_str()),
            Err(_) => false,
        };
        let hold = Hold {
            _device: device,
            snapshots: snapshots.iter().filter(is_held).cloned().collect(),
            tag: tag.to_owned(),
        };
        result.map(|()| hold)
    }

    /// Takes a tag off snapshots of one pool. A snapshot that was destroyed
    /// with [`Defer::Yes`](crate::Defer::Yes) goes with its last tag.
    ///
    /// Wraps `lzc_release`.
    ///
    /// # Errors
    /// With the reason for each name in [`Error::failures`]:
    /// [`NotFound`](ErrorKind::NotFound) when the snapshot or the tag on it
    /// is missing — the others are released even so,
    /// [`DifferentPool`](ErrorKind::DifferentPool),
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn release(&self, snapshots: &[SnapshotName], tag: &str) -> Result<()> {
        let reply = lzc::release(&to_release(snapshots, tag)?);
        // A tag that is missing is told by the name `snapshot#tag`.
        check_batch(Operation::Release, snapshots, reply)
    }

    /// The tags on a snapshot.
    ///
    /// Wraps `lzc_get_holds`.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound).
    pub fn holds(&self, snapshot: &SnapshotName) -> Result<Vec<HoldInfo>> {
        let reply = lzc::holds(snapshot);
        if reply.code != 0 {
            let op = Operation::ListHolds;
            return Err(Error::errno(op, snapshot.as_str(), reply.code));
        }
        let pairs = reply.list.map(|list| list.as_ref().to_pairs());
        let info = |(tag, value): (String, Value)| HoldInfo {
            tag,
            since: SystemTime::UNIX_EPOCH
                + Duration::from_secs(value.as_u64().unwrap_or(0)),
        };
        Ok(pairs.unwrap_or_default().into_iter().map(info).collect())
    }
}

fn tagged(snapshots: &[SnapshotName], tag: &str) -> Result<NvList> {
    let mut holds = NvList::new();
    for snapshot in snapshots {
        holds.insert(snapshot.as_str(), &Value::String(tag.to_owned()))?;
    }
    Ok(holds)
}

fn to_release(snapshots: &[SnapshotName], tag: &str) -> Result<NvList> {
    let mut holds = NvList::new();
    for snapshot in snapshots {
        let tags = [(tag.to_owned(), Value::Boolean)].into();
        holds.insert(snapshot.as_str(), &Value::List(tags))?;
    }
    Ok(holds)
}

/// The standard library sets close-on-exec on everything it opens.
fn open_device() -> Result<File> {
    let opened = OpenOptions::new().read(true).write(true).open(DEVICE);
    opened.map_err(|error| {
        let code = error.raw_os_error().unwrap_or(0);
        Error::errno(Operation::Open, "", code)
    })
}
