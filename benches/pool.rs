//! A pool in a file, with a source to take slates from.

use std::path::PathBuf;
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};
use zfs::{DatasetName, SnapshotName};

use crate::field::Field;

/// Sparse: it takes what is written.
const SIZE_BYTES: u64 = 4 << 30;
/// A source tree has some files; few, as they are the same for all sides.
const FILES: usize = 64;
const FILE_BYTES: usize = 16 << 10;

/// Gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Pool {
    name: String,
    mount_point: PathBuf,
}

impl Pool {
    pub(crate) fn create(field: &Field) -> Result<Pool> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("gocrash-bench-{}-{number}", process::id());
        let disk = field.path(&format!("{name}.disk"));
        std::fs::File::create(&disk)?.set_len(SIZE_BYTES)?;
        let mount_point = field.path(&name);
        run(Command::new("zpool")
            .args(["create", "-o", "cachefile=none", "-O"])
            .arg(format!("mountpoint={}", mount_point.display()))
            .arg(&name)
            .arg(&disk))?;
        let pool = Pool { name, mount_point };
        let source = pool.dataset("source")?;
        run(Command::new("zfs").args(["create", source.as_str()]))?;
        for number in 0..FILES {
            let path = pool.mount_point.join(format!("source/file-{number}"));
            std::fs::write(path, vec![number as u8; FILE_BYTES])?;
        }
        let snapshot = pool.snapshot()?;
        run(Command::new("zfs").args(["snapshot", snapshot.as_str()]))?;
        Ok(pool)
    }

    /// The one to clone.
    pub(crate) fn snapshot(&self) -> Result<SnapshotName> {
        Ok(self.dataset("source")?.snapshot("initial")?)
    }

    /// The name of a dataset in it, which need not exist.
    pub(crate) fn dataset(&self, path: &str) -> Result<DatasetName> {
        Ok(DatasetName::new(&format!("{}/{path}", self.name))?)
    }

    /// A new dataset in it, and where that is mounted.
    pub(crate) fn make(&self, path: &str) -> Result<(DatasetName, PathBuf)> {
        let dataset = self.dataset(path)?;
        run(Command::new("zfs").args(["create", dataset.as_str()]))?;
        Ok((dataset, self.mount_point.join(path)))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // What is left over is in the way of nothing but its own file, and
        // says so by its name.
        let _ =
            Command::new("zpool").args(["destroy", "-f", &self.name]).status();
        let _ = std::fs::remove_file(self.mount_point.with_extension("disk"));
    }
}

/// Runs a command that has to succeed, and gives what it prints.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}", error.trim_end());
    Ok(String::from_utf8(output.stdout)?)
}
