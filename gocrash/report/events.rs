//! What a program reads: the lines of the event log, where `--events` says.

use std::fs::File;
use std::io;

use super::file;
use crate::config::{Config, Destination};
use crate::record::log::Log;
use crate::refusal::Refusal;

/// A file, or standard output.
#[derive(Debug)]
pub(crate) struct Events {
    name: String,
    log: Log,
    /// What is to be emptied before the first line.
    stale: Option<(Destination, File)>,
}

impl Events {
    /// To be called before there are threads.
    pub(crate) fn open(
        destination: &Destination,
        config: &Config,
    ) -> Result<Events, Refusal> {
        // A hunt that goes on goes on in its file, too.
        let open = match &config.resumed {
            None => file::open,
            Some(_) => file::open_to_append,
        };
        let (name, file) = open("--events", destination, config)?;
        let stale = match &config.resumed {
            None => file.try_clone().ok().map(|own| (destination.clone(), own)),
            Some(_) => None,
        };
        Ok(Events { name, log: Log::new(file), stale })
    }

    /// Only the first failure is one, and says what it was.
    pub(crate) fn append(&mut self, lines: &[u8]) -> Result<(), String> {
        if let Some((destination, file)) = self.stale.take() {
            // Lines can be written to what can't be emptied.
            let _ = file::clear(&destination, &file);
        }
        let written = self.log.append(lines);
        written.map_err(|error| self.missing(&error))
    }

    /// What could not be written before, for the last time.
    pub(crate) fn finish(&mut self) -> Result<(), String> {
        let written = self.log.finish();
        written.map_err(|error| self.missing(&error))
    }

    fn missing(&self, error: &io::Error) -> String {
        format!("events are missing in `--events {}`: {error}", self.name)
    }
}
