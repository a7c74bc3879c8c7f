//! Slates that are clones of a snapshot. Each public method is a request: plain
//! data goes in, plain data comes out.

mod check;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use zfs::{
    DatasetName, ErrorKind, Holder, MountOptions, MountSettings, Name,
    Properties, Property, SnapshotName, Source, Unmount, Zfs,
};

use crate::attempt::name::AttemptName;
use crate::attempt::output::Output;
use crate::attempt::person::Ids;
use crate::refusal::Refusal;
use crate::slate::source::session_name;
use crate::slate::{
    Left, Origin, Rest, Seen, Slate, Unprepared, Wanted, Working, hiding, look,
};

/// Set on the working dataset alone: a tag that a child has inherited says
/// nothing about who created it.
const TAG_SESSION: &str = "gocrash:session";
const TAG_SNAPSHOT: &str = "gocrash:snapshot";
const TAG_OUTCOME: &str = "gocrash:outcome";

/// Kept free for the record, so that a full pool loses no verdict. With 8 MiB
/// ZFS refused to write, with this it went on.
const RECORD_ROOM: &str = "32M";
/// Hunts that start in the same millisecond take the next free number.
const NAME_TRIES_MAX: u32 = 1000;
/// How often, and how long apart, something busy is tried again. The library
/// itself waits a third of a second each time.
const BUSY_TRIES_MAX: u32 = 5;
const BUSY_PAUSE: Duration = Duration::from_millis(300);

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
    snapshot: SnapshotName,
    guid: String,
    path: PathBuf,
}

