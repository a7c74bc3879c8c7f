//! The handle of libzfs, for what libzfs_core does not have.
//!
//! There is one for the whole process, made when first needed and never
//! freed. A handle is not thread-safe (it keeps the last error, open pools
//! and a cache of the mount table), and making one rewrites tables of the
//! process, so a mutex is around both. Nothing that the handle owns leaves
//! the lock: errors and values are copied out first.

#![expect(unsafe_code, reason = "calls libzfs")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::sync::{Mutex, PoisonError};

use libzfs_sys as sys;

use crate::error::{Error, Operation, Result};
use crate::name::Name;
use crate::nvlist::NvListRef;

/// Longer than `ZFS_MAXPROPLEN` of any release, which is 4096 or 8192.
const VALUE_LENGTH_MAX: usize = 16 * 1024;

static LIBZFS: Mutex<Option<Libzfs>> = Mutex::new(None);

/// The handle; whoever has a reference holds the lock.
pub(crate) struct Libzfs {
    raw: NonNull<sys::libzfs_handle_t>,
}

// SAFETY: libzfs keeps nothing per thread; only one thread at a time may use
// a handle, which the mutex around it sees to.
unsafe impl Send for Libzfs {}

/// An open dataset. The lifetime keeps it inside the lock.
pub(crate) struct Dataset<'a> {
    raw: NonNull<sys::zfs_handle_t>,
    libzfs: PhantomData<&'a Libzfs>,
}

/// A native property: its number in the release at hand.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct NativeProperty(sys::zfs_prop_t);

/// The text of a native property and where it comes from.
pub(crate) struct NativeValue {
    pub(crate) text: String,
    pub(crate) source: sys::zprop_source_t,
    /// The dataset it is inherited from.
    pub(crate) from: String,
}

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

