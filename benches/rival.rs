//! What the original did: each thread starts a `zfs` process for each step.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use zfs::{DatasetName, SnapshotName};

use crate::pool::run;

/// Runs the suite so often on each thread, and gives what all of it took.
pub(crate) fn hunt(
    origin: &SnapshotName,
    working: &DatasetName,
    threads: u32,
    runs: u32,
    suite: &[OsString],
) -> Result<Duration> {
    let begin = Instant::now();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || -> Result<()> {
                    for run in 0..runs {
                        let name = format!("thread-{thread}-run-{run}");
                        attempt(origin, &working.child(&name)?, suite)?;
                    }
                    Ok(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().map_err(|_| anyhow!("a rival panicked"))?
        })
    })?;
    Ok(begin.elapsed())
}

fn attempt(
    origin: &SnapshotName,
    name: &DatasetName,
    suite: &[OsString],
) -> Result<()> {
    let name = name.as_str();
    run(Command::new("zfs").args(["clone", origin.as_str(), name]))?;
    let list = ["list", "-H", "-o", "mountpoint", name];
    let place = run(Command::new("zfs").args(list))?;
    let place = Path::new(place.trim_end());
    let status = Command::new(&suite[0])
        .args(&suite[1..])
        .current_dir(place)
        .stdin(Stdio::null())
        .stdout(File::create(place.join("test_run_stdout"))?)
        .stderr(File::create(place.join("test_run_stderr"))?)
        .status()?;
    ensure!(status.success(), "the suite ended with {status}");
    run(Command::new("zfs").args(["destroy", name]))?;
    Ok(())
}
