//! How datasets go: looked at first, so that nothing goes that the hunt did not
//! create, and with patience for what may pass.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use zfs::{
    DatasetName, Defer, ErrorKind, Holder, Name, Property, SnapshotName,
    Source, Unmount,
};

use super::working::session_of;
use super::{Pool, TAG_SESSION};

/// How long, and at least how often, what may pass is tried again. On a busy
/// machine it takes a while until a process lets go of a mount that it got a
/// copy of.
const PATIENCE: Duration = Duration::from_secs(25);
const TRIES_MIN: u32 = 5;
const PAUSE: Duration = Duration::from_millis(300);
/// Something else has its name now.
pub(super) const OTHER: &str = "it is not the dataset that this hunt created";

impl Pool {
    pub(super) fn check_tag(
        &self,
        working: &DatasetName,
    ) -> anyhow::Result<()> {
        let tag = while_suspended(|| self.zfs.property(working, TAG_SESSION))
            .context("cannot tell whose it is")?;
        anyhow::ensure!(
            tag.value == session_of(working) && tag.source == Source::Local,
            "`{working}` is no longer tagged as of this hunt"
        );
        Ok(())
    }

    /// Destroys a clone that was made a moment ago and could not be set up,
    /// perhaps before its GUID was known.
    pub(super) fn undo_clone(
        &self,
        working: &DatasetName,
        dataset: &DatasetName,
        origin: &SnapshotName,
    ) -> anyhow::Result<()> {
        self.check_tag(working)?;
        let [found] =
            while_suspended(|| self.zfs.pick_properties(dataset, ["origin"]))?;
        check_origin(found, origin)?;
        while_suspended(|| self.unmount(dataset))?;
        Ok(while_suspended(|| self.zfs.destroy(dataset))?)
    }

    /// Whether it still is the clone that was made of `origin`.
    pub(super) fn check_clone(
        &self,
        dataset: &DatasetName,
        recorded: &str,
        origin: &SnapshotName,
    ) -> anyhow::Result<()> {
        let wanted = ["guid", "origin"];
        let [guid, found] =
            while_suspended(|| self.zfs.pick_properties(dataset, wanted))?;
        let guid = guid.map(|guid| guid.value);
        anyhow::ensure!(guid.as_deref() == Some(recorded), OTHER);
        check_origin(found, origin)
    }

    pub(super) fn check_guid(
        &self,
        name: &impl Name,
        recorded: &str,
    ) -> anyhow::Result<()> {
        let guid = self.guid(name)?;
        anyhow::ensure!(guid == recorded, OTHER);
        Ok(())
    }

    /// Unmounts and destroys, with patience for what may pass.
    pub(super) fn remove(
        &self,
        dataset: &DatasetName,
        path: &Path,
    ) -> anyhow::Result<()> {
        patiently(|| self.unmount(dataset))?;
        patiently(|| self.zfs.destroy(dataset))?;
        leave_place(path);
        Ok(())
    }

    pub(super) fn destroy_snapshots(
        &self,
        snapshots: &[SnapshotName],
    ) -> zfs::Result<()> {
        while_suspended(|| self.zfs.destroy_snapshots(snapshots, Defer::No))
    }

    pub(super) fn unmount(&self, dataset: &DatasetName) -> zfs::Result<()> {
        match self.zfs.unmount(dataset, Unmount::Plain) {
            Err(e) if e.kind() == ErrorKind::NotMounted => Ok(()),
            result => result,
        }
    }
}

fn check_origin(
    found: Option<Property>,
    origin: &SnapshotName,
) -> anyhow::Result<()> {
    anyhow::ensure!(
        found.is_some_and(|found| found.value == origin.as_str()),
        "it is no longer a clone of `{origin}`"
    );
    Ok(())
}

/// Takes away where something was mounted. Only an empty directory goes; it is
/// no loss when it stays.
pub(super) fn leave_place(path: &Path) {
    let _ = std::fs::remove_dir(path);
}

/// Waits for who will let go by itself, and for a pool that is suspended.
pub(super) fn patiently<T>(
    work: impl Fn() -> zfs::Result<T>,
) -> zfs::Result<T> {
    let is_busy = |e: &zfs::Error| e.kind() == ErrorKind::Busy;
    let may_pass =
        |e: &zfs::Error| is_suspended(e) || (is_busy(e) && may_let_go(e));
    retry_while(may_pass, work)
}

/// While a pool is suspended, calls that need its disks wait in the kernel, and
/// all others are refused.
pub(super) fn while_suspended<T>(
    work: impl Fn() -> zfs::Result<T>,
) -> zfs::Result<T> {
    retry_while(is_suspended, work)
}

/// Without an end, as the kernel does.
pub(super) fn wait_while_suspended<T>(look: impl Fn() -> zfs::Result<T>) {
    while look().is_err_and(|error| is_suspended(&error)) {
        thread::sleep(PAUSE);
    }
}

fn is_suspended(error: &zfs::Error) -> bool {
    error.kind() == ErrorKind::Suspended
}

/// Does it again while that fails in a way which may pass, for a time.
pub(super) fn retry_while<T, E>(
    may_pass: impl Fn(&E) -> bool,
    work: impl Fn() -> Result<T, E>,
) -> Result<T, E> {
    let begin = Instant::now();
    let mut tries = 0;
    loop {
        let result = work();
        tries += 1;
        let is_late = begin.elapsed() >= PATIENCE;
        if !result.as_ref().is_err_and(&may_pass)
            || (is_late && tries >= TRIES_MIN)
        {
            return result;
        }
        thread::sleep(PAUSE);
    }
}

/// No waiting removes a snapshot that somebody took of a slate.
fn may_let_go(busy: &zfs::Error) -> bool {
    let is_process_or_mount = |holder: &Holder| {
        matches!(holder, Holder::Process { .. } | Holder::Mount { .. })
    };
    busy.holders().is_empty() || busy.holders().iter().any(is_process_or_mount)
}
