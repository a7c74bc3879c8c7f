//! A directory held open: what is done in it is done there, whoever renames or
//! replaces what is on the way to it.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

/// Enough to name it to the kernel, and to look things up in it.
const FLAGS: OFlag =
    OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

/// What no two files have in common that exist at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl Folder {
    /// Follows links.
    pub(super) fn open(path: &Path) -> nix::Result<Folder> {
        open(path, FLAGS, Mode::empty()).map(Folder)
    }

    /// One in it, which must not be a link.
    pub(super) fn at(&self, name: impl AsRef<OsStr>) -> nix::Result<Folder> {
        let flags = FLAGS | OFlag::O_NOFOLLOW;
        openat(&self.0, name.as_ref(), flags, Mode::empty()).map(Folder)
    }

    /// The same, open for reading.
    pub(super) fn open_again(&self) -> nix::Result<OwnedFd> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        openat(&self.0, ".", flags, Mode::empty())
    }

    /// Makes one in it.
    pub(super) fn make(&self, name: &str, mode: u32) -> nix::Result<Folder> {
        mkdirat(&self.0, name, Mode::from_bits_truncate(mode))?;
        self.at(name)
    }

    /// A path that leads to it whatever its name is.
    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.0.as_raw_fd()))
    }

    pub(super) fn stat(&self) -> nix::Result<FileStat> {
        fstat(&self.0)
    }

    pub(super) fn identity(&self) -> nix::Result<Identity> {
        let stat = self.stat()?;
        Ok(Identity { device: stat.st_dev, inode: stat.st_ino })
    }

    /// What is in it under this name; a link itself.
    pub(super) fn stat_of(&self, name: &OsStr) -> nix::Result<FileStat> {
        fstatat(&self.0, name, AtFlags::AT_SYMLINK_NOFOLLOW)
    }

    pub(super) fn set_mode(&self, mode: u32) -> io::Result<()> {
        fs::set_permissions(self.path(), Permissions::from_mode(mode))
    }

    pub(super) fn set_owner(&self, uid: u32, gid: u32) -> io::Result<()> {
        std::os::unix::fs::chown(self.path(), Some(uid), Some(gid))
    }

    /// The names in it, sorted.
    pub(super) fn names(&self) -> io::Result<Vec<std::ffi::OsString>> {
        let mut names = fs::read_dir(self.path())?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    /// Removes a file in it, which need not be there.
    pub(super) fn remove_file(&self, name: &str) -> nix::Result<()> {
        match unlinkat(&self.0, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes an empty directory in it.
    pub(super) fn remove_empty(&self, name: &str) -> nix::Result<()> {
        unlinkat(&self.0, name, UnlinkatFlags::RemoveDir)
    }

    /// Removes a directory in it, with all that it holds; it need not be
    /// there. Links in it go, what they lead to stays.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        match self.remove_empty(name) {
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(Errno::ENOTEMPTY | Errno::EEXIST) => {
                fs::remove_dir_all(self.path().join(name))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Moves what has this name to another directory, under the same.
    pub(super) fn move_to(&self, to: &Folder, name: &str) -> nix::Result<()> {
        nix::fcntl::renameat(&self.0, name, &to.0, name)
    }

    /// A file that is new in it, for writing. What has its name is replaced.
    pub(super) fn create(&self, name: &str) -> io::Result<fs::File> {
        self.remove_file(name)?;
        let flags = OFlag::O_WRONLY
            | OFlag::O_CREAT
            | OFlag::O_EXCL
            | OFlag::O_NOFOLLOW
            | OFlag::O_CLOEXEC;
        let mode = Mode::from_bits_truncate(0o644);
        Ok(openat(&self.0, name, flags, mode)?.into())
    }
}
