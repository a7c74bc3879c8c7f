//! Puts plain Rust values into an nvlist.

#![expect(unsafe_code, reason = "calls nvlist_add_… of libnvpair")]

use std::ffi::{CStr, CString, c_char};

use libzfs_sys as sys;

use super::{NvList, Value};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::name::c_string;

pub(super) fn insert(
    list: &mut NvList,
    name: &CStr,
    value: &Value,
) -> Result<()> {
    let code = match value {
        Value::String(text) => add_string(list, name, text)?,
        Value::StringArray(texts) => add_strings(list, name, texts)?,
        Value::List(pairs) => {
            let inner = NvList::from_pairs(pairs)?;
            add_list(list, name, &inner)
        }
        Value::ListArray(lists) => {
            let inner: Vec<NvList> =
                lists.iter().map(NvList::from_pairs).collect::<Result<_>>()?;
            add_lists(list, name, &inner)?
        }
        Value::BoolArray(values) => {
            let raw: Vec<_> = values.iter().map(|&b| boolean(b)).collect();
            add_array(list, name, &raw, sys::nvlist_add_boolean_array)?
        }
        Value::ByteArray(v) => {
            add_array(list, name, v, sys::nvlist_add_byte_array)?
        }
        Value::Int8Array(v) => {
            add_array(list, name, v, sys::nvlist_add_int8_array)?
        }
        Value::Uint8Array(v) => {
            add_array(list, name, v, sys::nvlist_add_uint8_array)?
        }
        Value::Int16Array(v) => {
            add_array(list, name, v, sys::nvlist_add_int16_array)?
        }
        Value::Uint16Array(v) => {
            add_array(list, name, v, sys::nvlist_add_uint16_array)?
        }
        Value::Int32Array(v) => {
            add_array(list, name, v, sys::nvlist_add_int32_array)?
        }
        Value::Uint32Array(v) => {
            add_array(list, name, v, sys::nvlist_add_uint32_array)?
        }
        Value::Int64Array(v) => {
            add_array(list, name, v, sys::nvlist_add_int64_array)?
        }
        Value::Uint64Array(v) => {
            add_array(list, name, v, sys::nvlist_add_uint64_array)?
        }
        scalar => add_scalar(list, name, scalar)?,
    };
    check(code)
}

fn add_scalar(list: &mut NvList, name: &CStr, value: &Value) -> Result<i32> {
    Ok(match *value {
        Value::Boolean => {
            // SAFETY: the list is ours and `name` ends with a zero byte.
            unsafe { sys::nvlist_add_boolean(list.as_ptr(), name.as_ptr()) }
        }
        Value::Bool(b) => {
            add(list, name, boolean(b), sys::nvlist_add_boolean_value)
        }
        Value::Byte(n) => add(list, name, n, sys::nvlist_add_byte),
        Value::Int8(n) => add(list, name, n, sys::nvlist_add_int8),
        Value::Uint8(n) => add(list, name, n, sys::nvlist_add_uint8),
        Value::Int16(n) => add(list, name, n, sys::nvlist_add_int16),
        Value::Uint16(n) => add(list, name, n, sys::nvlist_add_uint16),
        Value::Int32(n) => add(list, name, n, sys::nvlist_add_int32),
        Value::Uint32(n) => add(list, name, n, sys::nvlist_add_uint32),
        Value::Int64(n) => add(list, name, n, sys::nvlist_add_int64),
        Value::Uint64(n) => add(list, name, n, sys::nvlist_add_uint64),
        Value::Double(n) => add(list, name, n, sys::nvlist_add_double),
        Value::HrTime(n) => add(list, name, n, sys::nvlist_add_hrtime),
        _ => {
            return Err(refuse("a value of unknown type can't be inserted"));
        }
    })
}

/// The functions that take one number, which differ in its type only.
type Add<T> = unsafe extern "C" fn(*mut sys::nvlist_t, *const c_char, T) -> i32;

