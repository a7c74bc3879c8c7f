//! What a program reads: the lines of the event log, where `--events` says.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use nix::unistd::{getegid, geteuid, getgroups, setegid, seteuid, setgroups};

use crate::attempt::person::{Ids, Person};
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
        let (name, file) = match destination {
            Destination::Stdout => {
                let own = io::stdout().as_fd().try_clone_to_owned();
                ("-".to_owned(), own.map(File::from))
            }
            Destination::File(path) => {
                let ids = config.caller.as_ref().and_then(Person::ids_to_take);
                (path.display().to_string(), create(path, ids.as_ref()))
            }
        };
        match file {
            Ok(file) => Ok(Events { name, log: Log::new(file) }),
            Err(error) => Err(Refusal::new(
                format!("cannot write to `--events {name}`: {error}"),
                "name a file that the person who calls gocrash may write to, \
                 or `-` for standard output",
            )),
        }
    }

    /// Only the first failure is one, and says what it was.
    pub(crate) fn append(&mut self, lines: &[u8]) -> Result<(), String> {
        self.log.append(lines).map_err(|error| {
            format!("events are missing in `--events {}`: {error}", self.name)
        })
    }
}

/// Makes the file, or empties it, with the rights of the person who called: a
/// path that they give must not lead root to where they may not write.
fn create(path: &Path, caller: Option<&Ids>) -> io::Result<File> {
    let Some(ids) = caller else { return File::create(path) };
    let own_groups = getgroups()?;
    let (own_gid, own_uid) = (getegid(), geteuid());
    setgroups(&ids.groups)?;
    setegid(ids.gid)?;
    seteuid(ids.uid)?;
    let file = File::create(path);
    seteuid(own_uid)?;
    setegid(own_gid)?;
    setgroups(&own_groups)?;
    file
}
