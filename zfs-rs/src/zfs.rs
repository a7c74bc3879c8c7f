//! The way into the library.

use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Operation, Result};
use crate::lzc;

/// Whether libzfs_core was initialised, which is done once and never undone.
static INITIALISED: Mutex<bool> = Mutex::new(false);

/// That ZFS can be used: everything else is a method of this.
#[derive(Clone, Debug)]
pub struct Zfs {
    /// Only [`Zfs::open`] makes one.
    _initialised: (),
}

impl Zfs {
    /// Opens `/dev/zfs` for the process, if that was not done before. No
    /// module is loaded.
    ///
    /// Wraps `libzfs_core_init`.
    ///
    /// # Errors
    /// [`ModuleNotLoaded`](crate::ErrorKind::ModuleNotLoaded),
    /// [`PermissionDenied`](crate::ErrorKind::PermissionDenied).
    pub fn open() -> Result<Zfs> {
        let mut initialised =
            INITIALISED.lock().unwrap_or_else(PoisonError::into_inner);
        if !*initialised {
            match lzc::init() {
                0 => *initialised = true,
                code => return Err(Error::errno(Operation::Open, "", code)),
            }
        }
        Ok(Zfs { _initialised: () })
    }
}
