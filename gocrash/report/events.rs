//! What a program reads: the lines of the event log, where `--events` says.

use super::file;
use crate::config::{Config, Destination};
use crate::record::log::Log;
use crate::refusal::Refusal;

/// A file, or standard output.
#[derive(Debug)]
pub(crate) struct Events {
    name: String,
    log: Log,
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
        Ok(Events { name, log: Log::new(file) })
    }

    /// Only the first failure is one, and says what it was.
    pub(crate) fn append(&mut self, lines: &[u8]) -> Result<(), String> {
        self.log.append(lines).map_err(|error| {
            format!("events are missing in `--events {}`: {error}", self.name)
        })
    }
}
