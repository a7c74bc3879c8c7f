//! A value of an nvlist as plain Rust.

use super::Pairs;

/// A value of an nvlist. Each C type has its own variant, because ZFS tells
/// them apart: a number given as the wrong type is refused.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A name that is just there (`DATA_TYPE_BOOLEAN`).
    Boolean,
    /// True or false (`DATA_TYPE_BOOLEAN_VALUE`).
    Bool(bool),
    /// `DATA_TYPE_BYTE`
    Byte(u8),
    /// `DATA_TYPE_INT8`
    Int8(i8),
    /// `DATA_TYPE_UINT8`
    Uint8(u8),
    /// `DATA_TYPE_INT16`
    Int16(i16),
    /// `DATA_TYPE_UINT16`
    Uint16(u16),
    /// `DATA_TYPE_INT32`
    Int32(i32),
    /// `DATA_TYPE_UINT32`
    Uint32(u32),
    /// `DATA_TYPE_INT64`
    Int64(i64),
    /// `DATA_TYPE_UINT64`
    Uint64(u64),
    /// `DATA_TYPE_DOUBLE`
    Double(f64),
    /// A time in nanoseconds (`DATA_TYPE_HRTIME`).
    HrTime(i64),
    /// `DATA_TYPE_STRING`
    String(String),
    /// `DATA_TYPE_NVLIST`
    List(Pairs),
    /// `DATA_TYPE_BOOLEAN_ARRAY`
    BoolArray(Vec<bool>),
    /// `DATA_TYPE_BYTE_ARRAY`
    ByteArray(Vec<u8>),
    /// `DATA_TYPE_INT8_ARRAY`
    Int8Array(Vec<i8>),
    /// `DATA_TYPE_UINT8_ARRAY`
    Uint8Array(Vec<u8>),
    /// `DATA_TYPE_INT16_ARRAY`
    Int16Array(Vec<i16>),
    /// `DATA_TYPE_UINT16_ARRAY`
    Uint16Array(Vec<u16>),
    /// `DATA_TYPE_INT32_ARRAY`
    Int32Array(Vec<i32>),
    /// `DATA_TYPE_UINT32_ARRAY`
    Uint32Array(Vec<u32>),
    /// `DATA_TYPE_INT64_ARRAY`
    Int64Array(Vec<i64>),
    /// `DATA_TYPE_UINT64_ARRAY`
    Uint64Array(Vec<u64>),
    /// `DATA_TYPE_STRING_ARRAY`
    StringArray(Vec<String>),
    /// `DATA_TYPE_NVLIST_ARRAY`
    ListArray(Vec<Pairs>),
    /// A type that a later release of ZFS has and this library does not know.
    /// It can't be put into a list.
    Unknown,
}

impl Value {
    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is of an integer type and not negative.
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Value::Byte(n) | Value::Uint8(n) => Some(n.into()),
            Value::Uint16(n) => Some(n.into()),
            Value::Uint32(n) => Some(n.into()),
            Value::Uint64(n) => Some(n),
            Value::Int8(n) => n.try_into().ok(),
            Value::Int16(n) => n.try_into().ok(),
            Value::Int32(n) => n.try_into().ok(),
            Value::Int64(n) | Value::HrTime(n) => n.try_into().ok(),
            _ => None,
        }
    }

    /// The pairs, if it is a list.
    pub fn as_pairs(&self) -> Option<&Pairs> {
        match self {
            Value::List(pairs) => Some(pairs),
            _ => None,
        }
    }
}
