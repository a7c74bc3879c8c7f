//! How the logs of failed attempts end: as they were heard while the hunt went
//! on, or else read where they were kept.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use super::safe;
use crate::attempt::name::AttemptName;
use crate::attempt::output::NAMES;
use crate::attempt::said::{self, Said};

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
#[derive(Debug, Default)]
pub(crate) struct Logs(BTreeMap<AttemptName, Said>);

impl Logs {
    pub(crate) fn hear(&mut self, name: AttemptName, said: &Said) {
        if self.0.len() < KEPT_IN_MIND_MAX {
            self.0.insert(name, said.clone());
        }
    }

    /// Those of an attempt, in the directory where it was kept, if it was.
    pub(super) fn of(
        &self,
        name: AttemptName,
        place: Option<PathBuf>,
    ) -> Vec<Log> {
        let Some(place) = place else { return Vec::new() };
        let said = match self.0.get(&name) {
            Some(said) => said.clone(),
            None => read(&place),
        };
        let log = |(name, lines): (&str, Vec<String>)| Log {
            path: place.join(name),
            lines: lines.iter().map(|line| safe::line(line)).collect(),
        };
        said.0.into_iter().map(log).collect()
    }
}

/// What may lead elsewhere, or never ends, is not read.
fn read(place: &Path) -> Said {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let end = |name: &'static str| {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits())
            .open(place.join(name))
            .ok()?;
        let lines = said::end(&file).ok()?;
        (!lines.is_empty()).then_some((name, lines))
    };
    Said(NAMES.into_iter().filter_map(end).collect())
}
