//! The directory of one hunt, and the slates in it.

use std::io;
use std::io::{BufWriter, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::fchown;
use std::path::{Path, PathBuf};

use anyhow::Context;
use nix::errno::Errno;
use nix::unistd::syncfs;

use super::check::State;
use super::folder::{Folder, Identity};
use super::layers::{self, Layers, Style, TREE, UPPER};
use super::owner::Acting;
use super::{Place, SlatePlace, changes};
use crate::attempt::name::AttemptName;
use crate::attempt::output::{NAMES, Output};
use crate::attempt::person::Ids;
use crate::record;
use crate::slate::lock::Lock;
use crate::slate::name::take_free;
use crate::slate::origin::Tree;
use crate::slate::{Left, Rest, Slate, Unprepared};

/// Something may be put into a slate while it is removed, so often.
const REMOVE_TRIES_MAX: u32 = 5;
/// Where slates are until their attempt begins.
pub(crate) const READY: &str = ".ready";
/// The list of what an attempt changed, beside its upper directory.
pub(super) const CHANGES: &str = "changes";

#[derive(Debug)]
pub(super) struct Session {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) folder: Folder,
    /// Nobody enters it without gocrash's own rights: what is made in there is
    /// out of reach of what runs, and safe from links.
    ready: Folder,
    /// Says that the hunt goes on.
    _lock: Lock,
}

impl Session {
    /// Takes the first free name from `first_ms` up.
    pub(super) fn create(
        tree: &Tree,
        state: &State,
        first_ms: u128,
    ) -> anyhow::Result<Session> {
        let (name, folder) = create_named(tree, state, first_ms)?;
        let path = tree.state.join(&name);
        let set_up = || {
            // Locked before anything is in it: what is empty is left alone.
            let lock = Lock::take(&folder.path())?;
            io::Result::Ok((make_ready(&folder)?, lock))
        };
        match set_up() {
            Ok((ready, _lock)) => {
                Ok(Session { name, path, folder, ready, _lock })
            }
            Err(error) => {
                let path = path.display();
                let error = anyhow::Error::new(error)
                    .context(format!("cannot set up `{path}`"));
                Err(match state.folder.remove_empty(&name) {
                    Ok(()) => error,
                    Err(left) => {
                        let left = left.desc();
                        error.context(format!("`{path}` is left: {left}"))
                    }
                })
            }
        }
    }

    /// Goes on in the one that another process created, and left. Nothing of
    /// what was unfinished may be there any more.
    pub(super) fn reopen(
        tree: &Tree,
        state: &State,
        name: &str,
    ) -> anyhow::Result<Session> {
        let path = tree.state.join(name);
        let reopen = || {
            let folder = state.folder.at(name)?;
            let lock = Lock::take(&folder.path())?;
            match folder.remove_empty(READY) {
                Ok(()) | Err(Errno::ENOENT) => {}
                Err(error) => return Err(error.into()),
            }
            let ready = make_ready(&folder)?;
            io::Result::Ok((folder, ready, lock))
        };
        let (folder, ready, _lock) = reopen()
            .with_context(|| format!("cannot go on in `{}`", path.display()))?;
        Ok(Session { name: name.to_owned(), path, folder, ready, _lock })
    }

    pub(super) fn prepare(
        &self,
        name: AttemptName,
        source: &Folder,
        style: Style,
        owner: Option<&Ids>,
    ) -> Result<(Slate, Output), Unprepared> {
        let name = name.to_string();
        let unprepared = |why, left| Unprepared { why, left };
        let folder = self.ready.make(&name, 0o755).map_err(|error| {
            unprepared(format!("cannot make a directory: {error}"), None)
        })?;
        let path = self.path.join(&name);
        match set_up(&folder, source, style, owner) {
            Ok((identity, output)) => {
                let upper = path.join(UPPER);
                let place =
                    SlatePlace { name, identity, upper, is_hidden: true };
                let place = super::super::SlatePlace::Overlay(place);
                Ok((Slate { path: path.join(TREE), place }, output))
            }
            Err(error) => {
                let gone = layers::unmount(&folder)
                    .map_err(io::Error::from)
                    .and_then(|()| self.ready.remove(&name));
                let left = gone.err().map(|error| Left {
                    name: self
                        .path
                        .join(READY)
                        .join(&name)
                        .display()
                        .to_string(),
                    why: error.to_string(),
                });
                Err(unprepared(format!("{error:#}"), left))
            }
        }
    }

    /// From here on the person finds it by its path. Other attempts don't:
    /// each has a view in which all of the hunt's directory is hidden but its
    /// own tree.
    pub(super) fn reveal(&self, slate: &mut SlatePlace) -> anyhow::Result<()> {
        if slate.is_hidden {
            self.ready.move_to(&self.folder, &slate.name).with_context(
                || format!("cannot move `{}` to its place", slate.name),
            )?;
            slate.is_hidden = false;
        }
        Ok(())
    }

    pub(super) fn root(&self, slate: &SlatePlace) -> anyhow::Result<OwnedFd> {
        Ok(self.find(slate)?.at(TREE)?.open_again()?)
    }

    pub(super) fn keep(
        &self,
        slate: &SlatePlace,
        source: &Folder,
        style: Style,
        owner: Option<&Ids>,
    ) -> anyhow::Result<()> {
        let folder = self.find(slate)?;
        layers::unmount(&folder)?;
        layers::remove_scaffold(&folder)
            .context("cannot remove what overlayfs needed")?;
        let file = folder.create(CHANGES).context("cannot list the changes")?;
        if let Some(ids) = owner {
            fchown(&file, Some(ids.uid.as_raw()), Some(ids.gid.as_raw()))?;
        }
        let mut out = BufWriter::new(file);
        changes::list(&folder.at(UPPER)?, source, style.opaque(), &mut out)
            .context("cannot list the changes")?;
        out.flush()?;
        // Nothing was made to last while the attempt ran.
        syncfs(out.get_ref())?;
        Ok(())
    }

