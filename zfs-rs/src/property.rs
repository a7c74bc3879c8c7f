//! Properties of datasets: the text of each value and where it comes from.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fmt;

use libzfs_sys as sys;

use crate::Zfs;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::libzfs::{self, Dataset, Libzfs, NativeProperty, NativeValue};
use crate::name::{DatasetName, Name, c_string};
use crate::nvlist::{NvPair, Value};
pub use set::Properties;

mod set;

/// All properties of a dataset by name.
pub type PropertyMap = BTreeMap<String, Property>;

/// The value of a property, as `zfs get -p` shows it, and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Numbers are exact and without a unit; what is not UTF-8 is replaced by
    /// U+FFFD.
    pub value: String,
    /// Where the value comes from.
    pub source: Source,
}

/// Where the value of a property comes from. A user property is inherited by
/// all children, so that it is there says nothing yet about who set it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// Nowhere: it is a fact, such as `used`.
    None,
    /// It was never set.
    Default,
    /// It was set on this very dataset.
    Local,
    /// It was set on a dataset above.
    Inherited(DatasetName),
    /// It came with a send stream.
    Received,
    /// An option of the mount overrides it.
    Temporary,
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.value)
    }
}

impl fmt::Display for Source {
    /// As `zfs get` shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::None => f.pad("-"),
            Source::Default => f.pad("default"),
            Source::Local => f.pad("local"),
            Source::Inherited(from) => write!(f, "inherited from {from}"),
            Source::Received => f.pad("received"),
            Source::Temporary => f.pad("temporary"),
        }
    }
}

impl Zfs {
    /// All properties, native and user ones, that `zfs get all` shows.
    ///
    /// On a snapshot this takes longer the more clones it has.
    ///
    /// Wraps `zfs_prop_get` and `zfs_get_user_props`.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound),
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn properties(&self, name: &impl Name) -> Result<PropertyMap> {
        libzfs::with(|libzfs| {
            let dataset = libzfs.open(Operation::ReadProperties, name)?;
            let native = NativeProperty::all_of(libzfs, dataset.zfs_type());
            let native = native.into_iter().filter_map(|property| {
                let value = dataset.get(property)?;
                Some((property.name(), from_native(value)))
            });
            let user = dataset.user_properties();
            let user =
                user.into_iter().flatten().filter_map(|p| user_of(&dataset, p));
            Ok(native.chain(user).collect())
        })
    }

    /// One property, native or user.
    ///
    /// On a snapshot this takes longer the more clones it has.
    ///
    /// Wraps `zfs_prop_get` and `zfs_get_user_props`.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) when there is no such dataset,
    /// [`InvalidProperty`](ErrorKind::InvalidProperty) when there is no such
    /// native property or it does not apply,
    /// [`PropertyNotSet`](ErrorKind::PropertyNotSet),
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn property(
        &self,
        name: &impl Name,
        property: &str,
    ) -> Result<Property> {
        let op = Operation::ReadProperties;
        let read_it = |libzfs: &Libzfs| {
            let dataset = libzfs.open(op, name)?;
            read(libzfs, &dataset, property)?.ok_or_else(|| {
                Error::new(op, ErrorKind::PropertyNotSet)
                    .on(name.as_str())
                    .because(format!("`{property}` is not set"))
            })
        };
        match property {
            "mountpoint" => libzfs::with(read_it),
            _ => libzfs::with_known_pools(read_it),
        }
    }

    /// Some properties, native or user, as they are at one moment: the
    /// dataset is opened once. `None` stands for a user property that is not
    /// set, and for a native one that the dataset doesn't have, as one that
    /// is no clone has no `origin`.
    ///
    /// On a snapshot this takes longer the more clones it has.
    ///
    /// Wraps `zfs_prop_get` and `zfs_get_user_props`.
    ///
    /// ```no_run
    /// # use zfs::{DatasetName, Zfs};
    /// # let zfs = Zfs::open()?;
    /// let clone = DatasetName::new("tank/work")?;
    /// let [guid, origin] = zfs.pick_properties(&clone, ["guid", "origin"])?;
    /// if let (Some(guid), Some(origin)) = (guid, origin) {
    ///     println!("{clone} ({guid}) is a clone of {origin}");
    /// }
    /// # Ok::<(), zfs::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) when there is no such dataset,
    /// [`InvalidProperty`](ErrorKind::InvalidProperty) when one of them is
    /// neither a native nor a user property,
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn pick_properties<const N: usize>(
        &self,
        name: &impl Name,
        properties: [&str; N],
    ) -> Result<[Option<Property>; N]> {
        let op = Operation::ReadProperties;
        let read_them = |libzfs: &Libzfs| {
            let dataset = libzfs.open(op, name)?;
            let find_it = |property| find(libzfs, &dataset, property);
            properties.into_iter().map(find_it).collect::<Result<Vec<_>>>()
        };
        let values = match properties.contains(&"mountpoint") {
            true => libzfs::with(read_them),
            false => libzfs::with_known_pools(read_them),
        }?;
        Ok(values.try_into().expect("there is a value for each property"))
    }