impl<'a> Dataset<'a> {
    /// # Safety
    /// `raw` is an open handle that nobody else closes, of the libzfs handle
    /// that is locked for `'a`.
    unsafe fn from_raw(raw: NonNull<sys::zfs_handle_t>) -> Dataset<'a> {
        Dataset { raw, libzfs: PhantomData }
    }

    fn as_ptr(&self) -> *mut sys::zfs_handle_t {
        self.raw.as_ptr()
    }

    pub(crate) fn name(&self) -> String {
        // SAFETY: the handle is open.
        let name = unsafe { sys::zfs_get_name(self.as_ptr()) };
        // SAFETY: the name lives in the handle.
        unsafe { copy(name) }
    }

    pub(crate) fn zfs_type(&self) -> sys::zfs_type_t {
        // SAFETY: the handle is open.
        unsafe { sys::zfs_get_type(self.as_ptr()) }
    }

    /// `None` where the property has no value for this dataset.
    pub(crate) fn get(&self, property: NativeProperty) -> Option<NativeValue> {
        let mut text = vec![0_u8; VALUE_LENGTH_MAX];
        let mut from = vec![0_u8; VALUE_LENGTH_MAX];
        let mut source: sys::zprop_source_t = 0;
        // SAFETY: the handle is open; both buffers have the lengths that are
        // given, and `source` outlives the call, which writes to all three.
        let code = unsafe {
            sys::zfs_prop_get(
                self.as_ptr(),
                property.0,
                text.as_mut_ptr().cast(),
                text.len(),
                &raw mut source,
                from.as_mut_ptr().cast(),
                from.len(),
                sys::B_TRUE,
            )
        };
        (code == 0).then(|| NativeValue {
            text: until_zero(&text),
            source,
            from: until_zero(&from),
        })
    }

    /// The properties that are set here or above, as the kernel told them
    /// when the dataset was opened, whatever the mount table says. Those at
    /// their default are missing.
    pub(crate) fn stored_properties(&self) -> Option<NvListRef<'_>> {
        // SAFETY: the handle is open.
        let raw = unsafe { sys::zfs_get_all_props(self.as_ptr()) };
        // SAFETY: the handle owns the list and is borrowed as long as it;
        // nothing refreshes the handle meanwhile, as the lock is held.
        NonNull::new(raw).map(|raw| unsafe { NvListRef::from_raw(raw) })
    }

    pub(crate) fn user_properties(&self) -> Option<NvListRef<'_>> {
        // SAFETY: the handle is open.
        let raw = unsafe { sys::zfs_get_user_props(self.as_ptr()) };
        // SAFETY: the handle owns the list and is borrowed as long as it;
        // nothing refreshes the handle meanwhile, as the lock is held.
        NonNull::new(raw).map(|raw| unsafe { NvListRef::from_raw(raw) })
    }

    /// Gives whether it succeeded; the error is in the libzfs handle.
    pub(crate) fn set(&self, property: &CStr, value: &CStr) -> bool {
        // SAFETY: the handle is open, and both texts live during the call.
        let code = unsafe {
            sys::zfs_prop_set(self.as_ptr(), property.as_ptr(), value.as_ptr())
        };
        code == 0
    }

    /// Gives whether it succeeded; the error is in the libzfs handle.
    pub(crate) fn inherit(&self, property: &CStr) -> bool {
        // SAFETY: the handle is open, and the name lives during the call.
        let code = unsafe {
            sys::zfs_prop_inherit(
                self.as_ptr(),
                property.as_ptr(),
                sys::B_FALSE,
            )
        };
        code == 0
    }

    /// The file systems and volumes directly below it. Gives whether libzfs
    /// reached the end.
    pub(crate) fn each_child(
        &self,
        mut visit: impl FnMut(Dataset<'_>),
    ) -> bool {
        let mut visit: Visit<'_> = &mut visit;
        // SAFETY: the handle is open, and `visit`, which the callback casts
        // back to its type, outlives the call.
        let code = unsafe {
            sys::zfs_iter_filesystems(
                self.as_ptr(),
                Some(call_visit),
                (&raw mut visit).cast(),
            )
        };
        code == 0
    }

    /// Its snapshots, by name only: their properties are not read, so this
    /// does not depend on how many clones they have. Gives whether libzfs
    /// reached the end.
    pub(crate) fn each_snapshot(
        &self,
        mut visit: impl FnMut(Dataset<'_>),
    ) -> bool {
        let mut visit: Visit<'_> = &mut visit;
        // SAFETY: as in `each_child`; 0 and 0 stand for no limits.
        let code = unsafe {
            sys::zfs_iter_snapshots(
                self.as_ptr(),
                sys::B_TRUE,
                Some(call_visit),
                (&raw mut visit).cast(),
                0,
                0,
            )
        };
        code == 0
    }
}

impl Drop for Dataset<'_> {
    fn drop(&mut self) {
        // SAFETY: this value owns the handle, and the lock is held.
        unsafe { sys::zfs_close(self.as_ptr()) };
    }
}

