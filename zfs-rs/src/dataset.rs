//! Making, cloning, renaming and destroying datasets.

use std::thread;
use std::time::Duration;

use crate::Zfs;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::guard::CloneGuard;
use crate::holder::{self, Holder};
use crate::lzc;
use crate::name::{DatasetName, Name, SnapshotName};
use crate::property::Properties;

/// How often something busy is tried. The kernel lets go of a file a moment
/// after the process that had it open is gone.
const BUSY_TRIES_MAX: u32 = 6;

/// Waited after the first try, then twice as long each time: 310 ms in all.
const BUSY_PAUSE_FIRST: Duration = Duration::from_millis(10);

impl Zfs {
    /// Whether a dataset or snapshot is there, and may be seen.
    ///
    /// Wraps `lzc_exists`.
    pub fn exists(&self, name: &impl Name) -> bool {
        lzc::exists(name)
    }

    /// Makes a file system. It is not mounted.
    ///
    /// Wraps `lzc_create`.
    ///
    /// # Errors
    /// [`AlreadyExists`](ErrorKind::AlreadyExists),
    /// [`NotFound`](ErrorKind::NotFound) when its parent is missing,
    /// [`WrongType`](ErrorKind::WrongType) when the parent is a volume,
    /// [`NameTooLong`](ErrorKind::NameTooLong) when it is nested too deep,
    /// [`InvalidProperty`](ErrorKind::InvalidProperty),
    /// [`NoSpace`](ErrorKind::NoSpace),
    /// [`QuotaExceeded`](ErrorKind::QuotaExceeded) when a `filesystem_limit`
    /// above is reached, which does not bind root,
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn create(
        &self,
        dataset: &DatasetName,
        properties: &Properties,
    ) -> Result<()> {
        let op = Operation::Create;
        let properties = properties.to_nvlist(op, dataset.as_str())?;
        check(op, dataset, lzc::create(dataset, properties.as_ref()))
    }

    /// Makes a file system that starts as a copy of a snapshot. It is not
    /// mounted.
    ///
    /// The origin is not opened, so this costs the same however many clones
    /// it has. Each property costs time: inherit what can be inherited.
    ///
    /// Wraps `lzc_clone`.
    ///
    /// ```no_run
    /// use zfs::{DatasetName, Properties, SnapshotName, Zfs};
    ///
    /// let zfs = Zfs::open()?;
    /// let origin = SnapshotName::new("tank/src@monday")?;
    /// let clone = DatasetName::new("tank/work")?;
    /// zfs.clone_from(&clone, &origin, &Properties::new())?;
    /// let directory = zfs.mount(&clone)?;
    /// println!("{clone} is at {}", directory.display());
    /// # Ok::<(), zfs::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`AlreadyExists`](ErrorKind::AlreadyExists),
    /// [`NotFound`](ErrorKind::NotFound) when the origin or the parent is
    /// missing, [`DifferentPool`](ErrorKind::DifferentPool),
    /// [`InvalidProperty`](ErrorKind::InvalidProperty),
    /// [`NoSpace`](ErrorKind::NoSpace),
    /// [`QuotaExceeded`](ErrorKind::QuotaExceeded) when a `filesystem_limit`
    /// above is reached, which does not bind root,
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn clone_from(
        &self,
        dataset: &DatasetName,
        origin: &SnapshotName,
        properties: &Properties,
    ) -> Result<()> {
        let op = Operation::Clone;
        let properties = properties.to_nvlist(op, dataset.as_str())?;
        let code = lzc::clone(dataset, origin, properties.as_ref());
        check(op, dataset, code).map_err(|error| match error.kind() {
            ErrorKind::NotFound => error.because(format!(
                "its parent or the snapshot `{origin}` does not exist"
            )),
            ErrorKind::DifferentPool => error
                .because(format!("the snapshot `{origin}` is in another pool")),
            _ => error,
        })
    }

    /// Like [`Zfs::clone_from`], but the clone is destroyed when the guard is
    /// dropped without having been kept.
    ///
    /// # Errors
    /// As [`Zfs::clone_from`].
    pub fn clone_guarded(
        &self,
        dataset: &DatasetName,
        origin: &SnapshotName,
        properties: &Properties,
    ) -> Result<CloneGuard> {
        self.clone_from(dataset, origin, properties)?;
        Ok(CloneGuard::new(self.clone(), dataset.clone()))
    }

