//! The seam: every request that a hunt has to where its trees come from. What
//! goes in and out is plain data and open files, so that all that needs rights
//! can live in another process.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::fchown;
use std::path::PathBuf;

use anyhow::Context;
use nix::unistd::Gid;

use crate::attempt::autopsy;
use crate::attempt::name::AttemptName;
use crate::attempt::output::{self, Output};
use crate::attempt::person::Ids;
use crate::slate::collect::{self, Collected};
use crate::slate::glob::Glob;
use crate::slate::name::session_name;
use crate::slate::overlay::{self, Overlay};
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
    pub(crate) fn checking_risks(origin: &Origin) -> Vec<Left> {
        match origin {
            Origin::Zfs { .. } => Pool::checking_risks(origin),
            Origin::Overlay(tree) => vec![overlay::checking_risks(tree)],
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
    pub(crate) fn opening_risks(origin: &Origin, first_ms: u128) -> Vec<Left> {
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
    ) -> anyhow::Result<(Working, Place)> {
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
                let (working, place) = overlay.create_working(first_ms)?;
                // What can't be told doesn't limit anything.
                let size = room::size_bytes(&working.path).unwrap_or(0);
                let min_free_bytes = limits.min_free.bytes(size);
                Ok((Working { min_free_bytes, ..working }, place))
            }
            _ => unreachable!("{OWN}"),
        }
    }

    /// Goes on with what another process created, and left: by name.
    pub(crate) fn reopen_working(
        &self,
        origin: &Origin,
        limits: Limits,
        name: &str,
    ) -> anyhow::Result<(Working, Place)> {
        match (self, origin) {
            (Source::Zfs(pool), Origin::Zfs { parent, .. }) => {
                pool.reopen_working(parent, limits, name)
            }
            (Source::Overlay(overlay), _) => {
                let (working, place) = overlay.reopen_working(name)?;
                let size = room::size_bytes(&working.path).unwrap_or(0);
                let min_free_bytes = limits.min_free.bytes(size);
                Ok((Working { min_free_bytes, ..working }, place))
            }
            _ => unreachable!("{OWN}"),
        }
    }

    /// What is short, if there is too little room for one more slate.
    pub(crate) fn shortage(
        &self,
        working: &Working,
        place: &Place,
    ) -> anyhow::Result<Option<Shortage>> {
        let min_bytes = working.min_free_bytes;
        match (self, place) {
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
        place: &Place,
    ) -> anyhow::Result<Golden> {
        match (self, place) {
            (Source::Zfs(pool), Place::Zfs(place)) => pool.create_golden(place),
            _ => anyhow::bail!("overlays are made of a directory as it is"),
        }
    }

    /// Makes it what slates are clones of from now on.
    pub(crate) fn finish_golden(
        &self,
        place: &Place,
        golden: &Golden,
    ) -> anyhow::Result<Place> {
        match (self, place) {
            (Source::Zfs(pool), Place::Zfs(place)) => {
                let place = pool.finish_golden(place, golden)?;
                Ok(Place::Zfs(Box::new(place)))
            }
            _ => unreachable!("{OWN}"),
        }
    }

    /// Destroys one that was not finished.
    pub(crate) fn retire_golden(&self, place: &Place, golden: &Golden) -> Rest {
        match (self, place) {
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
        place: &Place,
        name: AttemptName,
        owner: Option<&Ids>,
    ) -> Result<(Slate, Output), Unprepared> {
        match (self, place) {
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

    /// Makes the directory in the slate that is its attempt's `/tmp`.
    pub(crate) fn make_tmp(
        &self,
        slate: &Slate,
        owner: Option<&Ids>,
    ) -> anyhow::Result<()> {
        output::make_tmp(&self.root(slate)?, owner)
    }

    /// Writes down what there is to know of an attempt that hangs, before
    /// anything is done about it: in its slate, in a file that is the owner's,
    /// and comes open for more. What could not be written is said.
    pub(crate) fn examine(
        &self,
        slate: &Slate,
        supervisor: i32,
        owner: Option<&Ids>,
    ) -> anyhow::Result<(File, Option<String>)> {
        let name = autopsy::NAME;
        let (file, _) = output::create_at(&self.root(slate)?, name)
            .with_context(|| format!("cannot create `{name}`"))?;
        if let Some(ids) = owner {
            fchown(&file, Some(ids.uid.as_raw()), Some(ids.gid.as_raw()))
                .with_context(|| format!("cannot give `{name}` away"))?;
        }
        let written = autopsy::write(file.try_clone()?, supervisor);
        Ok((file, written.err().map(|error| format!("{error:#}"))))
    }

    /// Keeps the slate as it is at the moment, where that is possible; gives
    /// the name by which that is found.
    pub(crate) fn freeze(
        &self,
        slate: &mut Slate,
    ) -> anyhow::Result<Option<String>> {
        match (self, &mut slate.place) {
            (Source::Zfs(pool), SlatePlace::Zfs(place)) => {
                pool.freeze(place).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Copies files out of the slate to where the record is, for the readers of
    /// that. Nothing that could be copied is no reason to fail.
    pub(crate) fn collect(
        &self,
        working: &Working,
        slate: &Slate,
        name: AttemptName,
        globs: &[Glob],
        reader: Option<Gid>,
    ) -> anyhow::Result<Collected> {
        let to = match self {
            Source::Zfs(_) => output::open_directory(&working.path)?,
            Source::Overlay(overlay) => overlay.directory()?,
        };
        let from = self.root(slate)?;
        let name = name.to_string();
        Ok(self.as_owner(|| collect::collect(from, &to, &name, globs, reader)))
    }

    /// The root of the slate, open, whatever the attempt has put on the way
    /// to it.
    pub(crate) fn root(&self, slate: &Slate) -> anyhow::Result<OwnedFd> {
        match (self, &slate.place) {
            (Source::Zfs(_), SlatePlace::Zfs(place)) => {
                let path = place.here(&slate.path);
                output::open_directory(&path)
            }
            (Source::Overlay(overlay), SlatePlace::Overlay(place)) => {
                overlay.root(place)
            }
            _ => unreachable!("{OWN}"),
        }
    }

    /// Lets the slate stay, marked with what became of the attempt; mounted,
    /// where there are many, only if it has to be.
    pub(crate) fn keep(
        &self,
        slate: &Slate,
        word: &str,
        stays_mounted: bool,
    ) -> anyhow::Result<()> {
        match (self, &slate.place) {
            (Source::Zfs(pool), SlatePlace::Zfs(place)) => {
                pool.keep(place, word, stays_mounted)
            }
            (Source::Overlay(overlay), SlatePlace::Overlay(place)) => {
                overlay.keep(place)
            }
            _ => unreachable!("{OWN}"),
        }
    }

    /// Destroys the slate, if it is the one that was made.
    pub(crate) fn retire(&self, place: &Place, slate: Slate) -> Rest {
        match (self, place, slate.place) {
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

    /// Nobody goes on with the hunt: what says that it goes on is taken away.
    /// The kernel would do so when the process ends; but while the pool is
    /// suspended, it would keep everybody from `/dev/zfs` then.
    pub(crate) fn leave(&self, origin: &Origin) {
        if let (Source::Zfs(pool), Origin::Zfs { snapshot, .. }) =
            (self, origin)
        {
            pool.leave(snapshot.dataset());
        }
    }

    /// Destroys what `create_working` made, if it is that. One with anything
    /// in it stays.
    pub(crate) fn close(&self, place: &Place) -> Rest {
        match (self, place) {
            (Source::Zfs(pool), Place::Zfs(place)) => pool.close(place),
            (Source::Overlay(overlay), Place::Overlay(place)) => {
                overlay.close(place)
            }
            _ => unreachable!("{OWN}"),
        }
    }
}