type Visit<'a> = &'a mut dyn FnMut(Dataset<'_>);

/// A panic in here ends the process: it must not unwind into C.
extern "C" fn call_visit(
    raw: *mut sys::zfs_handle_t,
    visit: *mut c_void,
) -> c_int {
    // SAFETY: `visit` is what `each_child` or `each_snapshot` passed, which
    // nobody else uses during the iteration.
    let visit = unsafe { &mut *visit.cast::<Visit<'_>>() };
    if let Some(raw) = NonNull::new(raw) {
        // SAFETY: the iteration hands the open handle over to its callback.
        visit(unsafe { Dataset::from_raw(raw) });
    }
    0
}

impl NativeProperty {
    /// `None` if the release has no such property. Needs the handle, because
    /// making it fills the tables.
    pub(crate) fn by_name(_: &Libzfs, name: &CStr) -> Option<Self> {
        // SAFETY: the tables are filled and `name` ends with a zero byte.
        let number = unsafe { sys::zfs_name_to_prop(name.as_ptr()) };
        // The type is unsigned in releases without negative members.
        (number as i64 >= 0 && number as i64 <= i16::MAX.into())
            .then_some(NativeProperty(number))
    }

    /// All that a type of dataset can have and `zfs get all` shows.
    pub(crate) fn all_of(_: &Libzfs, zfs_type: sys::zfs_type_t) -> Vec<Self> {
        extern "C" fn visit(number: c_int, all: *mut c_void) -> c_int {
            // SAFETY: `all` is the vector that `all_of` passed, which nobody
            // else uses during the iteration.
            let all = unsafe { &mut *all.cast::<Vec<NativeProperty>>() };
            all.push(NativeProperty(number as sys::zfs_prop_t));
            sys::ZPROP_CONT as c_int
        }

        let mut all = Vec::new();
        // SAFETY: the tables are filled, and `all`, which the callback casts
        // back to its type, outlives the call.
        unsafe {
            sys::zprop_iter(
                Some(visit),
                (&raw mut all).cast(),
                sys::B_FALSE,
                sys::B_FALSE,
                zfs_type,
            )
        };
        all.retain(|property: &Self| property.applies_to(zfs_type));
        all
    }

    pub(crate) fn applies_to(self, zfs_type: sys::zfs_type_t) -> bool {
        // SAFETY: the tables are filled, as `self` came out of them.
        let applies = unsafe {
            sys::zfs_prop_valid_for_type(self.0 as _, zfs_type, sys::B_FALSE)
        };
        applies != sys::B_FALSE
    }

    pub(crate) fn name(self) -> String {
        // SAFETY: the tables are filled, as `self` came out of them.
        let name = unsafe { sys::zfs_prop_to_name(self.0) };
        // SAFETY: the name is in a table.
        unsafe { copy(name) }
    }

    /// The values it takes, as usage texts show them, such as `on | off`.
    pub(crate) fn values(self) -> String {
        // SAFETY: the tables are filled, as `self` came out of them.
        let values = unsafe { sys::zfs_prop_values(self.0) };
        // SAFETY: the text is in a table.
        unsafe { copy(values) }
    }

    pub(crate) fn default_number(self) -> u64 {
        // SAFETY: the tables are filled, as `self` came out of them.
        unsafe { sys::zfs_prop_default_numeric(self.0) }
    }

    /// Whether its values are texts; those that stand for numbers are too.
    pub(crate) fn is_text(self) -> bool {
        // SAFETY: the tables are filled, as `self` came out of them.
        let is_text = unsafe { sys::zfs_prop_is_string(self.0) };
        is_text != 0
    }

    /// Whether its texts stand for numbers.
    pub(crate) fn is_index(self) -> bool {
        let mut name: *const c_char = ptr::null();
        // SAFETY: the tables are filled, as `self` came out of them, and
        // `name` outlives the call, which writes a pointer to it.
        let code = unsafe {
            sys::zfs_prop_index_to_string(
                self.0,
                self.default_number(),
                &raw mut name,
            )
        };
        self.is_text() && code == 0
    }

    /// The number that a text stands for.
    pub(crate) fn index(self, value: &CStr) -> Option<u64> {
        let mut index = 0;
        // SAFETY: the tables are filled, as `self` came out of them, `value`
        // ends with a zero byte, and `index` outlives the call.
        let code = unsafe {
            sys::zfs_prop_string_to_index(
                self.0,
                value.as_ptr(),
                &raw mut index,
            )
        };
        (code == 0).then_some(index)
    }
}

/// Whether ZFS takes it for the name of a user property.
pub(crate) fn is_user_property(name: &str) -> bool {
    let Ok(name) = CString::new(name) else { return false };
    // SAFETY: `name` ends with a zero byte, and no table is looked into.
    let is_user = unsafe { sys::zfs_prop_user(name.as_ptr()) };
    is_user != sys::B_FALSE
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

fn until_zero(buffer: &[u8]) -> String {
    let text = buffer.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}
