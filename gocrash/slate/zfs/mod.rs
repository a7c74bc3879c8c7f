//! Slates that are clones of a snapshot. Each public method is a request: plain
//! data goes in, plain data comes out.

mod base;
mod check;
pub(super) mod golden;
mod remove;
mod room;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use zfs::{
    DatasetName, ErrorKind, MountOptions, MountSettings, Name, Properties,
    SnapshotName, Unmount, Zfs,
};

use crate::attempt::name::AttemptName;
use crate::attempt::output::Output;
use crate::attempt::person::Ids;
use crate::refusal::Refusal;
use crate::slate::room::Limits;
use crate::slate::source::session_name;
use crate::slate::{
    Left, Origin, Rest, Seen, Slate, Unprepared, Wanted, Working, hiding, look,
};

use base::Base;
use golden::Prepared;

/// Set on the working dataset alone: a tag that a child has inherited says
/// nothing about who created it.
const TAG_SESSION: &str = "gocrash:session";
const TAG_SNAPSHOT: &str = "gocrash:snapshot";
const TAG_OUTCOME: &str = "gocrash:outcome";

/// Kept free for the record, so that a full pool loses no verdict. With 8 MiB
/// ZFS refused to write, with this it went on.
const RECORD_ROOM_BYTES: u64 = 32 << 20;
/// Hunts that start in the same millisecond take the next free number.
const NAME_TRIES_MAX: u32 = 1000;

/// The pools of this host, for one hunt.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    zfs: Zfs,
    /// How slates are mounted: they inherit all that counts from the working
    /// dataset, and nothing is set on one before it is kept.
    settings: Arc<OnceLock<MountSettings>>,
}

/// The dataset that holds everything of one hunt.
#[derive(Debug, Clone)]
pub(super) struct Place {
    dataset: DatasetName,
    session: String,
    /// What all of it was made from.
    base: Base,
    /// What slates are clones of, if not of the base itself.
    prepared: Option<Prepared>,
    guid: String,
    path: PathBuf,
    /// Room in it that no slate can have.
    reserved_bytes: u64,
}

impl Place {
    pub(super) fn taken(&self) -> Option<&SnapshotName> {
        self.base.taken()
    }

    /// What its slates are clones of.
    fn origin(&self) -> &SnapshotName {
        match &self.prepared {
            Some(prepared) => &prepared.snapshot,
            None => &self.base.snapshot,
        }
    }
}

#[cfg(test)]
impl Place {
    /// One that is nowhere.
    pub(super) fn for_tests(dataset: &str) -> Place {
        let dataset = DatasetName::new(dataset).unwrap();
        Place {
            base: Base::given(dataset.snapshot("none").unwrap()),
            prepared: None,
            session: dataset.to_string(),
            dataset,
            guid: String::new(),
            path: PathBuf::new(),
            reserved_bytes: 0,
        }
    }
}

/// A clone of the snapshot.
#[derive(Debug)]
pub(super) struct SlatePlace {
    /// Where it is mounted until its attempt runs, if that is somewhere else.
    hidden: Option<PathBuf>,
    dataset: DatasetName,
    guid: String,
}

impl SlatePlace {
    /// Where a slate is now that will be at `path`.
    pub(super) fn here(&self, path: &Path) -> PathBuf {
        self.hidden.as_deref().unwrap_or(path).to_owned()
    }

    /// Moves it to its place.
    pub(super) fn reveal(&mut self, path: &Path) -> anyhow::Result<()> {
        if let Some(hidden) = self.hidden.take() {
            hiding::move_mount(&hidden, path)
                .with_context(|| format!("cannot move `{}`", hidden.display()))
                .inspect_err(|_| self.hidden = Some(hidden.clone()))?;
            // Empty now. It is no loss when it stays.
            let _ = std::fs::remove_dir(hidden);
        }
        Ok(())
    }
}

impl Pool {
    pub(super) fn open() -> Result<Pool, Refusal> {
        match Zfs::open() {
            Ok(zfs) => Ok(Pool { zfs, settings: Arc::default() }),
            Err(error) => Err(Refusal::new(
                error.to_string(),
                error.help().unwrap_or("see whether `zfs list` works here"),
            )),
        }
    }

    /// What `check` may leave behind when it is cut short.
    pub(super) fn checking_risks(origin: &Origin) -> Vec<Left> {
        match origin {
            Origin::Zfs { taken_of: None, snapshot, .. } => vec![Left {
                name: snapshot.to_string(),
                why: format!("may be mounted at `{}N`", look::stem()),
            }],
            _ => Vec::new(),
        }
    }

