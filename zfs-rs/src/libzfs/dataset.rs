//! A dataset that is open in the handle of libzfs.

#![expect(unsafe_code, reason = "calls libzfs")]

use std::ffi::{CStr, c_int, c_void};
use std::marker::PhantomData;
use std::ptr::NonNull;

use libzfs_sys as sys;

use super::{Libzfs, NativeProperty, arity, copy};
use crate::nvlist::NvListRef;

/// Longer than `ZFS_MAXPROPLEN` of any release, which is 4096 or 8192.
const VALUE_LENGTH_MAX: usize = 16 * 1024;

/// An open dataset. The lifetime keeps it inside the lock.
pub(crate) struct Dataset<'a> {
    raw: NonNull<sys::zfs_handle_t>,
    libzfs: PhantomData<&'a Libzfs>,
}

/// The text of a native property and where it comes from.
pub(crate) struct NativeValue {
    pub(crate) text: String,
    pub(crate) source: sys::zprop_source_t,
    /// The dataset it is inherited from.
    pub(crate) from: String,
}

impl<'a> Dataset<'a> {
    /// # Safety
    /// `raw` is an open handle that nobody else closes, of the libzfs handle
    /// that is locked for `'a`.
    pub(super) unsafe fn from_raw(
        raw: NonNull<sys::zfs_handle_t>,
    ) -> Dataset<'a> {
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
                property.number(),
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
            arity::zfs_iter_snapshots(
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

fn until_zero(buffer: &[u8]) -> String {
    let text = buffer.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}