    /// Destroys one dataset or snapshot, at once and for good. A dataset must
    /// not be mounted; its blocks are freed in the background.
    ///
    /// What is busy is tried again for a third of a second, unless it is
    /// mounted here or has snapshots of its own, which no waiting removes.
    ///
    /// Wraps `lzc_destroy`.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound),
    /// [`Busy`](ErrorKind::Busy) with its holders: it is mounted here or in
    /// another mount namespace, has snapshots, is held, or is being sent or
    /// received, [`HasChildren`](ErrorKind::HasChildren),
    /// [`HasClones`](ErrorKind::HasClones),
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn destroy(&self, name: &impl Name) -> Result<()> {
        let op = Operation::Destroy;
        let waiting_helps = || {
            matches!(self.mounted_at(name), Ok(None))
                && holder::own(self, name).is_empty()
        };
        match retry_while_busy(|| lzc::destroy(name), waiting_helps) {
            0 => Ok(()),
            libc::EBUSY => Err(self.busy(op, name)),
            code => {
                let error = Error::errno(op, name.as_str(), code);
                Err(match error.kind() {
                    ErrorKind::HasChildren | ErrorKind::HasClones => {
                        error.held_by(holder::dependents(name))
                    }
                    _ => error,
                })
            }
        }
    }

    /// Takes a dataset back to one of its snapshots, which must be its
    /// latest, or to its origin if it has no snapshot of its own. Works on a
    /// mounted dataset; files that are open in it then answer `EIO`.
    ///
    /// Wraps `lzc_rollback_to`.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound),
    /// [`NotLatest`](ErrorKind::NotLatest),
    /// [`Busy`](ErrorKind::Busy),
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn rollback_to(
        &self,
        dataset: &DatasetName,
        snapshot: &SnapshotName,
    ) -> Result<()> {
        let op = Operation::Rollback;
        match lzc::rollback_to(dataset, snapshot) {
            0 => Ok(()),
            libc::EBUSY => Err(self.busy(op, dataset)),
            libc::ESRCH => {
                let why = format!("`{snapshot}` is not a snapshot of it");
                let error = Error::errno(op, dataset.as_str(), libc::ESRCH);
                Err(error.because(why))
            }
            code => Err(Error::errno(op, dataset.as_str(), code)),
        }
    }

    /// Gives a dataset, and all below it, another name in its pool. What is
    /// mounted stays mounted where it is.
    ///
    /// Wraps `lzc_rename`.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) when it or the new parent is
    /// missing, [`AlreadyExists`](ErrorKind::AlreadyExists),
    /// [`DifferentPool`](ErrorKind::DifferentPool),
    /// [`NameTooLong`](ErrorKind::NameTooLong) when something below it would
    /// get a name that is too long,
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn rename(&self, from: &DatasetName, to: &DatasetName) -> Result<()> {
        let op = Operation::Rename;
        match lzc::rename(from, to) {
            0 => Ok(()),
            libc::EBUSY => Err(self.busy(op, from)),
            code => {
                let error = Error::errno(op, from.as_str(), code);
                let about = format!("to `{to}`: {}", error.kind());
                Err(error.because(about))
            }
        }
    }

    /// Swaps a clone with its origin's dataset: the snapshots up to the
    /// origin become the clone's own.
    ///
    /// Wraps `lzc_promote`.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound),
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) when it is no clone,
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) when a snapshot that would
    /// move has the name of one that is there,
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn promote(&self, dataset: &DatasetName) -> Result<()> {
        let (code, conflict) = lzc::promote(dataset);
        check(Operation::Promote, dataset, code).map_err(|error| {
            match (error.kind(), conflict) {
                (ErrorKind::AlreadyExists, Some(conflict)) => error.because(
                    format!("both have a snapshot called `{conflict}`"),
                ),
                (ErrorKind::InvalidArgument, _) => {
                    error.because("it is not a clone".to_owned())
                }
                (_, _) => error,
            }
        })
    }

    pub(crate) fn busy(&self, op: Operation, name: &impl Name) -> Error {
        let mut holders = self.holders(name);
        if op == Operation::Unmount {
            // The others are in nobody's way, and an error shows only a few.
            holders.retain(|holder| {
                matches!(holder, Holder::Process { .. } | Holder::Mount { .. })
            });
        }
        Error::errno(op, name.as_str(), libc::EBUSY).held_by(holders)
    }
}

pub(crate) fn check(op: Operation, name: &impl Name, code: i32) -> Result<()> {
    match code {
        0 => Ok(()),
        code => Err(Error::errno(op, name.as_str(), code)),
    }
}

/// Gives the last error number of `call`.
pub(crate) fn retry_while_busy(
    call: impl Fn() -> i32,
    waiting_helps: impl Fn() -> bool,
) -> i32 {
    let mut pause = BUSY_PAUSE_FIRST;
    for attempt in 1.. {
        let code = call();
        if code != libc::EBUSY || attempt == BUSY_TRIES_MAX || !waiting_helps()
        {
            return code;
        }
        thread::sleep(pause);
        pause *= 2;
    }
    libc::EBUSY
}
