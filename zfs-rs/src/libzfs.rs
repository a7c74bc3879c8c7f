//! The handle of libzfs, for what libzfs_core does not have.
//!
//! There is one for the whole process, made when first needed and never
//! freed. A handle is not thread-safe (it keeps the last error, open pools
//! and a cache of the mount table), and making one rewrites tables of the
//! process, so a mutex is around both. Nothing that the handle owns leaves
//! the lock: errors and values are copied out first.

#![expect(unsafe_code, reason = "calls libzfs")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

use libzfs_sys as sys;

use crate::error::{Error, Operation, Result};
use crate::name::Name;
pub(crate) use dataset::{Dataset, NativeValue};
pub(crate) use property::{NativeProperty, is_user_property};

mod arity;
mod dataset;
mod property;

static LIBZFS: Mutex<Option<Libzfs>> = Mutex::new(None);

/// The handle; whoever has a reference holds the lock.
pub(crate) struct Libzfs {
    raw: NonNull<sys::libzfs_handle_t>,
}

// SAFETY: libzfs keeps nothing per thread; only one thread at a time may use
// a handle, which the mutex around it sees to.
unsafe impl Send for Libzfs {}

/// Runs `f` with the handle, alone.
pub(crate) fn with<T>(f: impl FnOnce(&Libzfs) -> Result<T>) -> Result<T> {
    // Whatever panicked under the lock left the handle itself usable.
    let mut slot = LIBZFS.lock().unwrap_or_else(PoisonError::into_inner);
    let libzfs = match &mut *slot {
        Some(libzfs) => libzfs,
        empty => empty.insert(Libzfs::new()?),
    };
    libzfs.forget_pools();
    f(libzfs)
}

impl Libzfs {
    fn new() -> Result<Libzfs> {
        // SAFETY: takes no arguments; the caller holds the lock that keeps
        // two of these calls apart.
        let raw = unsafe { sys::libzfs_init() };
        NonNull::new(raw)
            .map(|raw| Libzfs { raw })
            .ok_or_else(|| Error::last_os_error(Operation::Open, ""))
    }

    fn as_ptr(&self) -> *mut sys::libzfs_handle_t {
        self.raw.as_ptr()
    }

    /// A pool that was exported and imported since may have other properties
    /// (an `altroot` moves every mount point), but libzfs keeps what it read.
    fn forget_pools(&self) {
        // SAFETY: the handle is ours, and no dataset is open yet that could
        // refer to one of its pools.
        unsafe { sys::zpool_free_handles(self.as_ptr()) };
    }

    /// The last error, copied.
    pub(crate) fn error(&self, op: Operation, name: &str) -> Error {
        // SAFETY: the handle is ours.
        let code = unsafe { sys::libzfs_errno(self.as_ptr()) };
        // SAFETY: the handle is ours; the text lives in it or is static.
        let text = unsafe { sys::libzfs_error_description(self.as_ptr()) };
        // SAFETY: it ends with a zero byte, and no other call is made with
        // the handle until it is copied.
        let text = unsafe { copy(text) };
        Error::ezfs(op, name, code, text)
    }

    /// Opens a dataset or snapshot. Opening a snapshot takes longer the more
    /// clones it has.
    pub(crate) fn open<'a>(
        &'a self,
        op: Operation,
        name: &impl Name,
    ) -> Result<Dataset<'a>> {
        let types = sys::ZFS_TYPE_FILESYSTEM
            | sys::ZFS_TYPE_VOLUME
            | sys::ZFS_TYPE_SNAPSHOT;
        let c_name = name.to_c();
        // SAFETY: the handle is ours and `c_name` lives during the call.
        let raw = unsafe {
            sys::zfs_open(self.as_ptr(), c_name.as_ptr(), types as c_int)
        };
        // SAFETY: the handle was made for us, and nobody else closes it.
        NonNull::new(raw)
            .map(|raw| unsafe { Dataset::from_raw(raw) })
            .ok_or_else(|| self.error(op, name.as_str()))
    }

    pub(crate) fn pool_names(&self) -> Result<Vec<String>> {
        extern "C" fn visit(
            pool: *mut sys::zpool_handle_t,
            names: *mut c_void,
        ) -> c_int {
            // SAFETY: libzfs passes an open pool.
            let name = unsafe { sys::zpool_get_name(pool) };
            // SAFETY: the name lives in the pool's handle.
            let name = unsafe { copy(name) };
            // SAFETY: `names` is the vector that `pool_names` passed, which
            // nobody else uses during the iteration.
            let names = unsafe { &mut *names.cast::<Vec<String>>() };
            names.push(name);
            // SAFETY: the iteration hands the pool over to its callback.
            unsafe { sys::zpool_close(pool) };
            0
        }

        let mut names: Vec<String> = Vec::new();
        // SAFETY: the handle is ours, and `names`, which the callback casts
        // back to its type, outlives the call.
        let code = unsafe {
            sys::zpool_iter(self.as_ptr(), Some(visit), (&raw mut names).cast())
        };
        match code {
            0 => Ok(names),
            _ => Err(self.error(Operation::ListPools, "")),
        }
    }

    /// A number as `zfs set` takes it: `10G`, `512`.
    pub(crate) fn parse_number(&self, text: &CStr) -> Option<u64> {
        let mut number = 0;
        // SAFETY: the handle is ours, `text` ends with a zero byte, and
        // `number` outlives the call, which writes to it.
        let code = unsafe {
            sys::zfs_nicestrtonum(self.as_ptr(), text.as_ptr(), &raw mut number)
        };
        (code == 0).then_some(number)
    }
}

/// # Safety
/// `text` is null or ends with a zero byte and stays as it is meanwhile.
unsafe fn copy(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: promised by the caller.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_string_lossy().into_owned()
}
