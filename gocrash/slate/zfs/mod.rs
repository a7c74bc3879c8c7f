//! Slates that are clones of a snapshot. Each public method is a request: plain
//! data goes in, plain data comes out.

mod base;
mod check;
mod clean;
mod found;
pub(super) mod golden;
mod pinned;
mod recall;
mod remove;
mod reopen;
mod room;
mod sandbox;
mod stray;
mod together;
mod visit;
mod working;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::Context;
use zfs::{
    DatasetName, Hold, MountOptions, MountSettings, Name, Properties,
    SnapshotName, Zfs,
};

use crate::attempt::name::AttemptName;
use crate::attempt::output::Output;
use crate::attempt::person::Ids;
use crate::refusal::Refusal;
use crate::slate::lock::Lock;
use crate::slate::{
    KEPT_MOUNTED_MAX, Left, Origin, Rest, Seen, Slate, Unprepared, Wanted,
    hiding, look,
};

pub(super) use clean::{Cleaner, Doomed};
pub(super) use found::find;
use remove::{leave_place, while_suspended};
pub(super) use sandbox::Sandbox;
pub(super) use stray::Stray;
use together::Together;
pub(super) use visit::Look;
pub(super) use working::Place;
use working::session_of;

/// Set on the working dataset alone: a tag that a child has inherited says
/// nothing about who created it.
const TAG_SESSION: &str = "gocrash:session";
const TAG_SNAPSHOT: &str = "gocrash:snapshot";
const TAG_OUTCOME: &str = "gocrash:outcome";
/// The snapshot of a slate that is kept, as its attempt left it.
pub(super) const END: &str = "end";
/// The snapshot of a slate whose attempt hangs.
pub(super) const HANG: &str = "hang";

/// The pools of this host, for one hunt.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    zfs: Zfs,
    /// How slates are mounted: they inherit all that counts from the working
    /// dataset, and nothing is set on one before it is kept.
    settings: Arc<OnceLock<MountSettings>>,
    /// Says that the hunt goes on, and keeps its snapshot.
    alive: Arc<Mutex<Option<Alive>>>,
    together: Arc<Together>,
    /// So many slates were kept.
    kept: Arc<AtomicUsize>,
}

/// What ends with this process, and is seen by others until then.
#[derive(Debug)]
struct Alive {
    _hold: Option<Hold>,
    _lock: Option<Lock>,
}

/// A clone of the snapshot.
#[derive(Debug)]
pub(super) struct SlatePlace {
    /// Where it is mounted until it is revealed, if that is somewhere else.
    hidden: Option<PathBuf>,
    is_revealed: bool,
    dataset: DatasetName,
    guid: String,
    /// The device that its files are on, as long as it is mounted.
    device: u64,
    /// A snapshot that was taken of it, and what tells that from another one.
    frozen: Option<(SnapshotName, String)>,
}

impl SlatePlace {
    /// Where a slate is now that will be at `path`.
    pub(super) fn here(&self, path: &Path) -> PathBuf {
        let hidden = self.hidden.as_deref().filter(|_| !self.is_revealed);
        hidden.unwrap_or(path).to_owned()
    }

    pub(super) fn guid(&self) -> &str {
        &self.guid
    }

    /// Moves it to its place.
    pub(super) fn reveal(&mut self, path: &Path) -> anyhow::Result<()> {
        if let Some(hidden) = &self.hidden {
            hiding::move_mount(hidden, path).with_context(|| {
                format!("cannot move `{}`", hidden.display())
            })?;
        }
        self.is_revealed = true;
        Ok(())
    }

    /// Takes away where it was hidden: not when it is revealed, as a thread
    /// stands still until then. It is no loss when that stays.
    fn tidy(&self) {
        if let Some(hidden) = &self.hidden {
            let _ = std::fs::remove_dir(hidden);
        }
    }
}

