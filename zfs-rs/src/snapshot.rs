//! Making and destroying snapshots, several at once.

use crate::Zfs;
use crate::error::{Error, ErrorKind, Failure, Operation, Result};
use crate::lzc::{self, Reply};
use crate::name::SnapshotName;
use crate::nvlist::{NvList, Value};
use crate::property::Properties;

/// What to do with a snapshot that can't be destroyed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defer {
    /// Fail.
    No,
    /// Mark it: it goes with its last clone and its last hold.
    Yes,
}

impl Zfs {
    /// Makes snapshots, all of them at the same instant or none. They must be
    /// of different datasets of one pool. Only user properties can be given.
    ///
    /// Wraps `lzc_snapshot`.
    ///
    /// # Errors
    /// With the reason for each name in [`Error::failures`] (but of names
    /// that are taken only when no dataset is missing):
    /// [`AlreadyExists`](ErrorKind::AlreadyExists),
    /// [`NotFound`](ErrorKind::NotFound),
    /// [`DifferentPool`](ErrorKind::DifferentPool) also for two of the same
    /// dataset, [`NoSpace`](ErrorKind::NoSpace),
    /// [`QuotaExceeded`](ErrorKind::QuotaExceeded) when a `snapshot_limit`
    /// is reached, which does not bind root,
    /// [`InvalidProperty`](ErrorKind::InvalidProperty),
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn snapshot(
        &self,
        snapshots: &[SnapshotName],
        properties: &Properties,
    ) -> Result<()> {
        let op = Operation::Snapshot;
        let Some(first) = snapshots.first() else { return Ok(()) };
        let properties = properties.to_nvlist(op, first.as_str())?;
        let names = names(snapshots)?;
        let reply = lzc::snapshot(&names, properties.as_ref());
        check_batch(op, snapshots, reply).map_err(|error| {
            let pool = first.pool();
            let one_pool = snapshots.iter().all(|name| name.pool() == pool);
            match error.kind() {
                ErrorKind::DifferentPool if one_pool => error
                    .because("two of them are of the same dataset".to_owned()),
                _ => error,
            }
        })
    }

    /// Destroys snapshots of one pool, all or none. Those that don't exist
    /// are passed over.
    ///
    /// Wraps `lzc_destroy_snaps`.
    ///
    /// # Errors
    /// With the reason for each name in [`Error::failures`]:
    /// [`HasClones`](ErrorKind::HasClones),
    /// [`Busy`](ErrorKind::Busy) when it is held or being sent,
    /// [`DifferentPool`](ErrorKind::DifferentPool),
    /// [`NotFound`](ErrorKind::NotFound) when the pool is missing,
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn destroy_snapshots(
        &self,
        snapshots: &[SnapshotName],
        defer: Defer,
    ) -> Result<()> {
        let op = Operation::DestroySnapshots;
        let names = names(snapshots)?;
        let reply = lzc::destroy_snapshots(&names, defer == Defer::Yes);
        check_batch(op, snapshots, reply).map_err(|error| {
            let name = error.dataset();
            let name: Option<SnapshotName> = name.and_then(|n| n.parse().ok());
            match (error.kind(), name) {
                (ErrorKind::Busy | ErrorKind::HasClones, Some(name)) => {
                    let holders = self.holders(&name);
                    error.held_by(holders)
                }
                _ => error,
            }
        })
    }
}

fn names(snapshots: &[SnapshotName]) -> Result<NvList> {
    NvList::of_names(snapshots.iter().map(SnapshotName::as_str))
}

/// Makes an error of what a batch answered. Some calls answer 0 although the
/// list says that names failed, so both are looked at.
pub(crate) fn check_batch(
    op: Operation,
    snapshots: &[SnapshotName],
    reply: Reply,
) -> Result<()> {
    let failures: Vec<Failure> = reply
        .list
        .iter()
        .flat_map(|list| list.as_ref().iter())
        .filter_map(|pair| failure(op, &pair.name(), &pair.value()))
        .collect();
    // The number of the call, if there is one, says what became of the batch
    // as a whole; a list of failures may begin with others.
    let decisive = failures
        .iter()
        .find(|failure| failure.raw_code() == reply.code)
        .or(failures.first());
    let (name, code) = match (decisive, snapshots) {
        (Some(failure), _) => (failure.name().to_owned(), failure.raw_code()),
        (None, _) if reply.code == 0 => return Ok(()),
        (None, []) => (String::new(), reply.code),
        (None, [first, ..]) => (first.to_string(), reply.code),
    };
    Err(Error::errno(op, &name, code).with_failures(failures))
}

fn failure(op: Operation, name: &str, value: &Value) -> Option<Failure> {
    match *value {
        Value::Int32(code) if code != 0 => {
            Some(Failure::new(op, name.to_owned(), code))
        }
        _ => None,
    }
}
