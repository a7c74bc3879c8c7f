//! The record of a hunt, read: by whoever looks at it afterwards, or while the
//! hunt goes on. docs/record.md says what is in it.

pub(crate) mod history;
pub(crate) mod line;

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;

pub(crate) use history::{Attempt, Exit, History};

use super::manifest::Manifest;
use super::{EVENTS, MANIFEST};

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
    /// Reads what is in the working dataset's directory, or was in there. A log
    /// that isn't there is one without lines.
    ///
    /// # Errors
    /// Where there is a log and it can't be read.
    pub(crate) fn read(directory: &Path) -> io::Result<Session> {
        let history = match open(&directory.join(EVENTS)) {
            Ok(file) => History::read(BufReader::new(file))?,
            Err(e) if e.kind() == ErrorKind::NotFound => History::default(),
            Err(error) => return Err(error),
        };
        let manifest = read_manifest(&directory.join(MANIFEST));
        Ok(Session { manifest, history })
    }
}

/// Reads a manifest alone.
pub(crate) fn read_manifest(path: &Path) -> Result<Manifest, String> {
    let mut text = Vec::new();
    open(path)
        .and_then(|f| f.take(MANIFEST_MAX_BYTES).read_to_end(&mut text))
        .map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

/// Of directories that are not one's own, only files are opened: not what a
/// link leads to, nor a pipe that never has an end.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file =
        OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is not a file")),
    }
}

#[cfg(test)]
mod tests;
