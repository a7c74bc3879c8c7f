//! Functions whose arguments differ from one libzfs to the other.
//!
//! illumos declares these with fewer arguments; how many depends on its age.
//! With the C calling conventions of the machines it runs on, a function does
//! not see arguments beyond its own, so the longest form fits all of them.

#[cfg(not(target_os = "illumos"))]
pub(super) use libzfs_sys::{zfs_iter_snapshots, zfs_prop_valid_for_type};

#[cfg(target_os = "illumos")]
pub(super) use illumos::{zfs_iter_snapshots, zfs_prop_valid_for_type};

#[cfg(target_os = "illumos")]
mod illumos {
    #![expect(unsafe_code, reason = "declares functions of libzfs")]

    use std::ffi::{c_int, c_void};

    use libzfs_sys as sys;

    unsafe extern "C" {
        pub(crate) fn zfs_iter_snapshots(
            dataset: *mut sys::zfs_handle_t,
            simple: sys::boolean_t,
            visit: sys::zfs_iter_f,
            data: *mut c_void,
            first_txg: u64,
            last_txg: u64,
        ) -> c_int;

        pub(crate) fn zfs_prop_valid_for_type(
            property: c_int,
            zfs_type: sys::zfs_type_t,
            head_check: sys::boolean_t,
        ) -> sys::boolean_t;
    }
}
