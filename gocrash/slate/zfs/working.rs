//! The dataset that holds everything of one hunt: how it begins and ends.

use std::path::{Path, PathBuf};

use anyhow::Context;
use zfs::{DatasetName, ErrorKind, Hold, Properties, SnapshotName, Unmount};

use super::base::Base;
use super::golden::Prepared;
use super::remove::retry_while;
use super::{Alive, Pool, TAG_SESSION, TAG_SNAPSHOT, rest};
use crate::refusal::Refusal;
use crate::slate::lock::Lock;
use crate::slate::name::take_free;
use crate::slate::room::Limits;
use crate::slate::{Kind, Rest, Working, hiding};

/// Kept free for the record. With 8 MiB ZFS refused to write when the pool was
/// full; with this it refuses for moments only, which the event log waits for.
const RECORD_ROOM_BYTES: u64 = 32 << 20;

/// The dataset that holds everything of one hunt.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(super) dataset: DatasetName,
    /// What all of it was made from.
    pub(super) base: Base,
    /// What slates are clones of, if not of the base itself.
    pub(super) prepared: Option<Prepared>,
    pub(super) guid: String,
    pub(super) path: PathBuf,
    /// Room in it that no slate can have.
    pub(super) reserved_bytes: u64,
}

impl Place {
    /// Of what `--prepare` made.
    pub(in crate::slate) fn golden_guid(&self) -> Option<&str> {
        Some(&self.prepared.as_ref()?.guid)
    }

    /// What its slates are clones of.
    pub(super) fn origin(&self) -> &SnapshotName {
        match &self.prepared {
            Some(prepared) => &prepared.snapshot,
            None => &self.base.snapshot,
        }
    }
}

impl Pool {
    /// The directory that everything below this dataset is mounted in. It may
    /// not be there yet.
    pub(in crate::slate) fn place(
        &self,
        parent: &DatasetName,
    ) -> anyhow::Result<PathBuf> {
        Ok(self.zfs.property(parent, "mountpoint")?.value.into())
    }

    /// Creates and mounts the dataset that holds everything of the hunt;
    /// takes the snapshot first, if that is to be taken.
    pub(in crate::slate) fn create_working(
        &self,
        parent: &DatasetName,
        snapshot: &SnapshotName,
        is_to_be_taken: bool,
        limits: Limits,
        first_ms: u128,
    ) -> anyhow::Result<(Working, crate::slate::Place)> {
        let base = match is_to_be_taken {
            true => self.take_base(snapshot, first_ms)?,
            false => Base::given(snapshot.clone()),
        };
        self.create_for(parent, &base, limits, first_ms).map_err(|error| {
            // Or it would be held.
            self.set_alive(None);
            match self.give_back(&base) {
                Rest::Gone => error,
                Rest::Left(left) => error.context(left),
            }
        })
    }

    fn create_for(
        &self,
        parent: &DatasetName,
        base: &Base,
        limits: Limits,
        first_ms: u128,
    ) -> anyhow::Result<(Working, crate::slate::Place)> {
        let min_free_bytes = limits.min_free.bytes(self.size(parent)?);
        let base_guid = self.guid(&base.snapshot)?;
        let (dataset, roomless, hold) =
            self.create_named(parent, base, limits.quota, first_ms)?;
        let set_up = || {
            let guid = self.guid(&dataset)?;
            let path = self.mount_where_it_says(&dataset)?;
            hiding::make(&path).with_context(|| {
                format!(
                    "cannot make a place for slates in `{}`",
                    path.display()
                )
            })?;
            let lock = Lock::take(&path)
                .with_context(|| format!("cannot lock `{}`", path.display()))?;
            let alive = Alive { _hold: hold, _lock: Some(lock) };
            anyhow::Ok((guid, path, alive))
        };
        let reserved_bytes = match roomless {
            None => RECORD_ROOM_BYTES,
            Some(_) => 0,
        };
        match set_up() {
            Ok((guid, path, alive)) => {
                self.set_alive(Some(alive));
                let working = Working {
                    name: dataset.to_string(),
                    session: session_of(&dataset).to_owned(),
                    path: path.clone(),
                    roomless,
                    guid: Some(base_guid),
                    limits: Vec::new(),
                    min_free_bytes,
                    has_plenty: false,
                    is_reopened: false,
                    kind: Kind::Dataset {
                        guid: guid.clone(),
                        taken: base.taken().map(ToString::to_string),
                        golden_guid: None,
                    },
                };
                let place = Place {
                    base: base.clone(),
                    prepared: None,
                    dataset,
                    guid,
                    path,
                    reserved_bytes,
                };
                Ok((working, crate::slate::Place::Zfs(Box::new(place))))
            }
            Err(error) => {
                let error = error.context("cannot set up the working dataset");
                let undo = || {
                    self.check_tag(&dataset)?;
                    self.unmount(&dataset)?;
                    anyhow::Ok(self.zfs.destroy(&dataset)?)
                };
                match undo() {
                    Ok(()) => Err(refused_or(error)),
                    Err(left) => {
                        Err(error
                            .context(format!("`{dataset}` is left: {left:#}")))
                    }
                }
            }
        }
    }

