//! The seam: every request that a hunt has to where its trees come from. What
//! goes in and out is plain data and open files, so that all that needs rights
//! can live in another process.

use std::path::PathBuf;

use crate::attempt::name::AttemptName;
use crate::attempt::output::Output;
use crate::attempt::person::Ids;
use crate::slate::name::session_name;
use crate::slate::overlay::Overlay;
use crate::slate::room::{self, Limits, Shortage};
use crate::slate::zfs::Pool;
use crate::slate::{
    Drift, Golden, Left, Origin, Place, Rest, Seen, Slate, SlatePlace,
    Unprepared, Wanted, Working,
};

/// Where trees come from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Zfs(Pool),
    Overlay(Overlay),
}

/// A source gets back only what it made itself.
const OWN: &str = "what one source made is not given to another";

impl Source {
    pub(crate) fn open(origin: &Origin) -> anyhow::Result<Source> {
        match origin {
            Origin::Zfs { .. } => Ok(Source::Zfs(Pool::open()?)),
            Origin::Overlay(tree) => Ok(Source::Overlay(Overlay::open(tree)?)),
        }
    }

    /// What a look at the source may leave behind when it is cut short.
    pub(crate) fn checking_risks(&self, origin: &Origin) -> Vec<Left> {
        match self {
            Source::Zfs(_) => Pool::checking_risks(origin),
            Source::Overlay(overlay) => vec![overlay.checking_risks()],
        }
    }

    /// Looks at the source, and refuses what could not work. Creates nothing
    /// that lasts.
    pub(crate) fn check(&self, wanted: &Wanted) -> anyhow::Result<Seen> {
        match (self, &wanted.origin) {
            (Source::Zfs(pool), Origin::Zfs { snapshot, taken_of, parent }) => {
                pool.check(snapshot, taken_of.as_deref(), parent, wanted)
            }
            (Source::Overlay(overlay), _) => overlay.check(wanted),
            _ => unreachable!("{OWN}"),
        }
    }

