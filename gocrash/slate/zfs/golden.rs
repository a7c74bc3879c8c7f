//! The golden clone: something is done in it once, and then every slate is a
//! clone of what came of it.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use anyhow::Context;
use zfs::{DatasetName, MountOptions, Properties, SnapshotName};

use super::remove::patiently;
use super::{Place, Pool, rest};
use crate::slate::Rest;

/// Its name in the working dataset, and that of its snapshot.
pub(super) const NAME: &str = "golden";
pub(super) const SNAPSHOT: &str = "prepared";

/// A clone of the base that is being prepared.
#[derive(Debug)]
pub(crate) struct Golden {
    pub(crate) dataset: DatasetName,
    /// Where it is mounted.
    pub(crate) path: PathBuf,
    guid: String,
}

impl Golden {
    pub(crate) fn guid(&self) -> &str {
        &self.guid
    }
}

/// One that is ready: mounted no more, with a snapshot.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) dataset: DatasetName,
    pub(super) guid: String,
    pub(super) snapshot: SnapshotName,
    pub(super) snapshot_guid: String,
}

impl Pool {
    pub(in crate::slate) fn create_golden(
        &self,
        working: &Place,
    ) -> anyhow::Result<Golden> {
        let dataset = working.dataset.child(NAME)?;
        let path = working.path.join(NAME);
        DirBuilder::new()
            .mode(0o755)
            .create(&path)
            .with_context(|| format!("cannot create `{}`", path.display()))?;
        let base = &working.base.snapshot;
        self.zfs.clone_from(&dataset, base, &Properties::new())?;
        let set_up = || {
            let guid = self.guid(&dataset)?;
            self.zfs.mount_at(&dataset, &path, MountOptions::default())?;
            anyhow::Ok(guid)
        };
        match set_up() {
            Ok(guid) => Ok(Golden { dataset, path, guid }),
            Err(error) => {
                match self.undo_clone(&working.dataset, &dataset, base) {
                    Ok(()) => Err(error),
                    Err(left) => {
                        Err(error
                            .context(format!("`{dataset}` is left: {left:#}")))
                    }
                }
            }
        }
    }

    /// Makes it what the slates of `working` will be clones of. Out of their
    /// attempts' reach from now on.
    pub(in crate::slate) fn finish_golden(
        &self,
        working: &Place,
        golden: &Golden,
    ) -> anyhow::Result<Place> {
        let Golden { dataset, path, guid } = golden;
        patiently(|| self.unmount(dataset))?;
        // Empty now. It is no loss when it stays.
        let _ = fs::remove_dir(path);
        self.check_guid(dataset, guid)?;
        let snapshot = self.take_own(dataset, SNAPSHOT)?;
        let prepared = Prepared {
            dataset: dataset.clone(),
            guid: guid.clone(),
            snapshot_guid: self.guid(&snapshot)?,
            snapshot,
        };
        Ok(Place { prepared: Some(prepared), ..working.clone() })
    }

    /// Destroys one that was not finished.
    pub(in crate::slate) fn retire_golden(
        &self,
        working: &Place,
        golden: &Golden,
    ) -> Rest {
        let Golden { dataset, path, guid } = golden;
        let gone = self
            .check_clone_of_base(working, dataset, guid)
            .and_then(|()| self.remove(dataset, path));
        rest(dataset, gone)
    }

    /// Destroys a finished one, after all that was cloned from it.
    pub(super) fn retire_prepared(
        &self,
        working: &Place,
        prepared: &Prepared,
    ) -> anyhow::Result<()> {
        let Prepared { dataset, guid, snapshot, snapshot_guid } = prepared;
        self.check_clone_of_base(working, dataset, guid)?;
        self.check_guid(snapshot, snapshot_guid)?;
        self.destroy_snapshots(std::slice::from_ref(snapshot))?;
        Ok(patiently(|| self.zfs.destroy(dataset))?)
    }

    fn check_clone_of_base(
        &self,
        working: &Place,
        dataset: &DatasetName,
        guid: &str,
    ) -> anyhow::Result<()> {
        self.check_tag(&working.dataset)?;
        self.check_clone(dataset, guid, &working.base.snapshot)
    }
}
