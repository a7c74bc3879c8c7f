//! The functions of libzfs_core, each as a safe function.
//!
//! They take names that were checked and lists that are borrowed, and give
//! the error number, 0 for success. What the numbers mean is decided by the
//! callers. libzfs_core is thread-safe once it is initialised, and it is
//! never finalised: `lzc_ioctl` reads its descriptor without the lock.

#![expect(unsafe_code, reason = "calls libzfs_core")]

use std::ffi::{CStr, CString, c_char};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use libzfs_sys as sys;

use crate::name::{DatasetName, NAME_LENGTH_MAX, Name, Sealed, SnapshotName};
use crate::nvlist::NvList;

/// What a call answered that gives a list besides its error number.
pub(crate) struct Reply {
    pub(crate) code: i32,
    /// May be missing after a failure.
    pub(crate) list: Option<NvList>,
}

/// Runs a call that writes the address of a list that its caller then owns.
fn with_list(call: impl FnOnce(*mut *mut sys::nvlist_t) -> i32) -> Reply {
    let mut raw = ptr::null_mut();
    let code = call(&raw mut raw);
    Reply { code, list: NvList::from_raw(raw) }
}

fn or_null(list: Option<&NvList>) -> *mut sys::nvlist_t {
    list.map_or(ptr::null_mut(), NvList::as_ptr)
}

/// The pointer is valid for as long as `text` is borrowed, not owned.
fn text_or_null(text: Option<&CString>) -> *const c_char {
    text.map_or(ptr::null(), |text| text.as_ptr())
}

pub(crate) fn init() -> i32 {
    // SAFETY: takes no arguments, and takes its own lock.
    unsafe { sys::libzfs_core_init() }
}

pub(crate) fn exists(name: &impl Name) -> bool {
    let name = name.to_c();
    // SAFETY: the library is initialised (a Zfs value exists) and `name` is
    // a checked name that ends with a zero byte.
    let exists = unsafe { sys::lzc_exists(name.as_ptr()) };
    exists != sys::B_FALSE
}

pub(crate) fn create(name: &DatasetName, props: Option<&NvList>) -> i32 {
    let name = name.to_c();
    // SAFETY: name and list live during the call; no key is given, so its
    // length is 0.
    unsafe {
        sys::lzc_create(
            name.as_ptr(),
            sys::LZC_DATSET_TYPE_ZFS,
            or_null(props),
            ptr::null_mut(),
            0,
        )
    }
}

pub(crate) fn clone(
    name: &DatasetName,
    origin: &SnapshotName,
    props: Option<&NvList>,
) -> i32 {
    let (name, origin) = (name.to_c(), origin.to_c());
    // SAFETY: both names and the list live during the call.
    unsafe { sys::lzc_clone(name.as_ptr(), origin.as_ptr(), or_null(props)) }
}

pub(crate) fn snapshot(names: &NvList, props: Option<&NvList>) -> Reply {
    with_list(|errors| {
        // SAFETY: both lists live during the call, and `errors` points to a
        // pointer for the list that the caller is to free.
        unsafe { sys::lzc_snapshot(names.as_ptr(), or_null(props), errors) }
    })
}

pub(crate) fn destroy(name: &impl Name) -> i32 {
    let name = name.to_c();
    // SAFETY: `name` lives during the call.
    unsafe { sys::lzc_destroy(name.as_ptr()) }
}

pub(crate) fn destroy_snapshots(names: &NvList, defer: bool) -> Reply {
    let defer = if defer { sys::B_TRUE } else { sys::B_FALSE };
    with_list(|errors| {
        // SAFETY: the list lives during the call, and `errors` points to a
        // pointer for the list that the caller is to free.
        unsafe { sys::lzc_destroy_snaps(names.as_ptr(), defer, errors) }
    })
}

pub(crate) fn rollback_to(name: &DatasetName, to: &SnapshotName) -> i32 {
    let (name, to) = (name.to_c(), to.to_c());
    // SAFETY: both names live during the call.
    unsafe { sys::lzc_rollback_to(name.as_ptr(), to.as_ptr()) }
}

pub(crate) fn rename(from: &DatasetName, to: &DatasetName) -> i32 {
    let (from, to) = (from.to_c(), to.to_c());
    // SAFETY: both names live during the call.
    unsafe { sys::lzc_rename(from.as_ptr(), to.as_ptr()) }
}

