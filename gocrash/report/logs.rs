//! How the logs of failed attempts end: as they were heard while the hunt went
//! on, or else read where they were kept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::safe;
use crate::attempt::name::AttemptName;
use crate::attempt::output::NAMES;
use crate::attempt::reader::Reader;
use crate::attempt::said::{self, Said};
use crate::slate::inside::Inside;

/// Of so many attempts what they printed is kept in mind: in a report with
/// more failures nobody reads the rest.
const KEPT_IN_MIND_MAX: usize = 1000;

/// The file that an attempt printed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) path: PathBuf,
    /// Its last lines, fit to be shown.
    pub(crate) lines: Vec<String>,
}

/// What is known already.
#[derive(Debug)]
pub(crate) struct Logs {
    known: BTreeMap<AttemptName, Said>,
    /// Whose rights the others are read with, if they are.
    reader: Option<Reader>,
    /// What is still there of what was kept, where somebody has looked.
    there: Option<BTreeSet<AttemptName>>,
}

/// Read where the hunt says that they are.
impl Default for Logs {
    fn default() -> Logs {
        Logs::read_by(Reader::own())
    }
}

impl Logs {
    /// Nothing is known yet.
    pub(crate) fn read_by(reader: Reader) -> Logs {
        Logs { known: BTreeMap::new(), reader: Some(reader), there: None }
    }

    /// Nothing else is read: a record can be the suite's own word.
    pub(crate) fn known(
        known: BTreeMap<AttemptName, Said>,
        there: BTreeSet<AttemptName>,
    ) -> Logs {
        Logs { known, reader: None, there: Some(there) }
    }

    /// Whether what was kept of it has been removed.
    pub(super) fn lack(&self, name: AttemptName) -> bool {
        self.there.as_ref().is_some_and(|there| !there.contains(&name))
    }

    pub(crate) fn hear(&mut self, name: AttemptName, said: &Said) {
        if self.known.len() < KEPT_IN_MIND_MAX {
            self.known.insert(name, said.clone());
        }
    }

    /// Those of an attempt, in the directory where it was kept, if it was.
    pub(super) fn of(
        &self,
        name: AttemptName,
        place: Option<PathBuf>,
    ) -> Vec<Log> {
        let Some(place) = place else { return Vec::new() };
        let said = match (self.known.get(&name), &self.reader) {
            (Some(said), _) => said.clone(),
            (None, Some(reader)) => read_in(&place, reader),
            (None, None) => Said::default(),
        };
        let log = |(name, lines): (&str, Vec<String>)| Log {
            path: place.join(name),
            lines: lines.iter().map(|line| safe::line(line)).collect(),
        };
        said.0.into_iter().map(log).collect()
    }
}

fn read_in(place: &Path, reader: &Reader) -> Said {
    Inside::open(place, reader).map(|place| read(&place)).unwrap_or_default()
}

/// How each of the files in there ends that has anything in it.
pub(crate) fn read(place: &Inside) -> Said {
    let end = |name: &'static str| {
        let lines = said::end(&place.file(name).ok()?).ok()?;
        (!lines.is_empty()).then_some((name, lines))
    };
    Said(NAMES.into_iter().filter_map(end).collect())
}