fn add<T>(list: &mut NvList, name: &CStr, value: T, add: Add<T>) -> i32 {
    // SAFETY: the list is ours, `name` ends with a zero byte, and the value
    // is copied.
    unsafe { add(list.as_ptr(), name.as_ptr(), value) }
}

/// The functions that take an array of numbers, which they copy. Early
/// releases declare it as writable.
type AddArray<P> =
    unsafe extern "C" fn(*mut sys::nvlist_t, *const c_char, P, u32) -> i32;

fn add_array<T, P: FromPointer<T>>(
    list: &mut NvList,
    name: &CStr,
    values: &[T],
    add: AddArray<P>,
) -> Result<i32> {
    let count = count(values)?;
    let first = P::from_pointer(values.as_ptr());
    // SAFETY: the list is ours, `name` ends with a zero byte, and there are
    // `count` values at `first`, which are read and copied.
    Ok(unsafe { add(list.as_ptr(), name.as_ptr(), first, count) })
}

/// A pointer as the release at hand declares it: to const or not.
trait FromPointer<T> {
    fn from_pointer(first: *const T) -> Self;
}

impl<T> FromPointer<T> for *const T {
    fn from_pointer(first: *const T) -> Self {
        first
    }
}

impl<T> FromPointer<T> for *mut T {
    fn from_pointer(first: *const T) -> Self {
        first.cast_mut()
    }
}

fn add_string(list: &mut NvList, name: &CStr, text: &str) -> Result<i32> {
    let text = c_text(text)?;
    // SAFETY: the list is ours, and name and text, which are copied, end with
    // a zero byte.
    Ok(unsafe {
        sys::nvlist_add_string(list.as_ptr(), name.as_ptr(), text.as_ptr())
    })
}

fn add_strings(
    list: &mut NvList,
    name: &CStr,
    texts: &[String],
) -> Result<i32> {
    let texts: Vec<CString> =
        texts.iter().map(|text| c_text(text)).collect::<Result<_>>()?;
    let mut pointers: Vec<*const c_char> =
        texts.iter().map(|text| text.as_ptr()).collect();
    let count = count(&pointers)?;
    // SAFETY: the list is ours; `texts` owns the strings that the `count`
    // pointers lead to, and both live until the call has copied them.
    Ok(unsafe {
        sys::nvlist_add_string_array(
            list.as_ptr(),
            name.as_ptr(),
            pointers.as_mut_ptr().cast(),
            count,
        )
    })
}

fn add_list(list: &mut NvList, name: &CStr, inner: &NvList) -> i32 {
    // SAFETY: both lists are ours, and the inner one is copied.
    unsafe {
        sys::nvlist_add_nvlist(
            list.as_ptr(),
            name.as_ptr(),
            inner.as_ptr().cast(),
        )
    }
}

fn add_lists(list: &mut NvList, name: &CStr, inner: &[NvList]) -> Result<i32> {
    let mut pointers: Vec<*mut sys::nvlist_t> =
        inner.iter().map(NvList::as_ptr).collect();
    let count = count(&pointers)?;
    // SAFETY: the list is ours; `inner` owns the lists that the `count`
    // pointers lead to, and both live until the call has copied them.
    Ok(unsafe {
        sys::nvlist_add_nvlist_array(
            list.as_ptr(),
            name.as_ptr(),
            pointers.as_mut_ptr().cast(),
            count,
        )
    })
}

fn boolean(value: bool) -> sys::boolean_t {
    if value { sys::B_TRUE } else { sys::B_FALSE }
}

fn count<T>(values: &[T]) -> Result<u32> {
    values
        .len()
        .try_into()
        .map_err(|_| refuse("an array has more than 2^32 - 1 elements"))
}

fn c_text(text: &str) -> Result<CString> {
    c_string(Operation::BuildList, "a string", text)
}

fn refuse(why: &str) -> Error {
    Error::new(Operation::BuildList, ErrorKind::InvalidArgument)
        .because(why.to_owned())
}

fn check(code: i32) -> Result<()> {
    match code {
        0 => Ok(()),
        code => Err(Error::errno(Operation::BuildList, "", code)),
    }
}
