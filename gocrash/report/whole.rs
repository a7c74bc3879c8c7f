//! Reports of a hunt as a whole, JUnit and HTML: put together while it goes on,
//! since what they are made of may go with it, and written when it is over.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use jiff::Timestamp;

use super::digest::Digest;
use super::logs::Logs;
use super::{file, html, junit};
use crate::config::{Config, Destination};
use crate::hunt::Event;
use crate::record::manifest::Manifest;
use crate::record::read::Session;
use crate::record::read::history::History;
use crate::refusal::Refusal;
use crate::slate::Working;

/// What is wanted, and what is known for that.
#[derive(Debug)]
pub(super) struct Whole {
    outs: Vec<Out>,
    session: Session,
    logs: Logs,
}

#[derive(Debug)]
struct Out {
    kind: Kind,
    name: String,
    file: File,
    destination: Destination,
}

/// What a report is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Junit,
    Html,
}

impl Kind {
    pub(super) fn option(self) -> &'static str {
        match self {
            Kind::Junit => "--junit",
            Kind::Html => "--html",
        }
    }

    pub(super) fn write(
        self,
        digest: &Digest<'_>,
        file: &File,
    ) -> io::Result<()> {
        let mut out = BufWriter::new(file);
        match self {
            Kind::Junit => junit::write(digest, &mut out)?,
            Kind::Html => html::write(digest, &mut out)?,
        }
        out.flush()
    }
}

impl Whole {
    /// `None` where nothing is wanted. Refuses what can't be written to; to be
    /// called before there are threads.
    pub(super) fn open(config: &Config) -> Result<Option<Whole>, Refusal> {
        let wanted = [(Kind::Junit, &config.junit), (Kind::Html, &config.html)];
        let mut outs = Vec::new();
        for (kind, destination) in wanted {
            let Some(destination) = destination else { continue };
            let (name, file) = file::open(kind.option(), destination, config)?;
            let destination = destination.clone();
            outs.push(Out { kind, name, file, destination });
        }
        if outs.is_empty() {
            return Ok(None);
        }
        let manifest = Err("there was no hunt".to_owned());
        let session = Session { manifest, history: History::default() };
        Ok(Some(Whole { outs, session, logs: Logs::default() }))
    }

    /// Takes in what happened; `lines` are what the event log says of it.
    pub(super) fn hear(
        &mut self,
        event: &Event,
        lines: &[u8],
        config: &Config,
    ) {
        self.session.history.hear(lines);
        match event {
            // It was written right before; it may be for others to read.
            Event::Opened(Ok(working)) => {
                if let Ok(read) = Session::read(&working.path) {
                    self.session.manifest = read.manifest;
                }
                if self.session.manifest.is_err() {
                    self.session.manifest = self.manifest(config, working);
                }
            }
            Event::Said(name, said) => self.logs.hear(*name, said),
            _ => {}
        }
    }

    /// What the manifest of this hunt says.
    fn manifest(
        &self,
        config: &Config,
        working: &Working,
    ) -> Result<Manifest, String> {
        let opened = self.session.history.opened.as_ref();
        let started = opened.map_or_else(Timestamp::now, |o| o.started);
        Manifest::new(config, working, started).map_err(|e| format!("{e:#}"))
    }

    /// Writes all of them, and says what went wrong. Of a hunt that was
    /// refused there is nothing to say.
    pub(super) fn write(&self) -> Vec<String> {
        if self.session.history.opened.is_none() {
            return Vec::new();
        }
        let digest = Digest::new(&self.session, &self.logs);
        let write = |out: &Out| {
            let Out { kind, name, file, destination } = out;
            let cleared = file::clear(destination, file);
            let error =
                cleared.and_then(|()| kind.write(&digest, file)).err()?;
            let option = kind.option();
            Some(format!("cannot write `{option} {name}`: {error}"))
        };
        self.outs.iter().filter_map(write).collect()
    }
}
