//! Where an attempt's standard output and standard error go.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::fchown;
use std::path::Path;

use anyhow::Context;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{Mode, fchmod, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use crate::attempt::person::Ids;
use crate::attempt::view::TMP_IN_SLATE;

/// The files' names, at the root of the slate.
pub(crate) const NAMES: [&str; 2] = ["test_run_stdout", "test_run_stderr"];

/// Two open files in a slate.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) stdout: File,
    pub(crate) stderr: File,
    /// What the snapshot had under these names already.
    pub(crate) replaced: Vec<&'static str>,
}

impl Output {
    /// Makes both files anew and gives them to whom the suite runs as. Never
    /// follows a link: the tree is whatever the snapshot brought.
    pub(crate) fn create(
        slate: &Path,
        owner: Option<&Ids>,
    ) -> anyhow::Result<Output> {
        let dir = open_directory(slate)?;
        let mut replaced = Vec::new();
        let mut create = |name| {
            let (file, new) = create_at(&dir, name).with_context(|| {
                format!("cannot create `{}`", slate.join(name).display())
            })?;
            if let Some(ids) = owner {
                fchown(&file, Some(ids.uid.as_raw()), Some(ids.gid.as_raw()))
                    .with_context(|| format!("cannot give `{name}` away"))?;
            }
            if !new {
                replaced.push(name);
            }
            anyhow::Ok(file)
        };
        let [stdout, stderr] = NAMES.map(&mut create);
        Ok(Output { stdout: stdout?, stderr: stderr?, replaced })
    }
}

/// Makes a directory for what is temporary, if there is none.
pub(crate) fn make_tmp(
    slate: &OwnedFd,
    owner: Option<&Ids>,
) -> anyhow::Result<()> {
    let name = TMP_IN_SLATE;
    let make = || {
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let opened = || openat(slate, name, flags, Mode::empty());
        let dir = match opened() {
            Err(Errno::ENOENT) => None,
            // A link, or a file.
            Err(Errno::ELOOP | Errno::ENOTDIR) => {
                unlinkat(slate, name, UnlinkatFlags::NoRemoveDir)?;
                None
            }
            dir => Some(dir?),
        };
        let dir = match dir {
            Some(dir) => dir,
            None => {
                mkdirat(slate, name, Mode::S_IRWXU)?;
                opened()?
            }
        };
        fchmod(&dir, Mode::from_bits_truncate(0o1777))?;
        if let Some(ids) = owner {
            fchown(&dir, Some(ids.uid.as_raw()), Some(ids.gid.as_raw()))?;
        }
        std::io::Result::Ok(())
    };
    make().with_context(|| format!("cannot make `{name}`"))
}

/// The directory itself, if it is one.
pub(crate) fn open_directory(path: &Path) -> anyhow::Result<OwnedFd> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    open(path, flags, Mode::empty())
        .with_context(|| format!("cannot open `{}`", path.display()))
}

/// A file that was not there before, and whether its name was free.
pub(crate) fn create_at(
    dir: &impl AsFd,
    name: &str,
) -> io::Result<(File, bool)> {
    // Append, so that the two ways to write to it (the descriptor, and
    // /dev/stdout opened anew) don't overwrite each other. It is read by the
    // same descriptor: its name is the suite's to change.
    let flags = OFlag::O_RDWR
        | OFlag::O_APPEND
        | OFlag::O_CREAT
        | OFlag::O_EXCL
        | OFlag::O_NOFOLLOW
        | OFlag::O_CLOEXEC;
    let mode = Mode::from_bits_truncate(0o644);
    let create = || openat(dir, name, flags, mode).map(File::from);
    match create() {
        Ok(file) => Ok((file, true)),
        Err(Errno::EEXIST) => {
            unlinkat(dir, name, UnlinkatFlags::NoRemoveDir)?;
            Ok((create()?, false))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_the_snapshot_brought_is_replaced_and_never_followed() {
        let dir = tempfile::tempdir().unwrap();
        let bystander = dir.path().join("bystander");
        fs::write(&bystander, "untouched").unwrap();
        symlink(&bystander, dir.path().join(NAMES[0])).unwrap();
        let fifo = dir.path().join(NAMES[1]);
        nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();

        let mut output = Output::create(dir.path(), None).unwrap();
        writeln!(output.stdout, "out").unwrap();
        writeln!(output.stderr, "err").unwrap();

        assert_eq!(output.replaced, NAMES);
        assert_eq!(fs::read_to_string(bystander).unwrap(), "untouched");
        let stdout = fs::read_to_string(dir.path().join(NAMES[0])).unwrap();
        assert_eq!(stdout, "out\n");
        assert_eq!(fs::read_to_string(fifo).unwrap(), "err\n");
    }

    #[test]
    fn a_slate_that_is_a_link_is_not_entered() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        symlink(dir.path(), &link).unwrap();
        assert!(Output::create(&link, None).is_err());
    }
}
