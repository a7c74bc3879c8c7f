//! Lists of named, typed values: how ZFS takes and gives structured data.

#![expect(unsafe_code, reason = "wraps the nvlist_t of libnvpair")]

use std::alloc::{Layout, handle_alloc_error};
use std::ffi::CString;
use std::fmt;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use libzfs_sys as sys;

use crate::error::{Operation, Result};
use crate::name::c_string;
pub use pair::{NvPair, Pairs};
pub use value::Value;

mod insert;
mod pair;
mod value;

/// An nvlist that is owned here and freed when it is dropped.
///
/// ```
/// use zfs::{NvList, Value};
///
/// let mut list = NvList::new();
/// list.insert("answer", &Value::Uint64(42))?;
/// assert_eq!(list.as_ref().get("answer"), Some(Value::Uint64(42)));
/// # Ok::<(), zfs::Error>(())
/// ```
pub struct NvList {
    raw: NonNull<sys::nvlist_t>,
}

// SAFETY: an nvlist is plain memory that its owner alone refers to; nothing
// in it belongs to the thread that made it. It is not Sync: looking through
// it moves a cursor inside it.
unsafe impl Send for NvList {}

/// An nvlist that something else owns: another list, or a handle of libzfs.
///
/// It can't outlive the owner, nor can what is taken out of it:
///
/// ```
/// let list = zfs::NvList::new();
/// let borrowed = list.as_ref();
/// let inner = borrowed.list("inner");
/// let pair = borrowed.iter().next();
/// drop((borrowed, inner, pair));
/// drop(list);
/// ```
///
/// ```compile_fail,E0505
/// let list = zfs::NvList::new();
/// let borrowed = list.as_ref();
/// drop(list);
/// drop(borrowed);
/// ```
///
/// ```compile_fail,E0505
/// let list = zfs::NvList::new();
/// let inner = list.as_ref().list("inner");
/// drop(list);
/// drop(inner);
/// ```
///
/// ```compile_fail,E0505
/// let list = zfs::NvList::new();
/// let pair = list.as_ref().iter().next();
/// drop(list);
/// drop(pair);
/// ```
///
/// A list can't change while it is borrowed:
///
/// ```compile_fail,E0502
/// let mut list = zfs::NvList::new();
/// let pair = list.as_ref().iter().next();
/// list.remove("name");
/// drop(pair);
/// ```
///
/// Nor can two threads look through one list, as that moves a cursor in it:
///
/// ```compile_fail,E0277
/// let list = zfs::NvList::new();
/// std::thread::scope(|scope| {
///     scope.spawn(|| list.as_ref().is_empty());
/// });
/// ```
#[derive(Clone, Copy)]
pub struct NvListRef<'a> {
    raw: NonNull<sys::nvlist_t>,
    owner: PhantomData<&'a NvList>,
}

impl NvList {
    /// An empty list, in which every name occurs at most once.
    ///
    /// Wraps `nvlist_alloc`.
    pub fn new() -> NvList {
        let mut raw = ptr::null_mut();
        // SAFETY: `raw` outlives the call, which writes a pointer to it.
        let code =
            unsafe { sys::nvlist_alloc(&raw mut raw, sys::NV_UNIQUE_NAME, 0) };
        let list = NvList::from_raw(raw);
        match (code, list) {
            (0, Some(list)) => list,
            // The call has no other reason to fail with these arguments.
            _ => handle_alloc_error(Layout::new::<sys::nvlist_t>()),
        }
    }

    /// Takes over what a C function has allocated for its caller; `None` for
    /// a null pointer, which stands for no list.
    pub(crate) fn from_raw(raw: *mut sys::nvlist_t) -> Option<NvList> {
        NonNull::new(raw).map(|raw| NvList { raw })
    }

    /// For a C function that reads the list during the call.
    pub(crate) fn as_ptr(&self) -> *mut sys::nvlist_t {
        self.raw.as_ptr()
    }

    /// The list, borrowed.
    pub fn as_ref(&self) -> NvListRef<'_> {
        NvListRef { raw: self.raw, owner: PhantomData }
    }

    /// Puts a value in under a name, in place of one that is there.
    ///
    /// Wraps the functions `nvlist_add_…`, which copy what they are given.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a zero byte
    /// in the name or in a string, and for more than `u32::MAX` elements.
    pub fn insert(&mut self, name: &str, value: &Value) -> Result<()> {
        let name = c_name(name)?;
        insert::insert(self, &name, value)
    }

    /// Takes a value out; `false` if there was none.
    ///
    /// Wraps `nvlist_remove_all`.
    pub fn remove(&mut self, name: &str) -> bool {
        let Ok(name) = CString::new(name) else { return false };
        // SAFETY: the list is ours and `name` ends with a zero byte.
        let code =
            unsafe { sys::nvlist_remove_all(self.as_ptr(), name.as_ptr()) };
        code == 0
    }

    /// A list of names without values, as batches of snapshots are given.
    pub(crate) fn of_names<'a>(
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<NvList> {
        let mut list = NvList::new();
        for name in names {
            list.insert(name, &Value::Boolean)?;
        }
        Ok(list)
    }

    /// Makes a list of a map.
    ///
    /// # Errors
    /// As [`NvList::insert`].
    pub fn from_pairs(pairs: &Pairs) -> Result<NvList> {
        let mut list = NvList::new();
        for (name, value) in pairs {
            list.insert(name, value)?;
        }
        Ok(list)
    }
}

