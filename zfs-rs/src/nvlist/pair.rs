//! One pair of an nvlist, borrowed, and its conversion to plain Rust.

#![expect(unsafe_code, reason = "reads the nvpair_t of libnvpair")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{CStr, c_char};
use std::fmt;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use libzfs_sys as sys;

use super::{NvListRef, Value};

/// The plain form of a whole list.
pub type Pairs = BTreeMap<String, Value>;

/// A name and its value, borrowed from the owner of the list.
#[derive(Clone, Copy)]
pub struct NvPair<'a> {
    raw: NonNull<sys::nvpair_t>,
    owner: PhantomData<NvListRef<'a>>,
}

/// Reads a number out of a pair whose type was checked.
///
/// Each use is one call of a C function that writes one value.
macro_rules! scalar {
    ($pair:expr, $function:ident) => {{
        let mut out = Default::default();
        // SAFETY: the pair lives for 'a and has the type this function
        // reads; `out` is of that type and outlives the call.
        let code = unsafe { sys::$function($pair.as_ptr(), &raw mut out) };
        debug_assert_eq!(code, 0, "the pair has the type that was read");
        out
    }};
}

/// Copies an array out of a pair whose type was checked.
macro_rules! array {
    ($pair:expr, $function:ident) => {{
        let mut first = ptr::null_mut();
        let mut count = 0;
        // SAFETY: the pair lives for 'a and has the type this function
        // reads; it writes a pointer into the pair and a count, and both
        // variables outlive the call.
        let code = unsafe {
            sys::$function($pair.as_ptr(), &raw mut first, &raw mut count)
        };
        debug_assert_eq!(code, 0, "the pair has the type that was read");
        match first.is_null() || count == 0 {
            true => Vec::new(),
            // SAFETY: the call gave the address and the count of elements,
            // aligned for their type, which the pair holds for 'a.
            false => unsafe {
                std::slice::from_raw_parts(first.cast_const(), count as usize)
            }
            .to_vec(),
        }
    }};
}

