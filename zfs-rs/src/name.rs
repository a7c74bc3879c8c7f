//! Names of datasets and snapshots, checked once.
//!
//! libzfs_core cuts a name that is too long without a word, so a name that
//! was not checked may stand for another dataset. These types can't hold one.

use std::ffi::CString;
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Operation, Result};

/// The longest name of a dataset or a snapshot, in bytes
/// (`ZFS_MAX_DATASET_NAME_LEN` counts the zero that ends it).
pub const NAME_LENGTH_MAX: usize = 255;

/// What has a name in a pool: a dataset or a snapshot.
///
/// The trait is sealed: only names that were checked implement it.
pub trait Name: sealed::Sealed + fmt::Display {
    /// The whole name, such as `tank/src` or `tank/src@monday`.
    fn as_str(&self) -> &str;
}

mod sealed {
    pub trait Sealed {
        /// For C. No zero byte can be in it, as the name was checked.
        fn to_c(&self) -> std::ffi::CString;
    }
}
pub(crate) use sealed::Sealed;

/// The name of a file system or volume, such as `tank/src`.
///
/// ```
/// use zfs::DatasetName;
///
/// let name: DatasetName = "tank/src".parse()?;
/// assert_eq!(name.child("gocrash-1")?.as_str(), "tank/src/gocrash-1");
/// assert_eq!(name.snapshot("monday")?.short_name(), "monday");
/// assert!(DatasetName::new("tank//src").is_err());
/// # Ok::<(), zfs::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DatasetName(String);

impl DatasetName {
    /// Checks a name: components of letters, digits and `-_.: `, separated
    /// by `/`, at most [`NAME_LENGTH_MAX`] bytes, and no `@` or `#`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`], [`ErrorKind::NameTooLong`].
    pub fn new(name: &str) -> Result<DatasetName> {
        check_length(name)?;
        check_dataset(name)
            .map_err(|why| Error::name(name, ErrorKind::InvalidName, &why))?;
        Ok(DatasetName(name.to_owned()))
    }

    /// The kernel told this name, so it is valid by definition.
    pub(crate) fn from_kernel(name: &str) -> DatasetName {
        DatasetName(name.to_owned())
    }

    /// The dataset called `component` directly below this one.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`], [`ErrorKind::NameTooLong`].
    pub fn child(&self, component: &str) -> Result<DatasetName> {
        DatasetName::new(&format!("{self}/{component}"))
    }

    /// The snapshot of this dataset called `short_name`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`], [`ErrorKind::NameTooLong`].
    pub fn snapshot(&self, short_name: &str) -> Result<SnapshotName> {
        SnapshotName::new(&format!("{self}@{short_name}"))
    }

    /// The dataset above this one; `None` for the root of a pool.
    pub fn parent(&self) -> Option<DatasetName> {
        let (parent, _) = self.0.rsplit_once('/')?;
        Some(DatasetName(parent.to_owned()))
    }

