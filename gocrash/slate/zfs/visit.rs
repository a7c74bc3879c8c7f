//! A snapshot or dataset, mounted for as long as somebody looks at it.

use std::path::Path;

use anyhow::Context;
use zfs::{DatasetName, EntryName, ErrorKind, SnapshotName, Unmount, Zfs};

use super::END;
use super::found::READ;
use crate::refusal::Refusal;
use crate::slate::look::LookDir;

/// Read-only, where nobody else can go.
#[derive(Debug)]
pub(in crate::slate) struct Look {
    zfs: Zfs,
    what: EntryName,
    dir: LookDir,
}

impl Look {
    /// What the attempt left in this slate.
    pub(in crate::slate) fn at_end(slate: &str) -> anyhow::Result<Look> {
        let end = DatasetName::new(slate)?.snapshot(END)?;
        Look::at(EntryName::Snapshot(end))
    }

    /// A working dataset.
    pub(in crate::slate) fn into(working: &str) -> anyhow::Result<Look> {
        Look::at(EntryName::Dataset(DatasetName::new(working)?))
    }

    /// What this slate was made from.
    pub(in crate::slate) fn at_origin(slate: &str) -> anyhow::Result<Look> {
        let slate = DatasetName::new(slate)?;
        let [origin] = Zfs::open()?.pick_properties(&slate, ["origin"])?;
        let origin = origin.with_context(|| {
            format!("`{slate}` is no longer a clone of anything")
        })?;
        Look::at(EntryName::Snapshot(SnapshotName::new(&origin.value)?))
    }

    fn at(what: EntryName) -> anyhow::Result<Look> {
        let zfs = Zfs::open()?;
        let dir = LookDir::create()?;
        zfs.mount_at(&what, dir.path(), READ).map_err(|error| {
            let help = match error.kind() {
                ErrorKind::PermissionDenied => "run gocrash by sudo or doas",
                _ => error.help().unwrap_or("see whether it is still there"),
            };
            Refusal::new(format!("cannot look into `{what}`: {error}"), help)
        })?;
        Ok(Look { zfs, what, dir })
    }

    pub(in crate::slate) fn path(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        let path = self.dir.path();
        // Where it can't be, the directory stays, too, and the mount is named
        // after who has it.
        let _ = self.zfs.unmount_at(&self.what, path, Unmount::Plain);
    }
}
