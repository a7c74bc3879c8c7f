//! The properties that something new is made with.

use libzfs_sys as sys;

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::libzfs::{self, Libzfs};
use crate::name::c_string;
use crate::nvlist::{NvList, Value};

use super::native_property;

/// Properties for something new, given as `zfs create -o` takes them.
///
/// ```
/// use zfs::Properties;
///
/// let properties = Properties::new()
///     .with("canmount", "noauto")
///     .with("quota", "10G")
///     .with("gocrash:session", "1732233600000");
/// # let _ = properties;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    pairs: Vec<(String, String)>,
}

impl Properties {
    /// None.
    pub fn new() -> Properties {
        Properties::default()
    }

    /// One more. Of several values for one property the last counts.
    #[must_use = "gives the properties with the new one"]
    pub fn with(
        mut self,
        property: impl Into<String>,
        value: impl Into<String>,
    ) -> Properties {
        self.pairs.push((property.into(), value.into()));
        self
    }

    /// These, and others. Of several values for one property the last counts.
    #[must_use = "gives all of the properties"]
    pub fn and(mut self, others: Properties) -> Properties {
        self.pairs.extend(others.pairs);
        self
    }

    /// What libzfs_core wants: numbers as such, and no list for none.
    ///
    /// The kernel takes user properties as they are; the types of the others
    /// are known to libzfs alone.
    pub(crate) fn to_nvlist(
        &self,
        op: Operation,
        name: &str,
    ) -> Result<Option<NvList>> {
        if self.pairs.is_empty() {
            return Ok(None);
        }
        let refuse = |why: String| {
            Error::new(op, ErrorKind::InvalidProperty).on(name).because(why)
        };
        let mut list = NvList::new();
        let (user, native): (Vec<_>, Vec<_>) = self
            .pairs
            .iter()
            .partition(|(property, _)| libzfs::is_user_property(property));
        for (property, value) in user {
            list.insert(property, &Value::String(value.clone()))?;
        }
        if !native.is_empty() {
            libzfs::with_known_pools(|libzfs| {
                for (property, text) in native {
                    let value =
                        convert(libzfs, op, property, text).map_err(refuse)?;
                    list.insert(property, &value)?;
                }
                Ok(())
            })?;
        }
        Ok(Some(list))
    }
}

fn convert(
    libzfs: &Libzfs,
    op: Operation,
    name: &str,
    text: &str,
) -> Result<Value, String> {
    let property = native_property(libzfs, name)?;
    // The kernel drops the first kind without a word.
    if property.is_read_only() {
        return Err(format!("`{name}` can't be set"));
    }
    if !property.applies_to(sys::ZFS_TYPE_FILESYSTEM) {
        return Err(format!("`{name}` does not apply to a file system"));
    }
    if property.is_set_once() && op != Operation::Create {
        return Err(format!("`{name}` can be set at creation only"));
    }
    let refuse = || {
        let values = property.values();
        format!("`{name}={text}` is not one of the values {values}")
    };
    let c_text = c_string(Operation::BuildList, "a value", text)
        .map_err(|error| error.to_string())?;
    if property.is_index() {
        let index = property.index(&c_text).ok_or_else(refuse)?;
        return Ok(Value::Uint64(index));
    }
    if property.is_text() {
        return match name {
            "mountpoint" if !is_mount_point(text) => Err(refuse()),
            _ => Ok(Value::String(text.to_owned())),
        };
    }
    // `none` stands for 0 where that means no limit, as with quotas.
    if text == "none" && property.default_number() == 0 {
        return Ok(Value::Uint64(0));
    }
    match libzfs.parse_number(&c_text) {
        Some(number) if !text.is_empty() => Ok(Value::Uint64(number)),
        _ => Err(refuse()),
    }
}

/// The kernel takes any text, and nothing could be mounted at most of them.
fn is_mount_point(text: &str) -> bool {
    text.starts_with('/') || matches!(text, "none" | "legacy")
}