    /// The name of the pool it is in.
    pub fn pool(&self) -> &str {
        self.0.split('/').next().unwrap_or(&self.0)
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a snapshot, such as `tank/src@monday`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SnapshotName {
    full: String,
    dataset: DatasetName,
}

impl SnapshotName {
    /// Checks a name: a dataset's, one `@`, and the snapshot's own.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`], [`ErrorKind::NameTooLong`].
    pub fn new(name: &str) -> Result<SnapshotName> {
        check_length(name)?;
        let invalid =
            |why: &str| Error::name(name, ErrorKind::InvalidName, why);
        let Some((dataset, short_name)) = name.split_once('@') else {
            return Err(invalid("a snapshot's name has an `@`"));
        };
        if short_name.contains('@') {
            return Err(invalid("it has more than one `@`"));
        }
        check_dataset(dataset).map_err(|why| invalid(&why))?;
        check_component(short_name).map_err(|why| invalid(&why))?;
        Ok(SnapshotName::from_kernel(name))
    }

    /// The kernel told this name, so it is valid by definition.
    pub(crate) fn from_kernel(full: &str) -> SnapshotName {
        let dataset = full.split('@').next().unwrap_or(full);
        SnapshotName {
            full: full.to_owned(),
            dataset: DatasetName::from_kernel(dataset),
        }
    }

    /// The dataset it is a snapshot of.
    pub fn dataset(&self) -> &DatasetName {
        &self.dataset
    }

    /// What follows the `@`.
    pub fn short_name(&self) -> &str {
        &self.full[self.dataset.0.len() + 1..]
    }

    /// The name of the pool it is in.
    pub fn pool(&self) -> &str {
        self.dataset.pool()
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.full
    }
}

macro_rules! is_a_name {
    ($type:ty) => {
        impl Name for $type {
            fn as_str(&self) -> &str {
                self.as_str()
            }
        }

        impl Sealed for $type {
            fn to_c(&self) -> CString {
                CString::new(self.as_str())
                    .expect("a checked name has no zero byte")
            }
        }

        impl FromStr for $type {
            type Err = Error;

            fn from_str(name: &str) -> Result<Self> {
                Self::new(name)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

is_a_name!(DatasetName);
is_a_name!(SnapshotName);

fn check_length(name: &str) -> Result<()> {
    if name.len() > NAME_LENGTH_MAX {
        let why = format!(
            "it has {} bytes and at most {NAME_LENGTH_MAX} are allowed",
            name.len()
        );
        return Err(Error::name(name, ErrorKind::NameTooLong, &why));
    }
    Ok(())
}

fn check_dataset(name: &str) -> Result<(), String> {
    for component in name.split('/') {
        check_component(component)?;
        if matches!(component, "." | "..") {
            return Err(format!("`{component}` can't be a component"));
        }
    }
    Ok(())
}

fn check_component(component: &str) -> Result<(), String> {
    if component.is_empty() {
        return Err("it has an empty component".to_owned());
    }
    match component.chars().find(|&c| !is_allowed(c)) {
        Some(c) => Err(format!("it has the character {c:?}")),
        None => Ok(()),
    }
}

/// ZFS itself also uses `%`, for what it makes while receiving a stream.
fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | ' ')
}

/// A name for an error that is about no parsed name.
pub(crate) fn c_string(
    operation: Operation,
    what: &str,
    text: &str,
) -> Result<CString> {
    CString::new(text).map_err(|_| {
        Error::new(operation, ErrorKind::InvalidArgument)
            .because(format!("{what} has a zero byte"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind<T: FromStr<Err = Error>>(name: &str) -> Option<ErrorKind> {
        name.parse::<T>().err().map(|error| error.kind())
    }

    #[test]
    fn takes_what_zfs_takes() {
        for name in ["p", "tank/a b", "a/-_.:/B9", "tank/...", "0/1"] {
            assert_eq!(kind::<DatasetName>(name), None, "{name}");
            let snapshot = format!("{name}@now");
            assert_eq!(kind::<SnapshotName>(&snapshot), None, "{snapshot}");
        }
        // Only components between slashes may not be these.
        assert_eq!(kind::<SnapshotName>("tank@.."), None);
    }

    #[test]
    fn refuses_what_zfs_refuses() {
        let invalid = Some(ErrorKind::InvalidName);
        for name in [
            "", "/", "/tank", "tank/", "tank//a", "tank/.", "../tank", "a\0b",
            "tank/ä", "a@b", "a#b", "a%b", "a\n", "tank/a,b",
        ] {
            assert_eq!(kind::<DatasetName>(name), invalid, "{name:?}");
        }
        for name in ["tank", "tank@", "@a", "a@b@c", "a@b/c", "a@b#c"] {
            assert_eq!(kind::<SnapshotName>(name), invalid, "{name:?}");
        }
    }

    #[test]
    fn a_name_that_would_be_cut_is_refused() {
        let longest = "x".repeat(NAME_LENGTH_MAX);
        let too_long = Some(ErrorKind::NameTooLong);
        assert_eq!(kind::<DatasetName>(&longest), None);
        assert_eq!(kind::<DatasetName>(&format!("{longest}x")), too_long);
        let snapshot = format!("{}@y", &longest[2..]);
        assert_eq!(kind::<SnapshotName>(&snapshot), None);
        assert_eq!(kind::<SnapshotName>(&format!("{snapshot}y")), too_long);
        let parent = DatasetName::new(&longest).unwrap();
        assert_eq!(
            parent.child("a").unwrap_err().kind(),
            ErrorKind::NameTooLong
        );
    }

    #[test]
    fn takes_names_apart() {
        let name = SnapshotName::new("tank/a/b@now").unwrap();
        assert_eq!((name.pool(), name.short_name()), ("tank", "now"));
        let dataset = name.dataset();
        assert_eq!(dataset.as_str(), "tank/a/b");
        let parents: Vec<_> =
            std::iter::successors(Some(dataset.clone()), DatasetName::parent)
                .map(|name| name.to_string())
                .collect();
        assert_eq!(parents, ["tank/a/b", "tank/a", "tank"]);
    }
}
