//! A text of the operating system, which need not be Unicode, in JSON.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use serde::Serialize;

/// A string where it is one; otherwise an object with its bytes in hex.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub(crate) enum Text {
    Unicode(String),
    Bytes { hex: String },
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
