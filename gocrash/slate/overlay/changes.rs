//! What an attempt changed in its tree, one line for each path: read from the
//! upper directory, in which overlayfs says what is gone or hidden.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

use nix::sys::stat::{FileStat, SFlag};

use super::folder::Folder;
use crate::attempt::output::NAMES;

/// Changes that are listed; the rest can be found in the upper directory.
const LINES_MAX: u64 = 100_000;
/// Directories in one another that are looked into.
const DEPTH_MAX: usize = 200;

/// Writes the list of what `upper` makes of `source`.
pub(super) fn list(
    upper: &Folder,
    source: &Folder,
    opaque: &str,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut list = List { out, opaque, lines: 0 };
    list.walk(upper, Some(source), Path::new(""), 0)?;
    if list.lines > LINES_MAX {
        writeln!(list.out, "and more: the first {LINES_MAX} are listed")?;
    }
    Ok(())
}

struct List<'a, W> {
    out: &'a mut W,
    /// The attribute of a directory that hides what the source has there.
    opaque: &'a str,
    lines: u64,
}

impl<W: Write> List<'_, W> {
    /// `source` is what shows through, if anything does.
    fn walk(
        &mut self,
        upper: &Folder,
        source: Option<&Folder>,
        path: &Path,
        depth: usize,
    ) -> io::Result<()> {
        for name in upper.names()? {
            if depth == 0 && NAMES.iter().any(|own| name == **own) {
                continue;
            }
            if self.lines > LINES_MAX {
                return Ok(());
            }
            self.entry(upper, source, &path.join(&name), &name, depth)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        upper: &Folder,
        source: Option<&Folder>,
        path: &Path,
        name: &OsStr,
        depth: usize,
    ) -> io::Result<()> {
        let now = upper.stat_of(name)?;
        let before = source.and_then(|source| source.stat_of(name).ok());
        let Some(before) = before else {
            // Nothing was there to be hidden.
            if is_whiteout(&now) {
                return Ok(());
            }
            self.say("added", path, &now)?;
            return self.descend(upper, None, path, name, &now, depth);
        };
        if is_whiteout(&now) {
            return self.say("deleted", path, &before);
        }
        let hides = kind(&now) == SFlag::S_IFDIR
            && kind(&before) == SFlag::S_IFDIR
            && is_opaque(&upper.at(name)?, self.opaque);
        if hides || kind(&now) != kind(&before) {
            self.say("replaced", path, &now)?;
            return self.descend(upper, None, path, name, &now, depth);
        }
        let source = match kind(&now) {
            // Its times always differ.
            SFlag::S_IFDIR if !has_other_rights(&now, &before) => {
                source.and_then(|source| source.at(name).ok())
            }
            _ => {
                self.say("changed", path, &now)?;
                source.and_then(|source| source.at(name).ok())
            }
        };
        self.descend(upper, source.as_ref(), path, name, &now, depth)
    }

    fn descend(
        &mut self,
        upper: &Folder,
        source: Option<&Folder>,
        path: &Path,
        name: &OsStr,
        now: &FileStat,
        depth: usize,
    ) -> io::Result<()> {
        if kind(now) != SFlag::S_IFDIR {
            return Ok(());
        }
        if depth == DEPTH_MAX {
            return self.say("too deep", path, now);
        }
        self.walk(&upper.at(name)?, source, path, depth + 1)
    }

    fn say(
        &mut self,
        what: &str,
        path: &Path,
        stat: &FileStat,
    ) -> io::Result<()> {
        self.lines += 1;
        if self.lines > LINES_MAX {
            return Ok(());
        }
        let mut path = path.as_os_str().to_owned();
        if kind(stat) == SFlag::S_IFDIR {
            path.push("/");
        }
        // Quoted, it is one line whatever is in it.
        writeln!(self.out, "{what:8} {path:?}")
    }
}

fn kind(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT
}

/// Stands for something that is gone.
fn is_whiteout(stat: &FileStat) -> bool {
    kind(stat) == SFlag::S_IFCHR && stat.st_rdev == 0
}

fn has_other_rights(now: &FileStat, before: &FileStat) -> bool {
    (now.st_mode, now.st_uid, now.st_gid)
        != (before.st_mode, before.st_uid, before.st_gid)
}

fn is_opaque(folder: &Folder, attribute: &str) -> bool {
    let mut value = [0; 1];
    // It has none, or it can't be read: nothing is hidden.
    rustix::fs::getxattr(folder.path(), attribute, &mut value)
        .is_ok_and(|_| value == *b"y")
}