#[cfg(test)]
impl Place {
    /// One that is nowhere.
    pub(super) fn for_tests(dataset: &str) -> Place {
        let dataset = DatasetName::new(dataset).unwrap();
        Place {
            snapshot: dataset.snapshot("none").unwrap(),
            session: dataset.to_string(),
            dataset,
            guid: String::new(),
            path: PathBuf::new(),
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
    pub(super) fn checking_risks(origin: &Origin) -> Left {
        Left {
            name: origin.to_string(),
            why: format!("may be mounted at `{}N`", look::stem()),
        }
    }

    /// Looks at the source, and refuses what could not work. Creates nothing.
    pub(super) fn check(
        &self,
        snapshot: &SnapshotName,
        parent: &DatasetName,
        wanted: &Wanted,
    ) -> anyhow::Result<Seen> {
        check::check(&self.zfs, snapshot, parent, wanted)
    }

    /// The directory that everything below this dataset is mounted in. It may
    /// not be there yet.
    pub(super) fn place(
        &self,
        parent: &DatasetName,
    ) -> anyhow::Result<PathBuf> {
        Ok(self.zfs.property(parent, "mountpoint")?.value.into())
    }

    /// Creates and mounts the dataset that holds everything of the hunt.
    pub(super) fn create_working(
        &self,
        parent: &DatasetName,
        snapshot: &SnapshotName,
        first_ms: u128,
    ) -> anyhow::Result<Working> {
        let snapshot_guid = self.zfs.property(snapshot, "guid")?.value;
        let (dataset, session, roomless) =
            self.create_named(parent, snapshot, first_ms)?;
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
        match set_up() {
            Ok((guid, path)) => Ok(Working {
                name: dataset.to_string(),
                session: session.clone(),
                path: path.clone(),
                roomless,
                guid: Some(snapshot_guid),
                limits: Vec::new(),
                place: super::Place::Zfs(Place {
                    snapshot: snapshot.clone(),
                    dataset,
                    session,
                    guid,
                    path,
                }),
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
            .clone_from(&dataset, &working.snapshot, &Properties::new())
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
            let [guid, origin] =
                self.zfs.pick_properties(&slate.dataset, ["guid", "origin"])?;
            check_guid(guid, &slate.guid)?;
            anyhow::ensure!(
                origin.is_some_and(|o| o.value == working.snapshot.as_str()),
                "it is no longer a clone of `{}`",
                working.snapshot
            );
            self.remove(&slate.dataset, path)?;
            if let Some(hidden) = &slate.hidden {
                let _ = std::fs::remove_dir(hidden);
            }
            Ok(())
        });
        rest(&slate.dataset, gone)
    }

    /// Destroys the working dataset, if it is the one that was created. One
    /// with anything in it stays.
    pub(super) fn close(&self, working: &Place) -> Rest {
        let gone = self.check_tag(working).and_then(|()| {
            let guid = self.zfs.property(&working.dataset, "guid")?;
            check_guid(Some(guid), &working.guid)?;
            self.remove(&working.dataset, &working.path)
        });
        rest(&working.dataset, gone)
    }

    /// Takes the first free name from `first_ms` up. A name is not free either
    /// when something is where it would be mounted: it may be a link that
    /// leads elsewhere. Also gives why no room could be kept in it.
    fn create_named(
        &self,
        parent: &DatasetName,
        snapshot: &SnapshotName,
        first_ms: u128,
    ) -> anyhow::Result<(DatasetName, String, Option<String>)> {
        let place = self.place(parent)?;
        for tried in 0..NAME_TRIES_MAX {
            let session = session_name(first_ms + u128::from(tried));
            if place.join(&session).symlink_metadata().is_ok() {
                continue;
            }
            let dataset = parent.child(&session)?;
            let properties = Properties::new()
                .with("canmount", "noauto")
                .with("com.sun:auto-snapshot", "false")
                .with(TAG_SESSION, &session)
                .with(TAG_SNAPSHOT, snapshot.as_str());
            let roomy = properties.clone().with("refreservation", RECORD_ROOM);
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

    fn guid(&self, dataset: &DatasetName) -> anyhow::Result<String> {
        Ok(self.zfs.property(dataset, "guid")?.value)
    }

    fn check_tag(&self, working: &Place) -> anyhow::Result<()> {
        let tag = self
            .zfs
            .property(&working.dataset, TAG_SESSION)
            .context("cannot tell whose it is")?;
        anyhow::ensure!(
            tag.value == working.session && tag.source == Source::Local,
            "`{}` is no longer tagged as of this hunt",
            working.dataset
        );
        Ok(())
    }

    /// Read once, when the first slate is mounted.
    fn settings(&self, working: &Place) -> zfs::Result<&MountSettings> {
        if let Some(settings) = self.settings.get() {
            return Ok(settings);
        }
        let settings = self.zfs.mount_settings(&working.dataset)?;
        Ok(self.settings.get_or_init(|| settings))
    }

    /// Unmounts and destroys, with patience for what is busy.
    fn remove(&self, dataset: &DatasetName, path: &Path) -> anyhow::Result<()> {
        while_busy(|| self.unmount(dataset))?;
        while_busy(|| self.zfs.destroy(dataset))?;
        // Only an empty directory goes; it is no loss when it stays.
        let _ = std::fs::remove_dir(path);
        Ok(())
    }
}

/// Waits for what will let go by itself.
impl Pool {
    fn unmount(&self, dataset: &DatasetName) -> zfs::Result<()> {
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

fn while_busy(work: impl Fn() -> zfs::Result<()>) -> zfs::Result<()> {
    for _ in 1..BUSY_TRIES_MAX {
        match work() {
            Err(e) if e.kind() == ErrorKind::Busy && may_let_go(&e) => {
                thread::sleep(BUSY_PAUSE);
            }
            result => return result,
        }
    }
    work()
}

/// No waiting removes a snapshot that somebody took of a slate.
fn may_let_go(busy: &zfs::Error) -> bool {
    let is_process_or_mount = |holder: &Holder| {
        matches!(holder, Holder::Process { .. } | Holder::Mount { .. })
    };
    busy.holders().is_empty() || busy.holders().iter().any(is_process_or_mount)
}

fn rest(dataset: &DatasetName, gone: anyhow::Result<()>) -> Rest {
    match gone {
        Ok(()) => Rest::Gone,
        Err(error) => Rest::Left(left(dataset, &error)),
    }
}

fn left(dataset: &impl Name, error: &anyhow::Error) -> Left {
    Left { name: dataset.to_string(), why: format!("{error:#}") }
}