    /// Destroys the working dataset, if it is the one that was created, and
    /// the snapshot that the hunt took. A dataset with anything in it stays.
    pub(in crate::slate) fn close(&self, working: &Place) -> Rest {
        let gone = self.check_tag(&working.dataset).and_then(|()| {
            self.check_guid(&working.dataset, &working.guid)?;
            if let Some(prepared) = &working.prepared {
                self.retire_prepared(working, prepared)?;
            }
            // Or it would be busy, and so would be its snapshot.
            self.set_alive(None);
            self.remove(&working.dataset, &working.path)
        });
        match rest(&working.dataset, gone) {
            Rest::Gone => self.give_back(&working.base),
            left => left,
        }
    }

    /// Takes the first free name from `first_ms` up. A name is not free either
    /// when something is where it would be mounted: it may be a link that
    /// leads elsewhere. Also gives why no room could be kept in it, and what
    /// says that the hunt goes on: that is there before the dataset is, or it
    /// would look like one that broke off.
    fn create_named(
        &self,
        parent: &DatasetName,
        base: &Base,
        quota: Option<u64>,
        first_ms: u128,
    ) -> anyhow::Result<(DatasetName, Option<String>, Option<Hold>)> {
        let place = self.place(parent)?;
        let pinned = self.pinned(parent)?;
        take_free(parent, first_ms, |session| {
            if place.join(&session).symlink_metadata().is_ok() {
                return Ok(None);
            }
            let dataset = parent.child(&session)?;
            let mut properties = Properties::new()
                .with("canmount", "noauto")
                .with("com.sun:auto-snapshot", "false")
                .with(TAG_SESSION, &session)
                .with(TAG_SNAPSHOT, base.snapshot.as_str());
            if let Some(bytes) = quota {
                properties = properties.with("quota", bytes.to_string());
            }
            let hold = match self.hold_for(&dataset, base) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                    return Ok(None);
                }
                hold => hold?,
            };
            match self.create_roomy(&dataset, &properties, pinned.clone()) {
                Ok(roomless) => Ok(Some((dataset, roomless, hold))),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(None),
                Err(e) if e.kind() == ErrorKind::PermissionDenied => {
                    anyhow::bail!(Refusal::new(
                        e.to_string(),
                        "run gocrash by sudo or doas, or have the rights \
                         given to you: `zfs allow`",
                    ));
                }
                Err(e) => Err(e.into()),
            }
        })
    }

    /// Says to the pool that the hunt goes on, until this process is gone, and
    /// keeps the snapshot as long.
    fn hold_for(
        &self,
        dataset: &DatasetName,
        base: &Base,
    ) -> zfs::Result<Option<Hold>> {
        let snapshots = std::slice::from_ref(&base.snapshot);
        match self.zfs.hold_while_open(snapshots, dataset.as_str()) {
            Ok(hold) => Ok(Some(hold)),
            // The right to it was not given; a lock is enough on this host.
            Err(e) if e.kind() == ErrorKind::PermissionDenied => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// With room for the record, if that can be had; gives why not. That slates
    /// are quick is never a reason to fail.
    fn create_roomy(
        &self,
        dataset: &DatasetName,
        properties: &Properties,
        pinned: Properties,
    ) -> zfs::Result<Option<String>> {
        let bytes = RECORD_ROOM_BYTES.to_string();
        let roomy = properties.clone().with("refreservation", bytes);
        match self.zfs.create(dataset, &pinned.and(roomy.clone())) {
            Ok(()) => return Ok(None),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => return Err(e),
            Err(_) => {}
        }
        match self.zfs.create(dataset, &roomy) {
            // Too little room, or the right to reserve it was not given.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NoSpace | ErrorKind::PermissionDenied
                ) =>
            {
                self.zfs.create(dataset, properties)?;
                Ok(Some(error.to_string()))
            }
            created => created.map(|()| None),
        }
    }

    /// Mounts the working dataset. Its directory is made in a place that may be
    /// the caller's own, who may just have put a link there that leads
    /// elsewhere: such a mount is taken away again.
    pub(super) fn mount_where_it_says(
        &self,
        dataset: &DatasetName,
    ) -> anyhow::Result<PathBuf> {
        // Somebody's `gocrash list` may be looking into it, since it is not
        // mounted.
        let is_looked_into = |error: &zfs::Error| {
            [ErrorKind::AlreadyMounted, ErrorKind::Busy].contains(&error.kind())
        };
        let path = retry_while(is_looked_into, || self.zfs.mount(dataset))?;
        let at = self.zfs.mounted_at(dataset)?;
        if at.as_deref().and_then(Path::file_name) == path.file_name() {
            return Ok(path);
        }
        self.zfs.unmount(dataset, Unmount::Plain)?;
        anyhow::bail!("`{}` is a link to somewhere else", path.display())
    }
}

/// What the hunt is called that has this working dataset.
pub(super) fn session_of(dataset: &DatasetName) -> &str {
    let name = dataset.as_str();
    name.rsplit_once('/').map_or(name, |(_, session)| session)
}

/// Where it can't be mounted, and nothing of it is left, that is as good as if
/// it had been seen before.
fn refused_or(error: anyhow::Error) -> anyhow::Error {
    let cause = error.downcast_ref::<zfs::Error>();
    match cause.filter(|cause| cause.operation() == "mount") {
        None => error,
        Some(cause) => {
            let help = cause.help().unwrap_or(
                "see `zfs get -r mountpoint`, and set another one, or hunt \
                 elsewhere: `--parent DATASET`",
            );
            Refusal::new(format!("{error:#}"), help).into()
        }
    }
}