    /// Sets a property, native or user, given as `zfs set` takes it.
    ///
    /// A new `mountpoint` moves what is mounted, as `zfs set` does.
    ///
    /// Wraps `zfs_prop_set`.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound),
    /// [`InvalidProperty`](ErrorKind::InvalidProperty),
    /// [`NoSpace`](ErrorKind::NoSpace) for a reservation that does not fit,
    /// [`PermissionDenied`](ErrorKind::PermissionDenied).
    pub fn set_property(
        &self,
        name: &impl Name,
        property: &str,
        value: &str,
    ) -> Result<()> {
        let op = Operation::SetProperty;
        let c_property = c_string(op, "the property", property)?;
        let c_value = c_string(op, "the value", value)?;
        libzfs::with(|libzfs| {
            let dataset = libzfs.open(op, name)?;
            if dataset.set(&c_property, &c_value) {
                return Ok(());
            }
            let error = libzfs.error(op, name.as_str());
            let about = detail(&error, &format!("`{property}={value}`"));
            Err(error.because(about))
        })
    }

    /// Removes what was set on this dataset, so that the value of the one
    /// above, or the default, holds again. A user property that is set
    /// nowhere above is gone then.
    ///
    /// Wraps `zfs_prop_inherit`.
    ///
    /// # Errors
    /// As [`Zfs::set_property`].
    pub fn inherit_property(
        &self,
        name: &impl Name,
        property: &str,
    ) -> Result<()> {
        let op = Operation::InheritProperty;
        let c_property = c_string(op, "the property", property)?;
        libzfs::with(|libzfs| {
            let dataset = libzfs.open(op, name)?;
            if dataset.inherit(&c_property) {
                return Ok(());
            }
            let error = libzfs.error(op, name.as_str());
            let about = detail(&error, &format!("`{property}`"));
            Err(error.because(about))
        })
    }
}

/// `None` for a property that is not set, or that it doesn't have.
fn find(
    libzfs: &Libzfs,
    dataset: &Dataset<'_>,
    property: &str,
) -> Result<Option<Property>> {
    if libzfs::is_user_property(property) {
        let pairs = dataset.user_properties();
        let pair = pairs.and_then(|pairs| pairs.pair(property));
        let found = pair.and_then(|pair| user_of(dataset, pair));
        return Ok(found.map(|(_, property)| property));
    }
    match native_property(libzfs, property) {
        Ok(native) => Ok(dataset.get(native).map(from_native)),
        Err(_) => Err(missing(dataset, property)),
    }
}

/// `None` for a user property that is not set.
pub(crate) fn read(
    libzfs: &Libzfs,
    dataset: &Dataset<'_>,
    property: &str,
) -> Result<Option<Property>> {
    match find(libzfs, dataset, property)? {
        None if !libzfs::is_user_property(property) => {
            Err(missing(dataset, property))
        }
        found => Ok(found),
    }
}

fn missing(dataset: &Dataset<'_>, property: &str) -> Error {
    Error::new(Operation::ReadProperties, ErrorKind::InvalidProperty)
        .on(&dataset.name())
        .because(format!("it has no property `{property}`"))
}

/// The native property of that name.
pub(crate) fn native_property(
    libzfs: &Libzfs,
    name: &str,
) -> Result<NativeProperty, String> {
    CString::new(name)
        .ok()
        .and_then(|name| NativeProperty::by_name(libzfs, &name))
        .ok_or_else(|| format!("there is no property `{name}`"))
}

fn from_native(value: NativeValue) -> Property {
    let source = match value.source {
        sys::ZPROP_SRC_DEFAULT => Source::Default,
        sys::ZPROP_SRC_TEMPORARY => Source::Temporary,
        sys::ZPROP_SRC_LOCAL => Source::Local,
        sys::ZPROP_SRC_RECEIVED => Source::Received,
        sys::ZPROP_SRC_INHERITED => {
            Source::Inherited(DatasetName::from_kernel(&value.from))
        }
        _ => Source::None,
    };
    Property { value: value.text, source }
}

/// libzfs gives a list of `value` and `source` for each name, where the
/// source is a dataset or the word for received ones.
fn user_of(
    dataset: &Dataset<'_>,
    pair: NvPair<'_>,
) -> Option<(String, Property)> {
    let list = pair.list()?;
    let text = |name| match list.get(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let source = match text("source").unwrap_or_default() {
        source if source == dataset.name() => Source::Local,
        source if source == "$recvd" => Source::Received,
        source => Source::Inherited(DatasetName::from_kernel(&source)),
    };
    let property = Property { value: text("value")?, source };
    Some((pair.name().into_owned(), property))
}

/// Libzfs names neither property nor value in some of its descriptions.
fn detail(error: &Error, about: &str) -> String {
    match error.detail() {
        Some(detail) => format!("{about}: {detail}"),
        None => format!("{about}: {}", error.kind()),
    }
}