    /// Looks at the source, and refuses what could not work. Creates nothing.
    pub(super) fn check(
        &self,
        snapshot: &SnapshotName,
        taken_of: Option<&Path>,
        parent: &DatasetName,
        wanted: &Wanted,
    ) -> anyhow::Result<Seen> {
        check::check(&self.zfs, snapshot, taken_of, parent, wanted)
    }

    /// The directory that everything below this dataset is mounted in. It may
    /// not be there yet.
    pub(super) fn place(
        &self,
        parent: &DatasetName,
    ) -> anyhow::Result<PathBuf> {
        Ok(self.zfs.property(parent, "mountpoint")?.value.into())
    }

    /// Creates and mounts the dataset that holds everything of the hunt;
    /// takes the snapshot first, if that is to be taken.
    pub(super) fn create_working(
        &self,
        parent: &DatasetName,
        snapshot: &SnapshotName,
        is_to_be_taken: bool,
        limits: Limits,
        first_ms: u128,
    ) -> anyhow::Result<Working> {
        let base = match is_to_be_taken {
            true => self.take_base(snapshot, first_ms)?,
            false => Base::given(snapshot.clone()),
        };
        self.create_for(parent, &base, limits, first_ms).map_err(|error| {
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
    ) -> anyhow::Result<Working> {
        let min_free_bytes = limits.min_free.bytes(self.size(parent)?);
        let base_guid = self.guid(&base.snapshot)?;
        let (dataset, session, roomless) =
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
            anyhow::Ok((guid, path))
        };
        let reserved_bytes = match roomless {
            None => RECORD_ROOM_BYTES,
            Some(_) => 0,
        };
        match set_up() {
            Ok((guid, path)) => Ok(Working {
                name: dataset.to_string(),
                session: session.clone(),
                path: path.clone(),
                roomless,
                guid: Some(base_guid),
                limits: Vec::new(),
                min_free_bytes,
                place: super::Place::Zfs(Box::new(Place {
                    base: base.clone(),
                    prepared: None,
                    dataset,
                    session,
                    guid,
                    path,
                    reserved_bytes,
                })),
            }),
            Err(error) => {
                let error = error.context("cannot set up the working dataset");
                match self
                    .unmount(&dataset)
                    .and_then(|()| self.zfs.destroy(&dataset))
                {
                    Ok(()) => Err(error),
                    Err(left) => {
                        Err(error
                            .context(format!("`{dataset}` is left: {left}")))
                    }
                }
            }
        }
    }

    /// Makes and mounts a slate, and the files for its output.
    pub(super) fn prepare(
        &self,
        working: &Place,
        name: AttemptName,
        owner: Option<&Ids>,
    ) -> Result<(Slate, Output), Unprepared> {
        let (path, place) = self.clone_and_mount(working, name)?;
        let here = place.hidden.as_ref().unwrap_or(&path);
        let output =
            Output::create(here, owner).context("cannot store the output");
        match output {
            Ok(output) => {
                let place = super::SlatePlace::Zfs(place);
                Ok((Slate { path, place }, output))
            }
            Err(error) => Err(Unprepared {
                why: format!("{error:#}"),
                left: match self.retire(working, &place, &path) {
                    Rest::Gone => None,
                    Rest::Left(left) => Some(left),
                },
            }),
        }
    }

    fn clone_and_mount(
        &self,
        working: &Place,
        name: AttemptName,
    ) -> Result<(PathBuf, SlatePlace), Unprepared> {
        let nothing = |error: zfs::Error| Unprepared {
            why: error.to_string(),
            left: None,
        };
        let dataset =
            working.dataset.child(&name.to_string()).map_err(nothing)?;
        self.zfs
            .clone_from(&dataset, working.origin(), &Properties::new())
            .map_err(nothing)?;
        let set_up = || {
            let guid = self.guid(&dataset)?;
            let path = working.path.join(name.to_string());
            let hidden = hiding::make_places(&path)
                .context("cannot make a directory for the slate")?;
            let here = hidden.as_ref().unwrap_or(&path);
            let settings = self.settings(working)?;
            let options = MountOptions::default();
            self.zfs.mount_with(&dataset, here, settings, options)?;
            anyhow::Ok((guid, path, hidden))
        };
        match set_up() {
            Ok((guid, path, hidden)) => {
                Ok((path, SlatePlace { hidden, dataset, guid }))
            }
            Err(error) => Err(Unprepared {
                why: format!("{error:#}"),
                left: match self.zfs.destroy(&dataset) {
                    Ok(()) => None,
                    Err(error) => Some(left(&dataset, &error.into())),
                },
            }),
        }
    }

    /// Lets the slate stay, marked with what became of the attempt. It is
    /// mounted no more at the next boot: thousands of them would delay it.
    pub(super) fn keep(
        &self,
        slate: &SlatePlace,
        word: &str,
    ) -> anyhow::Result<()> {
        self.zfs.set_property(&slate.dataset, TAG_OUTCOME, word)?;
        self.zfs.set_property(&slate.dataset, "canmount", "noauto")?;
        Ok(())
    }

    /// Destroys the slate, if it is the one that was made.
    pub(super) fn retire(
        &self,
        working: &Place,
        slate: &SlatePlace,
        path: &Path,
    ) -> Rest {
        let gone = self.check_tag(working).and_then(|()| {
            self.check_clone(&slate.dataset, &slate.guid, working.origin())?;
            self.remove(&slate.dataset, path)?;
            if let Some(hidden) = &slate.hidden {
                let _ = std::fs::remove_dir(hidden);
            }
            Ok(())
        });
        rest(&slate.dataset, gone)
    }

    /// Destroys the working dataset, if it is the one that was created, and
    /// the snapshot that the hunt took. A dataset with anything in it stays.
    pub(super) fn close(&self, working: &Place) -> Rest {
        let gone = self.check_tag(working).and_then(|()| {
            self.check_guid(&working.dataset, &working.guid)?;
            if let Some(prepared) = &working.prepared {
                self.retire_prepared(working, prepared)?;
            }
            self.remove(&working.dataset, &working.path)
        });
        match rest(&working.dataset, gone) {
            Rest::Gone => self.give_back(&working.base),
            left => left,
        }
    }

    /// Takes the first free name from `first_ms` up. A name is not free either
    /// when something is where it would be mounted: it may be a link that
    /// leads elsewhere. Also gives why no room could be kept in it.
    fn create_named(
        &self,
        parent: &DatasetName,
        base: &Base,
        quota: Option<u64>,
        first_ms: u128,
    ) -> anyhow::Result<(DatasetName, String, Option<String>)> {
        let place = self.place(parent)?;
        for tried in 0..NAME_TRIES_MAX {
            let session = session_name(first_ms + u128::from(tried));
            if place.join(&session).symlink_metadata().is_ok() {
                continue;
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
            let roomy = properties
                .clone()
                .with("refreservation", RECORD_ROOM_BYTES.to_string());
            let mut created = self.zfs.create(&dataset, &roomy);
            let mut roomless = None;
            // Too little room, or the right to reserve it was not given.
            if let Err(error) = &created {
                let kind = error.kind();
                if matches!(
                    kind,
                    ErrorKind::NoSpace | ErrorKind::PermissionDenied
                ) {
                    roomless = Some(error.to_string());
                    created = self.zfs.create(&dataset, &properties);
                }
            }
            match created {
                Ok(()) => return Ok((dataset, session, roomless)),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) if e.kind() == ErrorKind::PermissionDenied => {
                    anyhow::bail!(Refusal::new(
                        e.to_string(),
                        "run gocrash by sudo or doas, or have the rights \
                         given to you: `zfs allow`",
                    ));
                }
                Err(e) => return Err(e.into()),
            }
        }
        anyhow::bail!(
            "cannot find a free name in `{parent}`: {NAME_TRIES_MAX} from \
             `{}` up are taken",
            session_name(first_ms)
        )
    }

    /// Mounts the working dataset. Its directory is made in a place that may be
    /// the caller's own, who may just have put a link there that leads
    /// elsewhere: such a mount is taken away again.
    fn mount_where_it_says(
        &self,
        dataset: &DatasetName,
    ) -> anyhow::Result<PathBuf> {
        let path = self.zfs.mount(dataset)?;
        let at = self.zfs.mounted_at(dataset)?;
        if at.as_deref().and_then(Path::file_name) == path.file_name() {
            return Ok(path);
        }
        self.zfs.unmount(dataset, Unmount::Plain)?;
        anyhow::bail!("`{}` is a link to somewhere else", path.display())
    }

    fn guid(&self, name: &impl Name) -> anyhow::Result<String> {
        Ok(self.zfs.property(name, "guid")?.value)
    }

    /// Read once, when the first slate is mounted.
    fn settings(&self, working: &Place) -> zfs::Result<&MountSettings> {
        if let Some(settings) = self.settings.get() {
            return Ok(settings);
        }
        let settings = self.zfs.mount_settings(&working.dataset)?;
        Ok(self.settings.get_or_init(|| settings))
    }
}

fn rest(dataset: &impl Name, gone: anyhow::Result<()>) -> Rest {
    match gone {
        Ok(()) => Rest::Gone,
        Err(error) => Rest::Left(left(dataset, &error)),
    }
}

fn left(dataset: &impl Name, error: &anyhow::Error) -> Left {
    Left { name: dataset.to_string(), why: format!("{error:#}") }
}