    /// The directory that everything of a hunt goes to, where that is for the
    /// person to pass. It may not be there yet.
    pub(crate) fn place(
        &self,
        origin: &Origin,
    ) -> anyhow::Result<Option<PathBuf>> {
        match (self, origin) {
            (Source::Zfs(pool), Origin::Zfs { parent, .. }) => {
                pool.place(parent).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// What `create_working` may leave behind when it is cut short.
    pub(crate) fn opening_risks(
        &self,
        origin: &Origin,
        first_ms: u128,
    ) -> Vec<Left> {
        let session = session_name(first_ms);
        let at_risk = |name| Left {
            name,
            why: "may have been created, with this number or one of the next"
                .to_owned(),
        };
        match origin {
            Origin::Zfs { snapshot, taken_of, parent } => {
                let dataset = snapshot.dataset();
                let snapshot =
                    taken_of.as_ref().map(|_| format!("{dataset}@{session}"));
                let working = format!("{parent}/{session}");
                snapshot.into_iter().chain([working]).map(at_risk).collect()
            }
            Origin::Overlay(tree) => {
                let state = tree.state.display();
                vec![at_risk(format!("{state}/{session}"))]
            }
        }
    }

    /// Creates what holds everything of the hunt.
    pub(crate) fn create_working(
        &self,
        origin: &Origin,
        limits: Limits,
        first_ms: u128,
    ) -> anyhow::Result<Working> {
        match (self, origin) {
            (Source::Zfs(pool), Origin::Zfs { snapshot, taken_of, parent }) => {
                let is_to_be_taken = taken_of.is_some();
                pool.create_working(
                    parent,
                    snapshot,
                    is_to_be_taken,
                    limits,
                    first_ms,
                )
            }
            (Source::Overlay(overlay), _) => {
                let working = overlay.create_working(first_ms)?;
                // What can't be told doesn't limit anything.
                let size = room::size_bytes(&working.path).unwrap_or(0);
                let min_free_bytes = limits.min_free.bytes(size);
                Ok(Working { min_free_bytes, ..working })
            }
            _ => unreachable!("{OWN}"),
        }
    }

    /// What is short, if there is too little room for one more slate.
    pub(crate) fn shortage(
        &self,
        working: &Working,
    ) -> anyhow::Result<Option<Shortage>> {
        let min_bytes = working.min_free_bytes;
        match (self, &working.place) {
            (Source::Zfs(pool), Place::Zfs(place)) => {
                pool.shortage(place, min_bytes)
            }
            _ => room::shortage(&working.path, min_bytes),
        }
    }

    /// What is short, if nothing more can be written in the slate.
    pub(crate) fn is_full(
        &self,
        slate: &Slate,
    ) -> anyhow::Result<Option<Shortage>> {
        room::full_dir(&slate.path)
    }

    /// Makes a clone for something to be done in, once.
    pub(crate) fn create_golden(
        &self,
        working: &Working,
    ) -> anyhow::Result<Golden> {
        match (self, &working.place) {
            (Source::Zfs(pool), Place::Zfs(place)) => pool.create_golden(place),
            _ => anyhow::bail!("overlays are made of a directory as it is"),
        }
    }

    /// Makes it what slates are clones of from now on.
    pub(crate) fn finish_golden(
        &self,
        working: &Working,
        golden: &Golden,
    ) -> anyhow::Result<Working> {
        match (self, &working.place) {
            (Source::Zfs(pool), Place::Zfs(place)) => {
                let place = Box::new(pool.finish_golden(place, golden)?);
                Ok(Working { place: Place::Zfs(place), ..working.clone() })
            }
            _ => unreachable!("{OWN}"),
        }
    }

    /// Destroys one that was not finished.
    pub(crate) fn retire_golden(
        &self,
        working: &Working,
        golden: &Golden,
    ) -> Rest {
        match (self, &working.place) {
            (Source::Zfs(pool), Place::Zfs(place)) => {
                pool.retire_golden(place, golden)
            }
            _ => unreachable!("{OWN}"),
        }
    }

    /// Makes and mounts a slate, out of reach of what runs; and the files that
    /// the output of its attempt goes to, which are the owner's.
    pub(crate) fn prepare(
        &self,
        working: &Working,
        name: AttemptName,
        owner: Option<&Ids>,
    ) -> Result<(Slate, Output), Unprepared> {
        match (self, &working.place) {
            (Source::Zfs(pool), Place::Zfs(place)) => {
                pool.prepare(place, name, owner)
            }
            (Source::Overlay(overlay), _) => overlay.prepare(name),
            _ => unreachable!("{OWN}"),
        }
    }

    /// Moves the slate to where its attempt runs.
    pub(crate) fn reveal(&self, slate: &mut Slate) -> anyhow::Result<()> {
        match (self, &mut slate.place) {
            (Source::Zfs(_), SlatePlace::Zfs(place)) => {
                place.reveal(&slate.path)
            }
            (Source::Overlay(overlay), SlatePlace::Overlay(place)) => {
                overlay.reveal(place)
            }
            _ => unreachable!("{OWN}"),
        }
    }

    /// Lets the slate stay, marked with what became of the attempt.
    pub(crate) fn keep(&self, slate: &Slate, word: &str) -> anyhow::Result<()> {
        match (self, &slate.place) {
            (Source::Zfs(pool), SlatePlace::Zfs(place)) => {
                pool.keep(place, word)
            }
            (Source::Overlay(overlay), SlatePlace::Overlay(place)) => {
                overlay.keep(place)
            }
            _ => unreachable!("{OWN}"),
        }
    }

    /// Destroys the slate, if it is the one that was made.
    pub(crate) fn retire(&self, working: &Working, slate: Slate) -> Rest {
        match (self, &working.place, slate.place) {
            (
                Source::Zfs(pool),
                Place::Zfs(working),
                SlatePlace::Zfs(place),
            ) => pool.retire(working, &place, &slate.path),
            (Source::Overlay(overlay), _, SlatePlace::Overlay(place)) => {
                overlay.retire(&place)
            }
            _ => unreachable!("{OWN}"),
        }
    }

    /// Does what makes files in the hunt's directory, with the rights of whom
    /// that belongs to: no link there leads root elsewhere.
    pub(crate) fn as_owner<T>(&self, work: impl FnOnce() -> T) -> T {
        match self {
            Source::Zfs(_) => work(),
            Source::Overlay(overlay) => overlay.as_owner(work),
        }
    }

    /// When no slate is under way any more: leaves what is kept, and looks
    /// whether the source is what it was when the hunt began.
    pub(crate) fn finish(&self) -> Drift {
        match self {
            Source::Zfs(_) => Drift::None,
            Source::Overlay(overlay) => overlay.finish(),
        }
    }

    /// Destroys what `create_working` made, if it is that. One with anything
    /// in it stays.
    pub(crate) fn close(&self, working: &Working) -> Rest {
        match (self, &working.place) {
            (Source::Zfs(pool), Place::Zfs(place)) => pool.close(place),
            (Source::Overlay(overlay), Place::Overlay(place)) => {
                overlay.close(place)
            }
            _ => unreachable!("{OWN}"),
        }
    }
}
