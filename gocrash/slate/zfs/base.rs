//! What slates are clones of: a snapshot that was given, or one that the hunt
//! took itself and takes back when nothing needs it any more.

use anyhow::Context;
use zfs::{ErrorKind, Properties, SnapshotName};

use super::{Alive, Pool, TAG_SESSION, rest};
use crate::refusal::Refusal;
use crate::slate::Rest;
use crate::slate::name::take_free;

/// A snapshot, and whose it is.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) snapshot: SnapshotName,
    /// Its GUID, if the hunt took it.
    pub(super) taken: Option<String>,
}

impl Base {
    pub(super) fn given(snapshot: SnapshotName) -> Base {
        Base { snapshot, taken: None }
    }

    /// The snapshot, if the hunt took it.
    pub(super) fn taken(&self) -> Option<&SnapshotName> {
        self.taken.as_ref().map(|_| &self.snapshot)
    }
}

impl Pool {
    /// Takes a snapshot of the same dataset as `wanted`, under the first free
    /// name from `first_ms` up.
    pub(super) fn take_base(
        &self,
        wanted: &SnapshotName,
        first_ms: u128,
    ) -> anyhow::Result<Base> {
        let dataset = wanted.dataset();
        take_free(dataset, first_ms, |name| {
            let snapshot = dataset.snapshot(&name)?;
            let names = std::slice::from_ref(&snapshot);
            // So that it is found where gocrash is killed right after this.
            let tag = Properties::new().with(TAG_SESSION, &name);
            match self.zfs.snapshot(names, &tag) {
                Ok(()) => {
                    self.say_taken(names, &name);
                    let guid = self.guid(&snapshot).with_context(|| {
                        format!("`{snapshot}` is left: cannot tell its guid")
                    })?;
                    Ok(Some(Base { snapshot, taken: Some(guid) }))
                }
                Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(None),
                Err(e) if e.kind() == ErrorKind::PermissionDenied => {
                    anyhow::bail!(Refusal::new(
                        e.to_string(),
                        "run gocrash by sudo or doas, or name a snapshot",
                    ));
                }
                Err(e) => Err(e.into()),
            }
        })
    }

    /// Says that the hunt goes on which took it, until a working dataset does.
    /// Where the right to hold it was not given, that is only a moment.
    fn say_taken(&self, snapshots: &[SnapshotName], session: &str) {
        let hold = self.zfs.hold_while_open(snapshots, session).ok();
        self.set_alive(Some(Alive { _hold: hold, _lock: None }));
    }

    /// Destroys the snapshot, if the hunt took it and it still is that one.
    pub(super) fn give_back(&self, base: &Base) -> Rest {
        let Base { snapshot, taken: Some(guid) } = base else {
            return Rest::Gone;
        };
        let gone = self.check_guid(snapshot, guid).and_then(|()| {
            let names = std::slice::from_ref(snapshot);
            Ok(self.destroy_snapshots(names)?)
        });
        rest(snapshot, gone)
    }
}
