//! The hunts that a state directory knows of.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::UPPER;
use crate::attempt::reader::Reader;
use crate::slate::found::{Found, FoundSlate, Kind, number_of, record_in};
use crate::slate::inside::Inside;
use crate::slate::lock::is_locked;

/// Those in a directory, which need not be there.
pub(in crate::slate) fn find(state: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(state) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Ok(session) = entry.file_name().into_string() else { continue };
        let is_hunt = number_of(&session).is_some()
            && entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_hunt {
            found.push(hunt(session, &entry.path()));
        }
    }
    Ok(found)
}

fn hunt(session: String, path: &Path) -> Found {
    Found {
        session,
        name: path.display().to_string(),
        snapshot: None,
        kind: Kind::Overlay,
        is_copy: false,
        is_stray: false,
        // What can't be opened can't be told.
        is_alive: is_locked(path).unwrap_or(false),
        owner: Reader::own(),
        reader: Reader::own(),
        slates: slates(path).unwrap_or_default(),
        record: record_in(Inside::open(path, &Reader::own())),
    }
}

fn slates(session: &Path) -> io::Result<Vec<FoundSlate>> {
    let mut slates = Vec::new();
    for entry in fs::read_dir(session)? {
        let entry = entry?;
        let attempt = entry.file_name().to_str().and_then(|n| n.parse().ok());
        if let Some(attempt) = attempt {
            let name = entry.path().join(UPPER).display().to_string();
            slates.push(FoundSlate { attempt, name, outcome: None });
        }
    }
    Ok(slates)
}