/// Also gives the snapshot whose name is taken, when there is one.
pub(crate) fn promote(name: &DatasetName) -> (i32, Option<String>) {
    let name = name.to_c();
    let mut conflict = [0_u8; NAME_LENGTH_MAX + 1];
    // SAFETY: `name` lives during the call, which writes a text of at most
    // the length that is given into `conflict`.
    let code = unsafe {
        sys::lzc_promote(
            name.as_ptr(),
            conflict.as_mut_ptr().cast(),
            conflict.len() as i32,
        )
    };
    let conflict = CStr::from_bytes_until_nul(&conflict).ok();
    let conflict = conflict.map(|text| text.to_string_lossy().into_owned());
    (code, conflict.filter(|text| !text.is_empty()))
}

/// With `until_closed` the holds last until that descriptor of `/dev/zfs`
/// and all its copies are closed.
pub(crate) fn hold(
    holds: &NvList,
    until_closed: Option<BorrowedFd<'_>>,
) -> Reply {
    let descriptor = until_closed.map_or(-1, |fd| fd.as_raw_fd());
    with_list(|errors| {
        // SAFETY: the list lives during the call, the descriptor is open or
        // -1, and `errors` points to a pointer for the list that the caller
        // is to free.
        unsafe { sys::lzc_hold(holds.as_ptr(), descriptor, errors) }
    })
}

pub(crate) fn release(holds: &NvList) -> Reply {
    with_list(|errors| {
        // SAFETY: the list lives during the call, and `errors` points to a
        // pointer for the list that the caller is to free.
        unsafe { sys::lzc_release(holds.as_ptr(), errors) }
    })
}

pub(crate) fn holds(name: &SnapshotName) -> Reply {
    let name = name.to_c();
    with_list(|holds| {
        // SAFETY: `name` lives during the call, and `holds` points to a
        // pointer for the list that the caller is to free.
        unsafe { sys::lzc_get_holds(name.as_ptr(), holds) }
    })
}

pub(crate) struct Program<'a> {
    pub(crate) pool: &'a CStr,
    pub(crate) text: &'a CStr,
    pub(crate) args: &'a NvList,
    pub(crate) instructions: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) sync: bool,
}

pub(crate) fn channel_program(program: &Program<'_>) -> Reply {
    let run = match program.sync {
        true => sys::lzc_channel_program,
        false => sys::lzc_channel_program_nosync,
    };
    with_list(|output| {
        // SAFETY: texts and list live during the call, and `output` points
        // to a pointer for the list that the caller is to free.
        unsafe {
            run(
                program.pool.as_ptr(),
                program.text.as_ptr(),
                program.instructions,
                program.memory_bytes,
                program.args.as_ptr(),
                output,
            )
        }
    })
}

pub(crate) fn send(
    snapshot: &SnapshotName,
    from: Option<&SnapshotName>,
    to: BorrowedFd<'_>,
    flags: sys::lzc_send_flags,
) -> i32 {
    let snapshot = snapshot.to_c();
    let from = from.map(|name| name.to_c());
    // SAFETY: both names live during the call, `from` because it is borrowed
    // here and dropped after it, and the descriptor is open.
    unsafe {
        sys::lzc_send(
            snapshot.as_ptr(),
            text_or_null(from.as_ref()),
            to.as_raw_fd(),
            flags,
        )
    }
}

pub(crate) struct Receive<'a> {
    pub(crate) snapshot: &'a SnapshotName,
    pub(crate) props: Option<&'a NvList>,
    pub(crate) origin: Option<&'a SnapshotName>,
    pub(crate) force: bool,
    pub(crate) raw: bool,
    pub(crate) from: BorrowedFd<'a>,
}

pub(crate) fn receive(receive: &Receive<'_>) -> i32 {
    let boolean = |b: bool| if b { sys::B_TRUE } else { sys::B_FALSE };
    let snapshot = receive.snapshot.to_c();
    let origin = receive.origin.map(|name| name.to_c());
    // SAFETY: names and list live during the call, `origin` because it is
    // borrowed here and dropped after it, and the descriptor is open.
    unsafe {
        sys::lzc_receive(
            snapshot.as_ptr(),
            or_null(receive.props),
            text_or_null(origin.as_ref()),
            boolean(receive.force),
            boolean(receive.raw),
            receive.from.as_raw_fd(),
        )
    }
}
