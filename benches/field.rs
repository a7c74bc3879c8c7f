//! Where it is measured: the programs under test, and room for files.

use std::fmt;
use std::fs;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use tempfile::TempDir;

/// A tmpfs with room, where the VM has one: its other directories are layers
/// over a network file system.
const ROOMY: &str = "/mnt";

/// Programs and a directory, on a file system that is fast.
#[derive(Debug)]
pub(crate) struct Field {
    folder: TempDir,
    begin: Instant,
    rounds: Option<usize>,
}

impl Field {
    pub(crate) fn open(
        built: &Path,
        program: &Path,
        rounds: Option<usize>,
    ) -> Result<Field> {
        let folder = match is_tmpfs(ROOMY) {
            true => TempDir::new_in(ROOMY),
            false => TempDir::new(),
        }?;
        let field = Field { folder, begin: Instant::now(), rounds };
        let here = std::env::current_exe()?;
        field.bring(program, "gocrash")?;
        field.bring(&here, "field")?;
        for name in ["cycle", "start", "suite"] {
            field.bring(&built.join(name), name)?;
        }
        Ok(field)
    }

    /// Nothing is timed where it would have to be loaded from far away.
    fn bring(&self, from: &Path, name: &str) -> Result<()> {
        fs::copy(from, self.path(name))
            .with_context(|| format!("cannot copy `{}`", from.display()))?;
        Ok(())
    }

    /// How many rounds to take where so many are usual.
    pub(crate) fn rounds(&self, usual: usize) -> usize {
        self.rounds.unwrap_or(usual)
    }

    pub(crate) fn gocrash(&self) -> PathBuf {
        self.path("gocrash")
    }

    /// This program.
    pub(crate) fn itself(&self) -> PathBuf {
        self.path("field")
    }

    /// What was built from benches/cycle.c.
    pub(crate) fn cycle_in_c(&self) -> PathBuf {
        self.path("cycle")
    }

    /// What was built from benches/suite.c.
    pub(crate) fn suite(&self) -> PathBuf {
        self.path("suite")
    }

    /// A place for a file or directory of that name.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Says how it goes to whoever waits.
    pub(crate) fn say(&self, what: fmt::Arguments<'_>) {
        let seconds = self.begin.elapsed().as_secs();
        // Who doesn't listen misses no figure.
        let _ = writeln!(stderr(), "bench: {seconds:>4} s: {what}");
    }
}

fn is_tmpfs(directory: &str) -> bool {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts.lines().any(|line| {
        let mut fields = line.split(' ').skip(1);
        fields.next() == Some(directory) && fields.next() == Some("tmpfs")
    })
}
