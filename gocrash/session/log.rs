//! An event log that `--events` wrote, or that somebody brought.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use crate::record::read::{History, Session};
use crate::refusal::Refusal;

/// By itself where there is no manifest beside it.
pub(super) fn read(path: &Path) -> Result<Session, Refusal> {
    let read = || {
        let history = History::read(BufReader::new(File::open(path)?))?;
        let directory = path.parent().unwrap_or(Path::new("."));
        let session = Session::read(directory);
        // The manifest of another hunt says nothing about this one.
        let manifest = session.ok().and_then(|s| s.manifest.ok());
        let name = history.opened.as_ref().map(|opened| &opened.session);
        let manifest = manifest
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
