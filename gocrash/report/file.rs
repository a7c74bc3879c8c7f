//! Where a report goes: a file, or standard output.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use crate::attempt::reader::Reader;
use crate::config::{Config, Destination};
use crate::refusal::Refusal;

/// Opens what `option` names, and gives its name. What is in it stays until
/// something is written. To be called before there are threads.
pub(super) fn open(
    option: &str,
    destination: &Destination,
    config: &Config,
) -> Result<(String, File), Refusal> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    open_by(option, destination, &options, &config.files)
}

/// What was in a file of this name goes; in what somebody else opened it stays.
pub(super) fn clear(destination: &Destination, file: &File) -> io::Result<()> {
    match destination {
        Destination::File(_) if file.metadata()?.is_file() => file.set_len(0),
        _ => Ok(()),
    }
}

/// The same, to write after what is there.
pub(super) fn open_to_append(
    option: &str,
    destination: &Destination,
    config: &Config,
) -> Result<(String, File), Refusal> {
    let mut options = File::options();
    options.append(true).create(true);
    open_by(option, destination, &options, &config.files)
}

/// The same, emptied at once, with the rights of `caller`, if those are fewer.
pub(super) fn open_as(
    option: &str,
    destination: &Destination,
    caller: &Reader,
) -> Result<(String, File), Refusal> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    open_by(option, destination, &options, caller)
}

fn open_by(
    option: &str,
    destination: &Destination,
    options: &OpenOptions,
    caller: &Reader,
) -> Result<(String, File), Refusal> {
    let (name, file) = match destination {
        Destination::Stdout => {
            let own = io::stdout().as_fd().try_clone_to_owned();
            ("-".to_owned(), own.map(File::from))
        }
        Destination::File(path) => {
            (path.display().to_string(), open_with(path, options, caller))
        }
    };
    match file {
        Ok(file) => Ok((name, file)),
        Err(error) => Err(Refusal::new(
            format!("cannot write to `{option} {name}`: {error}"),
            "name a file that the person who calls gocrash may write to, or \
             `-` for standard output",
        )),
    }
}

/// Opens the file with the rights of the person who called: a path that they
/// give must not lead root to where they may not write.
pub(crate) fn open_with(
    path: &Path,
    options: &OpenOptions,
    caller: &Reader,
) -> io::Result<File> {
    caller.act(|| options.open(path))
}
