//! Files that are copied out of a slate before it goes: so many, and so much.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::fchown;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::Gid;
use serde::{Deserialize, Serialize};

use super::glob::Glob;
use super::walk::{self, Found};

/// Where they go, in the working dataset.
pub(crate) const DIRECTORY: &str = "collected";
/// Of one attempt, so many files and so much in all.
const FILES_MAX: u64 = 1000;
const BYTES_MAX: u64 = 256 << 20;

/// What was copied of one attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Collected {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    /// The first thing that went wrong, or what there was too much of.
    pub(crate) trouble: Option<String>,
}

/// Copies what any of the patterns matches from one directory to another one,
/// for this group to read, if it is given.
pub(super) fn collect(
    from: OwnedFd,
    to: &OwnedFd,
    name: &str,
    globs: &[Glob],
    reader: Option<Gid>,
) -> Collected {
    let mut collected = Collected::default();
    let place = Place { dir: to, name, reader };
    let walked = walk::walk(from, globs, &mut |found| {
        if collected.files >= FILES_MAX {
            return Err(walk::too_much(&format!("{FILES_MAX} files")));
        }
        let left = BYTES_MAX - collected.bytes;
        match place.copy(found, left) {
            Ok(Some(bytes)) => {
                collected.files += 1;
                collected.bytes += bytes;
            }
            Ok(None) => {}
            Err(error) if is_fatal(&error) => return Err(error),
            Err(error) => {
                let name = String::from_utf8_lossy(found.name);
                let why = format!("{name:?}: {error}");
                collected.trouble.get_or_insert(why);
            }
        }
        Ok(())
    });
    if let Err(error) = walked {
        collected.trouble.get_or_insert(error.to_string());
    }
    collected
}

/// Where files go.
struct Place<'a> {
    dir: &'a OwnedFd,
    /// The attempt's.
    name: &'a str,
    reader: Option<Gid>,
}

impl Place<'_> {
    /// Gives its length, if it still was a file.
    fn copy(&self, found: &Found<'_>, left: u64) -> io::Result<Option<u64>> {
        let Some(source) = found.open()? else { return Ok(None) };
        if source.metadata()?.len() > left {
            let much = format!("{} MiB of one run", BYTES_MAX >> 20);
            return Err(walk::too_much(&much));
        }
        let dir = self.directory(found.way)?;
        let flags = OFlag::O_WRONLY
            | OFlag::O_CREAT
            | OFlag::O_EXCL
            | OFlag::O_NOFOLLOW
            | OFlag::O_CLOEXEC;
        let mode = Mode::from_bits_truncate(0o640);
        let name = OsStr::from_bytes(found.name);
        let mut file = File::from(openat(dir, name, flags, mode)?);
        self.let_read(&file)?;
        // It may still grow.
        Ok(Some(io::copy(&mut source.take(left), &mut file)?))
    }

    /// The directory where a file goes.
    fn directory(&self, way: &[Vec<u8>]) -> io::Result<OwnedFd> {
        let begin = [DIRECTORY.as_bytes(), self.name.as_bytes()];
        let way = way.iter().map(Vec::as_slice);
        let mut dir = self.dir.try_clone()?;
        for name in begin.into_iter().chain(way) {
            let mode = Mode::from_bits_truncate(0o750);
            let is_new = match mkdirat(&dir, OsStr::from_bytes(name), mode) {
                Ok(()) => true,
                Err(Errno::EEXIST) => false,
                Err(error) => return Err(error.into()),
            };
            dir = walk::open(&dir, name, OFlag::O_DIRECTORY)?;
            if is_new {
                self.let_read(&dir)?;
            }
        }
        Ok(dir)
    }

    fn let_read(&self, made: &impl AsFd) -> io::Result<()> {
        match self.reader {
            Some(gid) => fchown(made, None, Some(gid.as_raw())),
            None => Ok(()),
        }
    }
}

/// Whether no other file can be copied, either.
fn is_fatal(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge
    )
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;

    fn directory(path: &Path) -> OwnedFd {
        File::open(path).unwrap().into()
    }

    #[test]
    fn only_regular_files_are_copied_and_no_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::create_dir_all(from.join("logs/deep")).unwrap();
        fs::create_dir_all(&to).unwrap();
        let secret = dir.path().join("secret");
        fs::create_dir(&secret).unwrap();
        fs::write(secret.join("x.log"), "secret").unwrap();
        symlink(&secret, from.join("logs/way")).unwrap();
        symlink(secret.join("x.log"), from.join("logs/link.log")).unwrap();
        let fifo = from.join("logs/fifo.log");
        nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();
        fs::write(from.join("logs/a.log"), "a").unwrap();
        fs::write(from.join("logs/deep/b.log"), "bb").unwrap();
        fs::write(from.join("logs/other"), "o").unwrap();
        // Somebody was there before.
        symlink(&secret, to.join(DIRECTORY)).unwrap();
        let globs = [Glob::new(OsStr::new("**/*.log")).unwrap()];
        let run = || {
            let to = directory(&to);
            collect(directory(&from), &to, "thread-0-run-0", &globs, None)
        };
        let collected = run();
        assert_eq!(collected.files, 0);
        assert!(collected.trouble.is_some());
        fs::remove_file(to.join(DIRECTORY)).unwrap();
        let expected = Collected { files: 2, bytes: 3, trouble: None };
        assert_eq!(run(), expected);
        let copied = to.join("collected/thread-0-run-0/logs");
        assert_eq!(fs::read(copied.join("a.log")).unwrap(), b"a");
        assert_eq!(fs::read(copied.join("deep/b.log")).unwrap(), b"bb");
        assert_eq!(fs::read_dir(&copied).unwrap().count(), 2);
    }

    #[test]
    fn too_many_files_are_cut_and_said() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::create_dir(&from).unwrap();
        fs::create_dir(&to).unwrap();
        for i in 0..FILES_MAX + 2 {
            fs::write(from.join(i.to_string()), "").unwrap();
        }
        let globs = [Glob::new(OsStr::new("*")).unwrap()];
        let to = directory(&to);
        let collected = collect(directory(&from), &to, "x", &globs, None);
        assert_eq!(collected.files, FILES_MAX);
        assert!(collected.trouble.unwrap().contains("1000 files"));
    }
}