impl Default for NvList {
    fn default() -> NvList {
        NvList::new()
    }
}

impl Clone for NvList {
    fn clone(&self) -> NvList {
        self.as_ref().to_owned()
    }
}

impl Drop for NvList {
    fn drop(&mut self) {
        // SAFETY: this value owns the list, and no NvListRef outlives it.
        unsafe { sys::nvlist_free(self.raw.as_ptr()) };
    }
}

impl<'a> NvListRef<'a> {
    /// Wraps a list that C owns.
    ///
    /// # Safety
    /// `raw` points to a list that stays as it is for `'a`.
    pub(crate) unsafe fn from_raw(raw: NonNull<sys::nvlist_t>) -> Self {
        NvListRef { raw, owner: PhantomData }
    }

    pub(crate) fn as_ptr(self) -> *mut sys::nvlist_t {
        self.raw.as_ptr()
    }

    /// Whether there is nothing in it. Wraps `nvlist_empty`.
    pub fn is_empty(self) -> bool {
        // SAFETY: the list lives for 'a, which has not ended.
        let empty = unsafe { sys::nvlist_empty(self.as_ptr()) };
        empty != sys::B_FALSE
    }

    /// The value of that name. Wraps `nvlist_lookup_nvpair`.
    pub fn get(self, name: &str) -> Option<Value> {
        Some(self.pair(name)?.value())
    }

    /// The list of that name, still borrowed from the outermost owner.
    pub fn list(self, name: &str) -> Option<NvListRef<'a>> {
        self.pair(name)?.list()
    }

    /// The pair of that name.
    pub fn pair(self, name: &str) -> Option<NvPair<'a>> {
        let name = CString::new(name).ok()?;
        let mut raw = ptr::null_mut();
        // SAFETY: the list lives for 'a, `name` ends with a zero byte, and
        // `raw` outlives the call, which writes a pointer to it.
        let code = unsafe {
            sys::nvlist_lookup_nvpair(
                self.as_ptr(),
                name.as_ptr(),
                &raw mut raw,
            )
        };
        if code != 0 {
            return None;
        }
        NonNull::new(raw).map(NvPair::new)
    }

    /// Its pairs, in the order they were put in.
    pub fn iter(self) -> Iter<'a> {
        Iter { list: self, at: ptr::null_mut() }
    }

    /// All of it as a plain Rust value. What is not UTF-8 is replaced by
    /// U+FFFD, and pairs of a type that this library does not know are left
    /// out.
    pub fn to_pairs(self) -> Pairs {
        self.iter()
            .map(|pair| (pair.name().into_owned(), pair.value()))
            .filter(|(_, value)| *value != Value::Unknown)
            .collect()
    }

    /// A copy with an owner of its own. Wraps `nvlist_dup`.
    pub fn to_owned(self) -> NvList {
        let mut raw = ptr::null_mut();
        // SAFETY: the list lives for 'a, and `raw` outlives the call, which
        // writes a pointer to it.
        let code = unsafe { sys::nvlist_dup(self.as_ptr(), &raw mut raw, 0) };
        match (code, NvList::from_raw(raw)) {
            (0, Some(copy)) => copy,
            // The call has no other reason to fail with a valid list.
            _ => handle_alloc_error(Layout::new::<sys::nvlist_t>()),
        }
    }
}

impl<'a> IntoIterator for NvListRef<'a> {
    type Item = NvPair<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The pairs of a list, one after the other.
pub struct Iter<'a> {
    list: NvListRef<'a>,
    at: *mut sys::nvpair_t,
}

impl<'a> Iterator for Iter<'a> {
    type Item = NvPair<'a>;

    fn next(&mut self) -> Option<NvPair<'a>> {
        // SAFETY: the list lives for 'a, and `at` is null, which asks for the
        // first pair, or a pair of this list that an earlier call gave.
        let next =
            unsafe { sys::nvlist_next_nvpair(self.list.as_ptr(), self.at) };
        let pair = NonNull::new(next)?;
        self.at = next;
        Some(NvPair::new(pair))
    }
}

impl fmt::Debug for NvList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl fmt::Debug for NvListRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self.iter().map(|pair| (pair.name(), pair.value()));
        f.debug_map().entries(pairs).finish()
    }
}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("list", &self.list).finish()
    }
}

fn c_name(name: &str) -> Result<CString> {
    c_string(Operation::BuildList, "a name", name)
}
