//! Header and library are of the same release.
//!
//! The sizes of what is bound are asserted by the bindings themselves, when
//! they are compiled. What the compiler can't see is asked of the library
//! here: that a number from the header means to it what its name says.

#![cfg(not(feature = "recorded-bindings"))]
#![expect(unsafe_code, reason = "calls libnvpair and libzfs")]

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use libzfs_sys as sys;

// Fills the tables of properties, as libzfs_init does, which needs a module.
unsafe extern "C" {
    fn zfs_prop_init();
}

fn text(text: *const c_char) -> &'static str {
    assert!(!text.is_null());
    // SAFETY: the library has these texts in its tables.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().expect("names are ASCII")
}

#[test]
fn properties_have_the_numbers_of_the_header() {
    // SAFETY: no other test uses the tables.
    unsafe { zfs_prop_init() };
    let numbers = [
        (sys::ZFS_PROP_TYPE, "type"),
        (sys::ZFS_PROP_MOUNTPOINT, "mountpoint"),
        (sys::ZFS_PROP_SETUID, "setuid"),
        (sys::ZFS_PROP_CANMOUNT, "canmount"),
        (sys::ZFS_PROP_KEYSTATUS, "keystatus"),
        (sys::ZFS_PROP_REDACTED, "redacted"),
    ];
    for (number, name) in numbers {
        // SAFETY: the tables are filled, and the number is of the header.
        assert_eq!(text(unsafe { sys::zfs_prop_to_name(number) }), name);
    }
    // SAFETY: the tables are filled, and the text ends with a zero byte.
    let unknown = unsafe { sys::zfs_name_to_prop(c"no-such".as_ptr()) };
    assert_eq!(unknown, sys::ZPROP_INVAL);
}

#[test]
fn types_of_values_have_the_numbers_of_the_header() {
    type Add = fn(*mut sys::nvlist_t, *const c_char) -> c_int;
    let types: [(Add, sys::data_type_t); 4] = [
        // SAFETY: list and name are what `types_of…` passes below.
        (|l, n| unsafe { sys::nvlist_add_boolean(l, n) }, {
            sys::DATA_TYPE_BOOLEAN
        }),
        // SAFETY: as above.
        (|l, n| unsafe { sys::nvlist_add_uint64(l, n, 1) }, {
            sys::DATA_TYPE_UINT64
        }),
        // SAFETY: as above; the text ends with a zero byte.
        (|l, n| unsafe { sys::nvlist_add_string(l, n, c"t".as_ptr()) }, {
            sys::DATA_TYPE_STRING
        }),
        // SAFETY: as above.
        (|l, n| unsafe { sys::nvlist_add_double(l, n, 0.5) }, {
            sys::DATA_TYPE_DOUBLE
        }),
    ];
    for (add, expected) in types {
        let mut list = ptr::null_mut();
        // SAFETY: `list` outlives the call, which writes a pointer to it.
        let code =
            unsafe { sys::nvlist_alloc(&raw mut list, sys::NV_UNIQUE_NAME, 0) };
        assert_eq!(code, 0);
        assert_eq!(add(list, c"name".as_ptr()), 0);
        // SAFETY: the list is there; null asks for its first pair.
        let pair = unsafe { sys::nvlist_next_nvpair(list, ptr::null_mut()) };
        assert!(!pair.is_null());
        // SAFETY: the pair is in the list, which is there.
        assert_eq!(unsafe { sys::nvpair_type(pair) }, expected);
        // SAFETY: the list was made above and is not used again.
        unsafe { sys::nvlist_free(list) };
    }
}

#[test]
fn errors_have_the_numbers_that_libzfs_documents() {
    // The first is fixed; a header of another language version would shift.
    assert_eq!(sys::EZFS_NOMEM, 2000);
    assert_eq!(sys::EZFS_BUSY, 2007);
    assert_eq!(sys::EZFS_NOENT, 2009);
}

#[test]
fn the_version_is_known() {
    let is_number = |part: &str| part.parse::<u32>().is_ok();
    let is_known = sys::VERSION.split('.').take(2).all(is_number);
    assert!(is_known || sys::VERSION == "unknown", "{}", sys::VERSION);
}