impl Pool {
    pub(super) fn open() -> Result<Pool, Refusal> {
        match Zfs::open() {
            Ok(zfs) => {
                let (settings, alive) = (Arc::default(), Arc::default());
                let (together, kept) = (Arc::default(), Arc::default());
                Ok(Pool { zfs, settings, alive, together, kept })
            }
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

    /// Makes and mounts a slate, and the files for its output.
    pub(super) fn prepare(
        &self,
        working: &Place,
        name: AttemptName,
        owner: Option<&Ids>,
    ) -> Result<(Slate, Output), Unprepared> {
        let (path, place) = self.clone_and_mount(working, name)?;
        let output = Output::create(&place.here(&path), owner)
            .context("cannot store the output");
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
        let clone = || {
            let origin = working.origin();
            self.zfs.clone_from(&dataset, origin, &Properties::new())
        };
        while_suspended(clone).map_err(nothing)?;
        let set_up = || {
            let path = working.path.join(name.to_string());
            let hidden = hiding::make_places(&path)
                .context("cannot make a directory for the slate")?;
            let here = hidden.as_ref().unwrap_or(&path);
            let settings = self.settings(working)?.to_be_moved_to(&path);
            let options = MountOptions::default();
            self.zfs.mount_with(&dataset, here, &settings, options)?;
            let device = here.symlink_metadata()?.dev();
            let place = SlatePlace {
                is_revealed: false,
                dataset: dataset.clone(),
                // What is mounted is open already, which spares the kernel
                // that.
                guid: self.guid(&dataset)?,
                device,
                frozen: None,
                hidden,
            };
            anyhow::Ok((path, place))
        };
        match set_up() {
            Ok(made) => Ok(made),
            Err(error) => Err(Unprepared {
                why: format!("{error:#}"),
                left: match self.undo_clone(
                    &working.dataset,
                    &dataset,
                    working.origin(),
                ) {
                    Ok(()) => None,
                    Err(error) => Some(left(&dataset, &error)),
                },
            }),
        }
    }

    /// Takes a snapshot of the slate, as it is while its attempt hangs.
    pub(super) fn freeze(
        &self,
        slate: &mut SlatePlace,
    ) -> anyhow::Result<String> {
        let snapshot = self.take_own(&slate.dataset, HANG)?;
        let guid = self.guid(&snapshot)?;
        let name = snapshot.to_string();
        slate.frozen = Some((snapshot, guid));
        Ok(name)
    }

    /// Lets the slate stay, marked with what became of the attempt, and with a
    /// snapshot: who looks at it later looks at that. It is mounted no more at
    /// the next boot: thousands of them would delay it. Nor is it from now on,
    /// if there are many and it need not be: they slow the next ones.
    pub(super) fn keep(
        &self,
        slate: &SlatePlace,
        word: &str,
        stays_mounted: bool,
    ) -> anyhow::Result<()> {
        slate.tidy();
        // One that finds no room keeps the others from nothing.
        let end = self.take_own(&slate.dataset, END);
        for (name, value) in [(TAG_OUTCOME, word), ("canmount", "noauto")] {
            let set = || self.zfs.set_property(&slate.dataset, name, value);
            while_suspended(set)?;
        }
        let kept = self.kept.fetch_add(1, Ordering::Relaxed);
        if kept >= KEPT_MOUNTED_MAX && !stays_mounted {
            // What is busy stays, which is no loss.
            let _ = self.unmount(&slate.dataset);
        }
        end.map(drop)
    }

    /// Takes a snapshot of something in the working dataset, which says whose
    /// it is: what others take there is foreign.
    pub(super) fn take_own(
        &self,
        dataset: &DatasetName,
        short_name: &str,
    ) -> anyhow::Result<SnapshotName> {
        let working = dataset.parent().context("it is in no dataset")?;
        let snapshot = dataset.snapshot(short_name)?;
        let session = session_of(&working);
        let tag = Properties::new().with(TAG_SESSION, session);
        let snapshots = std::slice::from_ref(&snapshot);
        while_suspended(|| self.zfs.snapshot(snapshots, &tag))?;
        Ok(snapshot)
    }

    /// Destroys the slate, if it is the one that was made.
    pub(super) fn retire(
        &self,
        working: &Place,
        slate: &SlatePlace,
        path: &Path,
    ) -> Rest {
        // Also before it is unmounted; what is mounted is quickly looked at.
        let gone = self.check_tag(&working.dataset).and_then(|()| {
            self.check_clone(&slate.dataset, &slate.guid, working.origin())?;
            if let Some((snapshot, guid)) = &slate.frozen {
                self.check_guid(snapshot, guid)?;
                self.destroy_snapshots(std::slice::from_ref(snapshot))?;
            }
            match self.goes_with_others(working, slate, path) {
                true => leave_place(path),
                false => self.remove(&slate.dataset, path)?,
            }
            slate.tidy();
            Ok(())
        });
        rest(&slate.dataset, gone)
    }

    /// The usual way to go; where something is in it, all is done step by step,
    /// with patience, and what is wrong has a name.
    fn goes_with_others(
        &self,
        working: &Place,
        slate: &SlatePlace,
        path: &Path,
    ) -> bool {
        let here = slate.here(path);
        let unmounted = self.zfs.unmount_device(&here, slate.device);
        unmounted.is_ok_and(|unmounted| unmounted)
            && self.together.destroy(&self.zfs, working, slate)
    }

    pub(super) fn leave(&self, source: &DatasetName) {
        self.set_alive(None);
        // There may be holds that somebody is still busy with.
        remove::wait_while_suspended(|| self.zfs.property(source, "guid"));
    }

    /// Says nothing of the hunt any more, by `None`.
    fn set_alive(&self, alive: Option<Alive>) {
        // What a panic left there is whole.
        *self.alive.lock().unwrap_or_else(PoisonError::into_inner) = alive;
    }

    fn guid(&self, name: &impl Name) -> anyhow::Result<String> {
        Ok(while_suspended(|| self.zfs.property(name, "guid"))?.value)
    }

    /// Read once, when the first slate is mounted.
    fn settings(&self, working: &Place) -> zfs::Result<&MountSettings> {
        if let Some(settings) = self.settings.get() {
            return Ok(settings);
        }
        let read = || self.zfs.mount_settings(&working.dataset);
        let settings = while_suspended(read)?;
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
