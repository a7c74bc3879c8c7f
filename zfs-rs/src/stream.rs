//! Sending a snapshot to a file descriptor and receiving one.

use std::os::fd::BorrowedFd;

use libzfs_sys as sys;

use crate::Zfs;
use crate::dataset::check;
use crate::error::{Operation, Result};
use crate::lzc;
use crate::name::SnapshotName;
use crate::property::Properties;

/// What a send stream may hold. All of it needs that the receiving pool knows
/// the feature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendFlags {
    /// Blocks that are embedded in block pointers (`zfs send -e`).
    pub embedded: bool,
    /// Blocks of more than 128 KiB (`zfs send -L`).
    pub large_blocks: bool,
    /// Blocks as they are compressed on disk (`zfs send -c`).
    pub compressed: bool,
    /// Blocks exactly as on disk, encrypted ones too (`zfs send -w`).
    pub raw: bool,
}

/// How to receive a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiveOptions {
    /// Properties of what is received.
    pub properties: Properties,
    /// The origin, when the stream is that of a clone.
    pub origin: Option<SnapshotName>,
    /// First undo what was changed since the latest snapshot, and destroy
    /// later snapshots (`zfs receive -F`).
    pub force: bool,
    /// The stream was sent with [`SendFlags::raw`].
    pub raw: bool,
}

impl Zfs {
    /// Writes a snapshot, or what changed since `from`, to a pipe, socket or
    /// file.
    ///
    /// Wraps `lzc_send`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound),
    /// [`DifferentPool`](crate::ErrorKind::DifferentPool) when `from` is not
    /// an earlier snapshot of the same dataset or its origin,
    /// [`PermissionDenied`](crate::ErrorKind::PermissionDenied), and what
    /// writing answers: `EPIPE` as [`Other`](crate::ErrorKind::Other),
    /// [`NoSpace`](crate::ErrorKind::NoSpace).
    pub fn send(
        &self,
        snapshot: &SnapshotName,
        from: Option<&SnapshotName>,
        to: BorrowedFd<'_>,
        flags: SendFlags,
    ) -> Result<()> {
        let code = lzc::send(snapshot, from, to, flags.bits());
        check(Operation::Send, snapshot, code)
    }

    /// Reads a stream and makes the snapshot that it holds, and for a whole
    /// stream the file system too. Nothing is mounted.
    ///
    /// Wraps `lzc_receive`.
    ///
    /// # Errors
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists),
    /// [`NotFound`](crate::ErrorKind::NotFound),
    /// [`StreamMismatch`](crate::ErrorKind::StreamMismatch),
    /// [`Modified`](crate::ErrorKind::Modified),
    /// [`InvalidStream`](crate::ErrorKind::InvalidStream),
    /// [`NoSpace`](crate::ErrorKind::NoSpace),
    /// [`PermissionDenied`](crate::ErrorKind::PermissionDenied).
    pub fn receive(
        &self,
        snapshot: &SnapshotName,
        from: BorrowedFd<'_>,
        options: &ReceiveOptions,
    ) -> Result<()> {
        let op = Operation::Receive;
        let props = options.properties.to_nvlist(op, snapshot.as_str())?;
        let code = lzc::receive(&lzc::Receive {
            snapshot,
            props: props.as_ref(),
            origin: options.origin.as_ref(),
            force: options.force,
            raw: options.raw,
            from,
        });
        check(op, snapshot, code)
    }
}

impl SendFlags {
    fn bits(self) -> sys::lzc_send_flags {
        let bit = |is_set: bool, bit| if is_set { bit } else { 0 };
        bit(self.embedded, sys::LZC_SEND_FLAG_EMBED_DATA)
            | bit(self.large_blocks, sys::LZC_SEND_FLAG_LARGE_BLOCK)
            | bit(self.compressed, sys::LZC_SEND_FLAG_COMPRESS)
            | bit(self.raw, sys::LZC_SEND_FLAG_RAW)
    }
}
