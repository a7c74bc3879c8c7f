//! The regular files of a slate that patterns match. The slate is whatever the
//! attempt made of it: everything is reached by descriptors, no link is
//! followed, and so many names are looked at.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use nix::dir::Dir;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{Mode, SFlag, fstatat};

use super::glob::{Glob, Progress};

/// So many names are looked at, so deep.
const LOOKS_MAX: u64 = 500_000;
const DEPTH_MAX: usize = 64;

/// A regular file that was there a moment ago.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    dir: &'a OwnedFd,
    /// The names of the directories on the way to it.
    pub(super) way: &'a [Vec<u8>],
    pub(super) name: &'a [u8],
}

impl Found<'_> {
    /// Nothing, if something else is there by now.
    pub(crate) fn open(&self) -> io::Result<Option<File>> {
        // It may be a fifo.
        let file = File::from(open(self.dir, self.name, OFlag::O_NONBLOCK)?);
        let is_file = file.metadata()?.is_file();
        Ok(is_file.then_some(file))
    }
}

/// Calls `found` for each of them, and ends when that fails.
pub(crate) fn walk(
    root: OwnedFd,
    globs: &[Glob],
    found: &mut dyn FnMut(&Found<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let begin: Vec<Progress> = globs.iter().map(Glob::begin).collect();
    let mut walk = Walk { way: Vec::new(), globs, looks: 0, found };
    walk.directory(&root, &begin)
}

struct Walk<'a> {
    way: Vec<Vec<u8>>,
    globs: &'a [Glob],
    looks: u64,
    found: &'a mut dyn FnMut(&Found<'_>) -> io::Result<()>,
}

impl Walk<'_> {
    fn directory(
        &mut self,
        dir: &OwnedFd,
        progress: &[Progress],
    ) -> io::Result<()> {
        let globs = self.globs;
        for name in self.names(dir)? {
            let next: Vec<Progress> = globs
                .iter()
                .zip(progress)
                .map(|(glob, progress)| glob.step(progress, &name))
                .collect();
            let any = |is: fn(&Glob, &Progress) -> bool| {
                globs.iter().zip(&next).any(|(glob, p)| is(glob, p))
            };
            let (is_wanted, goes_on) =
                (any(Glob::is_match), any(Glob::goes_on));
            if !is_wanted && !goes_on {
                continue;
            }
            match kind(dir, &name) {
                SFlag::S_IFREG if is_wanted => {
                    let way = &self.way;
                    (self.found)(&Found { dir, way, name: &name })?;
                }
                SFlag::S_IFDIR if goes_on && self.way.len() < DEPTH_MAX => {
                    // One that can't be entered has nothing to tell.
                    if let Ok(below) = open(dir, &name, OFlag::O_DIRECTORY) {
                        self.way.push(name);
                        self.directory(&below, &next)?;
                        self.way.pop();
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// In order.
    fn names(&mut self, dir: &OwnedFd) -> io::Result<Vec<Vec<u8>>> {
        let mut names = Vec::new();
        for entry in Dir::from_fd(dir.try_clone()?)?.iter() {
            self.looks += 1;
            if self.looks > LOOKS_MAX {
                return Err(too_much(&format!("{LOOKS_MAX} names")));
            }
            let Ok(entry) = entry else { break };
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// One in a directory, if it is no link.
pub(super) fn open(
    dir: &impl AsFd,
    name: &[u8],
    how: OFlag,
) -> io::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | how;
    Ok(openat(dir, OsStr::from_bytes(name), flags, Mode::empty())?)
}

pub(crate) fn too_much(what: &str) -> io::Error {
    let what = format!("more than {what} are too much, the rest is left out");
    io::Error::new(io::ErrorKind::FileTooLarge, what)
}

/// Of something that has gone, none.
fn kind(dir: &OwnedFd, name: &[u8]) -> SFlag {
    let no_link = AtFlags::AT_SYMLINK_NOFOLLOW;
    match fstatat(dir, OsStr::from_bytes(name), no_link) {
        Ok(stat) => {
            SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits())
        }
        Err(_) => SFlag::empty(),
    }
}
