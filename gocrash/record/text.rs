//! A text of the operating system, which need not be Unicode, in JSON.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A string where it is one; otherwise an object with its bytes in hex.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(untagged)]
pub(crate) enum Text {
    Unicode(String),
    Bytes { hex: String },
}

impl Default for Text {
    fn default() -> Text {
        Text::Unicode(String::new())
    }
}

impl Text {
    /// The text itself; nothing for an object that has no bytes in hex.
    pub(crate) fn to_os(&self) -> Option<OsString> {
        match self {
            Text::Unicode(text) => Some(text.into()),
            Text::Bytes { hex } => bytes(hex).map(OsString::from_vec),
        }
    }
}

/// For `#[serde(with = "text")]` at a path.
pub(crate) fn serialize<S: Serializer>(
    path: &Path,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Text::from(path).serialize(serializer)
}

/// For `#[serde(with = "text")]` at a path.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<PathBuf, D::Error> {
    let text = Text::deserialize(deserializer)?;
    text.to_os().map(PathBuf::from).ok_or_else(|| D::Error::custom("no hex"))
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8]| match *pair {
        [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
        _ => None,
    };
    hex.as_bytes().chunks(2).map(byte).collect()
}

impl<T: AsRef<OsStr> + ?Sized> From<&T> for Text {
    fn from(text: &T) -> Text {
        let text = text.as_ref();
        match text.to_str() {
            Some(text) => Text::Unicode(text.to_owned()),
            None => {
                let hex = text.as_bytes().iter().map(|b| format!("{b:02x}"));
                Text::Bytes { hex: hex.collect() }
            }
        }
    }
}
