//! A directory held open, and the files in it: what others have put in there
//! leads nowhere else.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;

use super::walk;
use crate::attempt::reader::{Reader, regular};

/// What is in it is read with somebody's rights.
#[derive(Debug)]
pub(crate) struct Inside {
    directory: File,
    reader: Reader,
}

impl Inside {
    /// Goes there as who reads: the way is theirs, or may be.
    pub(crate) fn open(path: &Path, reader: &Reader) -> io::Result<Inside> {
        let directory = reader.act(|| open_directory(path))?;
        Ok(Inside { directory, reader: reader.clone() })
    }

    /// The same for one that the caller named, wherever links lead them.
    pub(crate) fn named(path: &Path, reader: &Reader) -> io::Result<Inside> {
        let path = match path.as_os_str().is_empty() {
            true => Path::new("."),
            false => path,
        };
        let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let open = || Ok(open(path, flags, Mode::empty()).map(File::from)?);
        Ok(Inside { directory: reader.act(open)?, reader: reader.clone() })
    }

    /// Goes there with the rights of this process: only that can pass.
    pub(crate) fn mounted(path: &Path, reader: &Reader) -> io::Result<Inside> {
        let directory = open_directory(path)?;
        Ok(Inside { directory, reader: reader.clone() })
    }

    /// What is in there is read as whom the directory belongs to, by root.
    pub(crate) fn of_owner(path: &Path) -> io::Result<Inside> {
        let directory = open_directory(path)?;
        let meta = directory.metadata()?;
        let reader = Reader::numbered(meta.uid(), meta.gid());
        Ok(Inside { directory, reader })
    }

    /// Does something at the directory, with the rights that files in it are
    /// read with.
    pub(crate) fn act_at<T>(
        &self,
        work: impl FnOnce(OwnedFd) -> io::Result<T>,
    ) -> io::Result<T> {
        // Not a copy of the descriptor: those share how far they were listed.
        let open = || walk::open(&self.directory, b".", OFlag::O_DIRECTORY);
        self.reader.act(|| work(open()?))
    }

    /// Opens a file that is in there, and is one: no link is followed on the
    /// way, and no pipe waited for.
    pub(crate) fn file(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let mut names = Vec::new();
        for part in path.as_ref().components() {
            match part {
                Component::Normal(name) => names.push(name),
                _ => return Err(Errno::EINVAL.into()),
            }
        }
        let Some((last, way)) = names.split_last() else {
            return Err(Errno::EISDIR.into());
        };
        self.reader.act(|| {
            let mut dir: OwnedFd = self.directory.try_clone()?.into();
            for name in way {
                dir = at(&dir, name, OFlag::O_DIRECTORY)?;
            }
            let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
            regular(at(&dir, last, flags)?.into())
        })
    }
}

fn at(dir: &OwnedFd, name: &OsStr, how: OFlag) -> io::Result<OwnedFd> {
    walk::open(dir, name.as_bytes(), how)
}

/// Not one that a link in its place leads to.
fn open_directory(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    Ok(open(path, flags, Mode::empty()).map(File::from)?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_files_that_are_in_there_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir_all(path("tree/in")).unwrap();
        fs::write(path("tree/in/file"), "x").unwrap();
        fs::create_dir(path("out")).unwrap();
        fs::write(path("out/file"), "secret").unwrap();
        symlink("in/file", path("tree/link")).unwrap();
        symlink(path("out"), path("tree/way")).unwrap();
        symlink(path("tree"), path("root")).unwrap();
        let mode = Mode::S_IRWXU;
        nix::unistd::mkfifo(&path("tree/fifo"), mode).unwrap();

        let tree = Inside::open(&path("tree"), &Reader::own()).unwrap();
        assert!(tree.file("in/file").is_ok());
        let absolute = path("out/file");
        for name in [
            "link",
            "way/file",
            "fifo",
            "in",
            "../out/file",
            "in/../in/file",
            "",
            absolute.to_str().unwrap(),
        ] {
            assert!(tree.file(name).is_err(), "{name}");
        }
        assert!(Inside::open(&path("root"), &Reader::own()).is_err());
        // Renamed, it is still the same.
        fs::rename(path("tree"), path("moved")).unwrap();
        symlink(path("out"), path("tree")).unwrap();
        assert!(tree.file("in/file").is_ok() && tree.file("file").is_err());
    }
}
