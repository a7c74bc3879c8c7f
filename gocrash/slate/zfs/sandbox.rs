//! A clone of what an attempt left, mounted beside the slate; or the slate.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use zfs::{DatasetName, MountOptions, Properties, SnapshotName};

use super::working::session_of;
use super::{END, Place, Pool, TAG_SESSION};
use crate::slate::found::{Found, FoundSlate};

/// What such a clone is called, with the id of the process that made it.
const STEM: &str = "shell-";

#[derive(Debug)]
pub(in crate::slate) struct Sandbox {
    pool: Pool,
    place: Place,
    dataset: DatasetName,
    path: PathBuf,
    /// Of a clone: its GUID and what it was made from.
    cloned: Option<(String, SnapshotName)>,
    /// What was not mounted before, the innermost first.
    mounted: Vec<DatasetName>,
}

impl Sandbox {
    pub(in crate::slate) fn open(
        found: &Found,
        slate: &FoundSlate,
        is_in_place: bool,
    ) -> anyhow::Result<Sandbox> {
        let pool = Pool::open()?;
        let place = pool.recall(found)?.place;
        let slate = DatasetName::new(&slate.name)?;
        let mut sandbox = Sandbox {
            path: PathBuf::new(),
            dataset: slate.clone(),
            cloned: None,
            mounted: Vec::new(),
            place,
            pool,
        };
        let opened = match is_in_place {
            true => sandbox.mount(&slate),
            false => sandbox.make_clone(&slate),
        };
        match opened {
            Ok(path) => Ok(Sandbox { path, ..sandbox }),
            Err(error) => Err(match sandbox.close() {
                Ok(()) => error,
                Err(left) => error.context(format!("{left:#}")),
            }),
        }
    }

    pub(in crate::slate) fn path(&self) -> &Path {
        &self.path
    }

    pub(in crate::slate) fn close(self) -> anyhow::Result<()> {
        let Sandbox { pool, place, dataset, path, cloned, mounted } = self;
        if let Some((guid, origin)) = cloned {
            pool.check_tag(&place.dataset)?;
            pool.check_clone(&dataset, &guid, &origin)?;
            pool.remove(&dataset, &path)?;
        }
        for dataset in mounted {
            pool.unmount(&dataset)?;
        }
        Ok(())
    }

    /// Where it is mounted, from now on at least.
    fn mount(&mut self, dataset: &DatasetName) -> anyhow::Result<PathBuf> {
        if let Some(path) = self.pool.zfs.mounted_at(dataset)? {
            return Ok(path);
        }
        if *dataset != self.place.dataset {
            // Or what it is in would cover it one day.
            self.mount(&self.place.dataset.clone())?;
        }
        let path = self.pool.zfs.mount(dataset)?;
        self.mounted.insert(0, dataset.clone());
        Ok(path)
    }

    fn make_clone(&mut self, slate: &DatasetName) -> anyhow::Result<PathBuf> {
        let working = self.place.dataset.clone();
        let name = format!("{STEM}{}", std::process::id());
        let path = self.mount(&working)?.join(&name);
        DirBuilder::new()
            .mode(0o755)
            .create(&path)
            .with_context(|| format!("cannot create `{}`", path.display()))?;
        self.dataset = working.child(&name)?;
        let end = slate.snapshot(END)?;
        // Where gocrash is killed meanwhile, it is known whose that is.
        let properties = Properties::new()
            .with(TAG_SESSION, session_of(&working))
            .with("canmount", "noauto");
        let zfs = &self.pool.zfs;
        zfs.clone_from(&self.dataset, &end, &properties)?;
        let guid = self.pool.guid(&self.dataset)?;
        self.cloned = Some((guid, end));
        self.path.clone_from(&path);
        zfs.mount_at(&self.dataset, &path, MountOptions::default())?;
        Ok(path)
    }
}

/// Whether it has the name of such a clone.
pub(super) fn is_named_so(dataset: &DatasetName) -> bool {
    let number = session_of(dataset).strip_prefix(STEM);
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}
