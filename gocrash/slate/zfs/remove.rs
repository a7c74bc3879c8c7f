//! How datasets go: looked at first, so that nothing goes that the hunt did not
//! create, and with patience for what is busy.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use zfs::{
    DatasetName, ErrorKind, Holder, Name, Property, SnapshotName, Source,
    Unmount,
};

use super::working::session_of;
use super::{Pool, TAG_SESSION};

/// How long, and at least how often, something busy is tried again. On a busy
/// machine it takes a while until a process lets go of a mount that it got a
/// copy of.
const BUSY_PATIENCE: Duration = Duration::from_secs(25);
const BUSY_TRIES_MIN: u32 = 5;
const BUSY_PAUSE: Duration = Duration::from_millis(300);

impl Pool {
    pub(super) fn check_tag(
        &self,
        working: &DatasetName,
    ) -> anyhow::Result<()> {
        let tag = self
            .zfs
            .property(working, TAG_SESSION)
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
        let [found] = self.zfs.pick_properties(dataset, ["origin"])?;
        check_origin(found, origin)?;
        self.unmount(dataset)?;
        Ok(self.zfs.destroy(dataset)?)
    }

    /// Whether it still is the clone that was made of `origin`.
    pub(super) fn check_clone(
        &self,
        dataset: &DatasetName,
        recorded: &str,
        origin: &SnapshotName,
    ) -> anyhow::Result<()> {
        let [guid, found] =
            self.zfs.pick_properties(dataset, ["guid", "origin"])?;
        check_guid(guid, recorded)?;
        check_origin(found, origin)
    }

    pub(super) fn check_guid(
        &self,
        name: &impl Name,
        recorded: &str,
    ) -> anyhow::Result<()> {
        check_guid(Some(self.zfs.property(name, "guid")?), recorded)
    }

    /// Unmounts and destroys, with patience for what is busy.
    pub(super) fn remove(
        &self,
        dataset: &DatasetName,
        path: &Path,
    ) -> anyhow::Result<()> {
        while_busy(|| self.unmount(dataset))?;
        while_busy(|| self.zfs.destroy(dataset))?;
        leave_place(path);
        Ok(())
    }

    pub(super) fn unmount(&self, dataset: &DatasetName) -> zfs::Result<()> {
        match self.zfs.unmount(dataset, Unmount::Plain) {
            Err(e) if e.kind() == ErrorKind::NotMounted => Ok(()),
            result => result,
        }
    }
}

fn check_guid(guid: Option<Property>, recorded: &str) -> anyhow::Result<()> {
    anyhow::ensure!(
        guid.is_some_and(|guid| guid.value == recorded),
        "it is not the dataset that this hunt created"
    );
    Ok(())
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

/// Waits for what will let go by itself.
pub(super) fn while_busy<T>(
    work: impl Fn() -> zfs::Result<T>,
) -> zfs::Result<T> {
    let is_busy = |e: &zfs::Error| e.kind() == ErrorKind::Busy;
    patiently(|error| is_busy(error) && may_let_go(error), work)
}

/// Does it again while that fails in a way which may pass, for a time.
pub(super) fn patiently<T, E>(
    may_pass: impl Fn(&E) -> bool,
    work: impl Fn() -> Result<T, E>,
) -> Result<T, E> {
    let begin = Instant::now();
    let mut tries = 0;
    loop {
        let result = work();
        tries += 1;
        let is_late = begin.elapsed() >= BUSY_PATIENCE;
        if !result.as_ref().is_err_and(&may_pass)
            || (is_late && tries >= BUSY_TRIES_MIN)
        {
            return result;
        }
        thread::sleep(BUSY_PAUSE);
    }
}

/// No waiting removes a snapshot that somebody took of a slate.
fn may_let_go(busy: &zfs::Error) -> bool {
    let is_process_or_mount = |holder: &Holder| {
        matches!(holder, Holder::Process { .. } | Holder::Mount { .. })
    };
    busy.holders().is_empty() || busy.holders().iter().any(is_process_or_mount)
}