    pub(super) fn retire(&self, slate: &SlatePlace) -> Rest {
        let place = match slate.is_hidden {
            true => self.path.join(READY),
            false => self.path.clone(),
        };
        rest(place.join(&slate.name), self.remove(slate))
    }

    fn remove(&self, slate: &SlatePlace) -> anyhow::Result<()> {
        let folder = self.find(slate)?;
        layers::unmount(&folder)?;
        let holder = self.holder(slate);
        // What is usually there, without looking.
        let mut gone = layers::remove_scaffold(&folder)
            .and_then(|()| folder.remove(UPPER))
            .and_then(|()| Ok(holder.remove_empty(&slate.name)?));
        for _ in 0..REMOVE_TRIES_MAX {
            if gone.is_ok() {
                break;
            }
            gone = holder.remove(&slate.name);
        }
        Ok(gone?)
    }

    /// No slate waits any more.
    pub(super) fn remove_ready(&self) {
        // One that could not be removed is still in there, and was named.
        let _ = self.folder.remove_empty(READY);
    }

    pub(super) fn close(&self, state: &State, working: &Place) -> Rest {
        let close = || {
            let there = state.folder.at(&working.name)?.identity()?;
            check_identity(there, working.identity)?;
            // The record goes with all else, or not at all.
            let names = self.folder.names()?;
            let other = names.iter().find(|name| !record::is_file_of_it(name));
            if let Some(other) = other {
                let other = Path::new(other).display();
                anyhow::bail!("there is `{other}` in it");
            }
            for name in record::FILES {
                self.folder.remove_file(name)?;
            }
            Ok(state.folder.remove_empty(&working.name)?)
        };
        rest(self.path.clone(), close())
    }

    /// The directory of the slate, if it is the one that was made.
    fn find(&self, slate: &SlatePlace) -> anyhow::Result<Folder> {
        let folder = self.holder(slate).at(&slate.name)?;
        check_identity(folder.identity()?, slate.identity)?;
        Ok(folder)
    }

    fn holder(&self, slate: &SlatePlace) -> &Folder {
        match slate.is_hidden {
            true => &self.ready,
            false => &self.folder,
        }
    }
}

impl SlatePlace {
    /// Where a slate is now that will be at `path`.
    pub(in crate::slate) fn here(&self, path: &Path) -> PathBuf {
        let session = path.parent().and_then(Path::parent);
        match session {
            Some(session) if self.is_hidden => {
                session.join(READY).join(&self.name).join(TREE)
            }
            _ => path.to_owned(),
        }
    }
}

fn create_named(
    tree: &Tree,
    state: &State,
    first_ms: u128,
) -> anyhow::Result<(String, Folder)> {
    let _acting = Acting::begin(tree.owner.as_ref());
    let place = tree.state.display();
    take_free(&place, first_ms, |name| match state.folder.make(&name, 0o755) {
        Ok(folder) => Ok(Some((name, folder))),
        Err(Errno::EEXIST) => Ok(None),
        Err(error) => Err(error).context(format!("cannot use `{place}`")),
    })
}

/// A directory that can be entered with more rights than its owner's alone.
fn make_ready(session: &Folder) -> io::Result<Folder> {
    let ready = session.make(READY, 0o700)?;
    let stat = ready.stat()?;
    if stat.st_uid != nix::unistd::Uid::effective().as_raw() {
        return Err(io::Error::other("somebody has put something else there"));
    }
    // In a user namespace, only what is all one's own can be entered so.
    ready.set_owner(stat.st_uid, nix::unistd::Gid::effective().as_raw())?;
    ready.set_mode(0)?;
    Ok(ready)
}

/// Makes the layers of a slate and mounts them.
fn set_up(
    folder: &Folder,
    source: &Folder,
    style: Style,
    owner: Option<&Ids>,
) -> anyhow::Result<(Identity, Output)> {
    let layers = Layers::make(folder)?;
    // What the upper directory is, the root of the tree is.
    let root = source.stat()?;
    let upper = layers.upper.stat()?;
    if let Some(ids) = owner {
        folder.set_owner(ids.uid.as_raw(), ids.gid.as_raw())?;
    }
    if !style.user_notes
        && (upper.st_uid, upper.st_gid) != (root.st_uid, root.st_gid)
    {
        layers.upper.set_owner(root.st_uid, root.st_gid)?;
    }
    if upper.st_mode != root.st_mode {
        layers.upper.set_mode(root.st_mode & 0o7777)?;
    }
    // Before it is mounted: what is below a mount may not change.
    let mut output = Output::create(&folder.path().join(UPPER), owner)
        .context("cannot store the output")?;
    output.replaced = NAMES
        .into_iter()
        .filter(|name| source.stat_of(name.as_ref()).is_ok())
        .collect();
    layers.mount(&[source], style).context("cannot mount the overlay")?;
    Ok((folder.identity()?, output))
}

fn check_identity(there: Identity, recorded: Identity) -> anyhow::Result<()> {
    anyhow::ensure!(
        there == recorded,
        "it is not the directory that this hunt created"
    );
    Ok(())
}

fn rest(path: PathBuf, gone: anyhow::Result<()>) -> Rest {
    match gone {
        Ok(()) => Rest::Gone,
        Err(error) => Rest::Left(Left {
            name: path.display().to_string(),
            why: format!("{error:#}"),
        }),
    }
}
