//! An event log that `--events` wrote, or that somebody brought.

use std::io::BufReader;
use std::path::Path;

use crate::attempt::reader::Reader;
use crate::record::MANIFEST;
use crate::record::manifest::Manifest;
use crate::record::read::{self, History, Session};
use crate::refusal::Refusal;

/// `None`, if there is no such file for the person who called to see. By itself
/// where there is no manifest beside it.
pub(super) fn find(path: &Path) -> Result<Option<Session>, Refusal> {
    let reader = Reader::caller()?;
    match reader.sees_file(path) {
        true => read(path, &reader).map(Some),
        false => Ok(None),
    }
}

fn read(path: &Path, reader: &Reader) -> Result<Session, Refusal> {
    let read = || {
        let history = History::read(BufReader::new(reader.open(path)?))?;
        // The manifest of another hunt says nothing about this one.
        let name = history.opened.as_ref().map(|opened| &opened.session);
        let manifest = beside(path, reader)
            .filter(|manifest| Some(&manifest.session) == name)
            .ok_or_else(|| "there is none beside the log".to_owned());
        std::io::Result::Ok(Session { manifest, history })
    };
    let session = read().map_err(|error| {
        Refusal::new(
            format!("cannot read `{}`: {error}", path.display()),
            "name a log that `--events` wrote, or a hunt: `gocrash list`",
        )
    })?;
    match session.history.opened {
        Some(_) => Ok(session),
        None => Err(Refusal::new(
            format!("`{}` is no event log of gocrash", path.display()),
            "name a log that `--events` wrote, or a hunt: `gocrash list`",
        )),
    }
}

fn beside(path: &Path, reader: &Reader) -> Option<Manifest> {
    let file = reader.open(&path.with_file_name(MANIFEST)).ok()?;
    read::read_manifest(file).ok()
}
