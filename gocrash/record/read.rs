//! The record of a hunt, read: by whoever looks at it afterwards, or while the
//! hunt goes on. docs/record.md says what is in it.

pub(crate) mod history;
pub(crate) mod line;

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

pub(crate) use history::{Attempt, Exit, History};
pub(crate) use line::Signature;

use super::manifest::Manifest;
use super::{EVENTS, MANIFEST};
use crate::attempt::reader::Reader;
use crate::slate::inside::Inside;

/// No manifest is longer: an environment has two megabytes at most.
const MANIFEST_MAX_BYTES: u64 = 16 << 20;

/// A hunt, as its record tells of it.
#[derive(Debug)]
pub(crate) struct Session {
    /// It has the suite's environment in it, so not everybody may read it; and
    /// where gocrash was killed early it may be missing or cut.
    pub(crate) manifest: Result<Manifest, String>,
    pub(crate) history: History,
}

impl Session {
    /// Reads what is in the working dataset's directory, or was in there. Where
    /// there is no manifest either, the hunt was killed before it could write.
    ///
    /// # Errors
    /// Where the log can't be read, or has been taken away.
    pub(crate) fn read_in(directory: &Inside) -> io::Result<Session> {
        let manifest = directory
            .file(MANIFEST)
            .map_err(|error| error.to_string())
            .and_then(read_manifest);
        let history = match directory.file(EVENTS) {
            Ok(file) => History::read(BufReader::new(file))?,
            // A manifest is written after the log is there.
            Err(e) if e.kind() == ErrorKind::NotFound && manifest.is_err() => {
                History::default()
            }
            Err(error) => return Err(error),
        };
        Ok(Session { manifest, history })
    }

    /// The same, with the rights of this process.
    pub(crate) fn read(directory: &Path) -> io::Result<Session> {
        Session::read_in(&Inside::open(directory, &Reader::own())?)
    }
}

/// Reads a manifest alone.
pub(crate) fn read_manifest(file: File) -> Result<Manifest, String> {
    let mut text = Vec::new();
    file.take(MANIFEST_MAX_BYTES)
        .read_to_end(&mut text)
        .map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
