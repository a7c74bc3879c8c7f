//! Where an attempt's standard output and standard error go.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::fchown;
use std::path::Path;

use anyhow::Context;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};

use crate::attempt::person::Ids;

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
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let dir = open(slate, flags, Mode::empty())
            .with_context(|| format!("cannot open `{}`", slate.display()))?;
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

/// A file that was not there before, and whether its name was free.
fn create_at(dir: &impl AsFd, name: &str) -> io::Result<(File, bool)> {
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