impl<'a> NvPair<'a> {
    /// `raw` must have come from a list that lives for `'a`: only this
    /// module's parent makes pairs, out of an [`NvListRef`].
    pub(super) fn new(raw: NonNull<sys::nvpair_t>) -> NvPair<'a> {
        NvPair { raw, owner: PhantomData }
    }

    fn as_ptr(self) -> *mut sys::nvpair_t {
        self.raw.as_ptr()
    }

    /// The name. Wraps `nvpair_name`.
    pub fn name(self) -> Cow<'a, str> {
        // SAFETY: the pair lives for 'a, as its list does.
        let name = unsafe { sys::nvpair_name(self.as_ptr()) };
        lossy(name).unwrap_or_default()
    }

    /// The list that is its value, still borrowed; `None` if it is no list.
    /// Wraps `nvpair_value_nvlist`.
    pub fn list(self) -> Option<NvListRef<'a>> {
        if self.data_type() != sys::DATA_TYPE_NVLIST {
            return None;
        }
        let mut raw = ptr::null_mut();
        // SAFETY: the pair lives for 'a and holds a list; `raw` outlives the
        // call, which writes a pointer to it.
        let code =
            unsafe { sys::nvpair_value_nvlist(self.as_ptr(), &raw mut raw) };
        debug_assert_eq!(code, 0, "the pair has the type that was read");
        // SAFETY: a list inside a list lives as long as the outer one.
        NonNull::new(raw).map(|raw| unsafe { NvListRef::from_raw(raw) })
    }

    /// The value, as plain Rust.
    pub fn value(self) -> Value {
        match self.data_type() {
            sys::DATA_TYPE_BOOLEAN => Value::Boolean,
            sys::DATA_TYPE_BOOLEAN_VALUE => {
                let out: sys::boolean_t =
                    scalar!(self, nvpair_value_boolean_value);
                Value::Bool(out != sys::B_FALSE)
            }
            sys::DATA_TYPE_BYTE => {
                Value::Byte(scalar!(self, nvpair_value_byte))
            }
            sys::DATA_TYPE_INT8 => {
                Value::Int8(scalar!(self, nvpair_value_int8))
            }
            sys::DATA_TYPE_UINT8 => {
                Value::Uint8(scalar!(self, nvpair_value_uint8))
            }
            sys::DATA_TYPE_INT16 => {
                Value::Int16(scalar!(self, nvpair_value_int16))
            }
            sys::DATA_TYPE_UINT16 => {
                Value::Uint16(scalar!(self, nvpair_value_uint16))
            }
            sys::DATA_TYPE_INT32 => {
                Value::Int32(scalar!(self, nvpair_value_int32))
            }
            sys::DATA_TYPE_UINT32 => {
                Value::Uint32(scalar!(self, nvpair_value_uint32))
            }
            sys::DATA_TYPE_INT64 => {
                Value::Int64(scalar!(self, nvpair_value_int64))
            }
            sys::DATA_TYPE_UINT64 => {
                Value::Uint64(scalar!(self, nvpair_value_uint64))
            }
            sys::DATA_TYPE_DOUBLE => {
                Value::Double(scalar!(self, nvpair_value_double))
            }
            sys::DATA_TYPE_HRTIME => {
                Value::HrTime(scalar!(self, nvpair_value_hrtime))
            }
            sys::DATA_TYPE_STRING => Value::String(self.string()),
            sys::DATA_TYPE_NVLIST => Value::List(
                self.list().map(NvListRef::to_pairs).unwrap_or_default(),
            ),
            other => self.array(other),
        }
    }

    fn array(self, data_type: sys::data_type_t) -> Value {
        match data_type {
            sys::DATA_TYPE_BOOLEAN_ARRAY => {
                let raw: Vec<sys::boolean_t> =
                    array!(self, nvpair_value_boolean_array);
                let is_true = |&b: &sys::boolean_t| b != sys::B_FALSE;
                Value::BoolArray(raw.iter().map(is_true).collect())
            }
            sys::DATA_TYPE_BYTE_ARRAY => {
                Value::ByteArray(array!(self, nvpair_value_byte_array))
            }
            sys::DATA_TYPE_INT8_ARRAY => {
                Value::Int8Array(array!(self, nvpair_value_int8_array))
            }
            sys::DATA_TYPE_UINT8_ARRAY => {
                Value::Uint8Array(array!(self, nvpair_value_uint8_array))
            }
            sys::DATA_TYPE_INT16_ARRAY => {
                Value::Int16Array(array!(self, nvpair_value_int16_array))
            }
            sys::DATA_TYPE_UINT16_ARRAY => {
                Value::Uint16Array(array!(self, nvpair_value_uint16_array))
            }
            sys::DATA_TYPE_INT32_ARRAY => {
                Value::Int32Array(array!(self, nvpair_value_int32_array))
            }
            sys::DATA_TYPE_UINT32_ARRAY => {
                Value::Uint32Array(array!(self, nvpair_value_uint32_array))
            }
            sys::DATA_TYPE_INT64_ARRAY => {
                Value::Int64Array(array!(self, nvpair_value_int64_array))
            }
            sys::DATA_TYPE_UINT64_ARRAY => {
                Value::Uint64Array(array!(self, nvpair_value_uint64_array))
            }
            sys::DATA_TYPE_STRING_ARRAY => Value::StringArray(self.strings()),
            sys::DATA_TYPE_NVLIST_ARRAY => Value::ListArray(self.lists()),
            _ => Value::Unknown,
        }
    }

    fn data_type(self) -> sys::data_type_t {
        // SAFETY: the pair lives for 'a.
        unsafe { sys::nvpair_type(self.as_ptr()) }
    }

    fn string(self) -> String {
        let mut out: *mut c_char = ptr::null_mut();
        // SAFETY: the pair lives for 'a and holds a string; `out` outlives
        // the call, which writes a pointer into the pair. The cast takes in
        // stride that later releases write a pointer to const.
        let code = unsafe {
            sys::nvpair_value_string(self.as_ptr(), (&raw mut out).cast())
        };
        debug_assert_eq!(code, 0, "the pair has the type that was read");
        lossy(out).unwrap_or_default().into_owned()
    }

    fn strings(self) -> Vec<String> {
        let mut first: *mut *mut c_char = ptr::null_mut();
        let mut count = 0;
        // SAFETY: as in `string`; what is written is the address of an array
        // of `count` strings inside the pair.
        let code = unsafe {
            sys::nvpair_value_string_array(
                self.as_ptr(),
                (&raw mut first).cast(),
                &raw mut count,
            )
        };
        debug_assert_eq!(code, 0, "the pair has the type that was read");
        if first.is_null() || count == 0 {
            return Vec::new();
        }
        // SAFETY: the call gave the address and the count of the strings.
        let strings =
            unsafe { std::slice::from_raw_parts(first, count as usize) };
        let plain = |&s: &*mut c_char| lossy(s).unwrap_or_default();
        strings.iter().map(plain).map(Cow::into_owned).collect()
    }

    fn lists(self) -> Vec<Pairs> {
        let raw: Vec<*mut sys::nvlist_t> =
            array!(self, nvpair_value_nvlist_array);
        raw.into_iter()
            .filter_map(NonNull::new)
            // SAFETY: lists inside a list live as long as the outer one.
            .map(|raw| unsafe { NvListRef::from_raw(raw) })
            .map(NvListRef::to_pairs)
            .collect()
    }
}

impl fmt::Debug for NvPair<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NvPair")
            .field(&self.name())
            .field(&self.value())
            .finish()
    }
}

/// Text that the pair holds, borrowed from it where it is UTF-8.
fn lossy<'a>(text: *const c_char) -> Option<Cow<'a, str>> {
    let text = NonNull::new(text.cast_mut())?;
    // SAFETY: callers pass what libnvpair gave as the address of text inside
    // a pair that lives for 'a; such text ends with a zero byte.
    let text: &'a CStr = unsafe { CStr::from_ptr(text.as_ptr()) };
    Some(text.to_string_lossy())
}
