//! What libzfs knows about native properties.

#![expect(unsafe_code, reason = "calls libzfs")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

use libzfs_sys as sys;

use super::{Libzfs, arity, copy};

/// A native property: its number in the release at hand.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct NativeProperty(sys::zfs_prop_t);

impl NativeProperty {
    pub(super) fn number(self) -> sys::zfs_prop_t {
        self.0
    }

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
            arity::zfs_prop_valid_for_type(self.0 as _, zfs_type, sys::B_FALSE)
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

    /// Whether it can't be set.
    pub(crate) fn is_read_only(self) -> bool {
        // SAFETY: the tables are filled, as `self` came out of them.
        let read_only = unsafe { sys::zfs_prop_readonly(self.0) };
        read_only != sys::B_FALSE
    }

    /// Whether it can be set only when a dataset is made from nothing.
    pub(crate) fn is_set_once(self) -> bool {
        // SAFETY: the tables are filled, as `self` came out of them.
        let set_once = unsafe { sys::zfs_prop_setonce(self.0) };
        set_once != sys::B_FALSE
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
