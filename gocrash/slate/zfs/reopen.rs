//! The working dataset of a hunt that goes on: what another process made, and
//! left.

use std::path::Path;

use anyhow::Context;
use zfs::DatasetName;

use super::recall::Recalled;
use super::working::session_of;
use super::{Alive, Place, Pool, found};
use crate::hunt::golden;
use crate::slate::lock::Lock;
use crate::slate::room::Limits;
use crate::slate::{Kind, Working, hiding};

impl Pool {
    /// Makes it again what it was while the hunt went on. Nothing of what was
    /// unfinished may be there any more.
    pub(in crate::slate) fn reopen_working(
        &self,
        parent: &DatasetName,
        limits: Limits,
        name: &str,
    ) -> anyhow::Result<(Working, crate::slate::Place)> {
        let min_free_bytes = limits.min_free.bytes(self.size(parent)?);
        let found = found::named(&self.zfs, name)?;
        let Recalled { place, .. } = self.recall(&found)?;
        // From here on nobody else can do the same.
        let hold = self.hold_as_hunt(&place)?;
        let dataset = place.dataset.clone();
        let base_guid = self.guid(&place.base.snapshot)?;
        let reserved_bytes = self.bytes(&dataset, "refreservation")?;
        let path = match self.zfs.mounted_at(&dataset)? {
            Some(path) => path,
            None => self.mount_where_it_says(&dataset)?,
        };
        hiding::make_again(&path).with_context(|| {
            format!("cannot make a place for slates in `{}`", path.display())
        })?;
        if place.prepared.is_none() {
            remove_log(&path)?;
        }
        let lock = Lock::take(&path)
            .with_context(|| format!("cannot lock `{}`", path.display()))?;
        self.set_alive(Some(Alive { _hold: hold, _lock: Some(lock) }));
        let working = Working {
            name: name.to_owned(),
            session: session_of(&dataset).to_owned(),
            path: path.clone(),
            roomless: None,
            guid: Some(base_guid),
            limits: Vec::new(),
            min_free_bytes,
            has_plenty: false,
            is_reopened: true,
            kind: Kind::Dataset {
                guid: place.guid.clone(),
                taken: place.base.taken().map(ToString::to_string),
                golden_guid: place.golden_guid().map(str::to_owned),
            },
        };
        let place = Place { path, reserved_bytes, ..place };
        Ok((working, crate::slate::Place::Zfs(Box::new(place))))
    }
}

/// Of what was prepared in part, there will be a new one.
fn remove_log(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path.join(golden::LOG)) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
        _ => Ok(()),
    }
}
