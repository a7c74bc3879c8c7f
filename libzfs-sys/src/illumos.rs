//! Functions that illumos declares with fewer arguments.
//!
//! Which ones it has depends on its age. With the C calling conventions of
//! the machines it runs on, a function does not see arguments beyond its own,
//! so the longest form fits all of them.

#![expect(
    missing_docs,
    unsafe_code,
    reason = "as in the bindings these replace"
)]

use std::ffi::{c_int, c_void};

use crate::bindings::{boolean_t, zfs_handle_t, zfs_iter_f, zfs_type_t};

unsafe extern "C" {
    pub fn zfs_iter_snapshots(
        dataset: *mut zfs_handle_t,
        simple: boolean_t,
        visit: zfs_iter_f,
        data: *mut c_void,
        first_txg: u64,
        last_txg: u64,
    ) -> c_int;

    pub fn zfs_prop_valid_for_type(
        property: c_int,
        zfs_type: zfs_type_t,
        head_check: boolean_t,
    ) -> boolean_t;
}
