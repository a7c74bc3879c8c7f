//! What goes of a hunt in overlays, and what has to stay: nothing goes that the
//! hunt did not make, as names, inodes and the record say together.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use nix::errno::Errno;

use super::UPPER;
use super::folder::Folder;
use super::layers::{self, TREE, WORK};
use super::sandbox;
use super::session::{CHANGES, READY};
use crate::attempt::name::AttemptName;
use crate::record;
use crate::record::read::Attempt;
use crate::slate::Left;
use crate::slate::clean::Extent;
use crate::slate::collect;
use crate::slate::found::{Found, is_kept};
use crate::slate::lock::Lock;

/// All that gocrash makes in the directory of a slate.
const INSIDE: [&str; 4] = [UPPER, WORK, TREE, CHANGES];
/// Something may be put into a slate while it is removed, so often.
const REMOVE_TRIES_MAX: u32 = 5;

/// The way to clean up after one hunt.
#[derive(Debug)]
pub(in crate::slate) struct Cleaner {
    /// The state directory.
    state: Folder,
    name: String,
    path: PathBuf,
    session: Folder,
    kept: Vec<AttemptName>,
    /// What the log says of each attempt.
    attempts: BTreeMap<AttemptName, Attempt>,
    holds_nothing: bool,
    /// While this is there, the hunt can't go on.
    _lock: Lock,
}

/// Something that goes.
#[derive(Debug)]
pub(in crate::slate) enum Doomed {
    /// The directory of a slate, and whether it waits among those.
    Slate(String, bool),
    /// What was collected from all slates.
    Collected,
    /// The directory of the hunt.
    Session,
}

impl Doomed {
    pub(in crate::slate) fn is_foundation(&self) -> bool {
        matches!(self, Doomed::Session)
    }
}

impl Cleaner {
    pub(in crate::slate) fn new(found: &Found) -> anyhow::Result<Cleaner> {
        let path = PathBuf::from(&found.name);
        let place = path.parent().context("it is in no directory")?;
        let state = Folder::open(place)?;
        let session = state.at(&found.session)?;
        let lock = Lock::take(&session.path());
        let lock = lock.context("cannot lock it: does it go on?")?;
        let history = found.record.as_ref().ok().map(|r| &r.history);
        let opened = history.and_then(|history| history.opened.as_ref());
        if let Some(recorded) = opened.and_then(|o| o.guid.as_deref()) {
            let inode = session.identity()?.inode.to_string();
            anyhow::ensure!(
                recorded == inode,
                "it is not the directory that its record is of"
            );
        }
        let kept = found.slates.iter().filter(|slate| is_kept(found, slate));
        Ok(Cleaner {
            state,
            name: found.session.clone(),
            path,
            session,
            kept: kept.map(|slate| slate.attempt).collect(),
            attempts: history
                .map(|history| history.attempts.clone())
                .unwrap_or_default(),
            holds_nothing: history.is_some_and(|history| {
                history.is_closing || history.opened.is_none()
            }),
            _lock: lock,
        })
    }

    /// What goes, in this order, and what stays though it was to go.
    pub(in crate::slate) fn plan(
        &self,
        extent: Extent,
    ) -> anyhow::Result<(Vec<Doomed>, Vec<Left>)> {
        let mut go = Vec::new();
        let mut stay = Vec::new();
        let mut remains = false;
        let is_whole = extent == Extent::Whole || self.holds_nothing;
        let names = self.session.names()?;
        if names.is_empty() {
            // Somebody else may have made it.
            let why = "it is empty, so that nothing says what it is: \
                       `rmdir` removes it";
            let name = self.path.display().to_string();
            return Ok((go, vec![Left { name, why: why.to_owned() }]));
        }
        for name in names {
            let attempt = name.to_str().and_then(|name| name.parse().ok());
            match attempt {
                Some(attempt) => {
                    let is_kept = self.kept.contains(&attempt);
                    if extent == Extent::Unfinished && is_kept {
                        remains = true;
                        continue;
                    }
                    self.slate(&self.session, attempt, false)?
                        .map_or_else(|left| stay.push(left), |d| go.push(d));
                }
                None if name == READY => {
                    for (name, ready) in self.waiting()? {
                        self.slate(&ready, name, true)?.map_or_else(
                            |left| stay.push(left),
                            |d| go.push(d),
                        );
                    }
                }
                None if sandbox::is_named_so(Path::new(&name)) => {
                    let path = self.path.join(&name);
                    let shell = self.shell(&name);
                    go.extend(shell.filter(|_| user_of(&path).is_none()));
                }
                None if name == collect::DIRECTORY => {
                    go.extend(is_whole.then_some(Doomed::Collected));
                }
                None if record::is_file_of_it(&name) => {}
                None if is_whole => stay.push(self.foreign(Path::new(&name))),
                None => {}
            }
        }
        if is_whole && stay.is_empty() && !remains {
            go.push(Doomed::Session);
        }
        Ok((go, stay))
    }

    pub(in crate::slate) fn path_of(&self, doomed: &Doomed) -> String {
        let path = match doomed {
            Doomed::Slate(name, true) => self.path.join(READY).join(name),
            Doomed::Slate(name, false) => self.path.join(name),
            Doomed::Collected => self.path.join(collect::DIRECTORY),
            Doomed::Session => self.path.clone(),
        };
        path.display().to_string()
    }

    pub(in crate::slate) fn remove(
        &mut self,
        doomed: &Doomed,
    ) -> anyhow::Result<()> {
        match doomed {
            Doomed::Slate(name, is_hidden) => {
                let ready = match is_hidden {
                    true => Some(self.session.at(READY)?),
                    false => None,
                };
                let holder = ready.as_ref().unwrap_or(&self.session);
                remove_slate(holder, name)
            }
            Doomed::Collected => Ok(self.session.remove(collect::DIRECTORY)?),
            Doomed::Session => {
                match self.session.remove_empty(READY) {
                    Ok(()) | Err(Errno::ENOENT) => {}
                    Err(error) => return Err(error.into()),
                }
                for name in record::FILES {
                    self.session.remove_file(name)?;
                }
                Ok(self.state.remove_empty(&self.name)?)
            }
        }
    }

    /// The slates that wait, and where.
    fn waiting(&self) -> anyhow::Result<Vec<(AttemptName, Folder)>> {
        let ready = self.session.at(READY)?;
        let names = ready.names()?.into_iter();
        names
            .filter_map(|name| name.to_str()?.parse().ok())
            .map(|name| Ok((name, self.session.at(READY)?)))
            .collect()
    }

    /// A slate that the hunt made, or why it isn't one.
    fn slate(
        &self,
        holder: &Folder,
        attempt: AttemptName,
        is_hidden: bool,
    ) -> anyhow::Result<Result<Doomed, Left>> {
        let name = attempt.to_string();
        let doomed = Doomed::Slate(name.clone(), is_hidden);
        let path = self.path_of(&doomed);
        let stays = |why: String| Left { name: path.clone(), why };
        let Some(recorded) = self.attempts.get(&attempt) else {
            return Ok(Err(stays("this hunt did not make it".to_owned())));
        };
        let Ok(folder) = holder.at(&name) else {
            return Ok(Err(stays("it is not a directory".to_owned())));
        };
        let inode = folder.identity()?.inode.to_string();
        if recorded.guid.as_ref().is_some_and(|guid| *guid != inode) {
            let why = "it is not the directory that this hunt created";
            return Ok(Err(stays(why.to_owned())));
        }
        let own = |name: &OsStr| INSIDE.iter().any(|own| name == *own);
        if let Some(other) = folder.names()?.iter().find(|name| !own(name)) {
            let path = Path::new(&path).join(other);
            return Ok(Err(self.foreign(&path)));
        }
        if let Some(user) = user_of(Path::new(&path)) {
            return Ok(Err(stays(format!("{user} has it mounted"))));
        }
        Ok(Ok(doomed))
    }

    /// What somebody looked around in, when gocrash was killed.
    fn shell(&self, name: &OsStr) -> Option<Doomed> {
        let names = self.session.at(name).ok()?.names().ok()?;
        let is_own = |name: &OsStr| INSIDE.iter().any(|own| name == *own);
        if !names.iter().all(|name| is_own(name)) {
            return None;
        }
        Some(Doomed::Slate(name.to_str()?.to_owned(), false))
    }

    fn foreign(&self, path: &Path) -> Left {
        Left {
            name: self.path.join(path).display().to_string(),
            why: "this hunt did not make it".to_owned(),
        }
    }
}

/// Removes the directory of a slate, with what gocrash made in it.
fn remove_slate(holder: &Folder, name: &str) -> anyhow::Result<()> {
    let folder = holder.at(name)?;
    layers::unmount(&folder)?;
    let remove = || {
        for inside in [TREE, WORK, UPPER] {
            folder.remove(inside)?;
        }
        folder.remove_file(CHANGES)?;
        std::io::Result::Ok(holder.remove_empty(name)?)
    };
    let mut gone = remove();
    for _ in 1..REMOVE_TRIES_MAX {
        if gone.is_ok() {
            break;
        }
        gone = remove();
    }
    Ok(gone?)
}

/// A process in whose mount namespace something is mounted below the path: one
/// that survived its hunt.
fn user_of(path: &Path) -> Option<String> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    for process in processes {
        let dir = process.path();
        let Ok(mounts) = fs::read_to_string(dir.join("mountinfo")) else {
            continue;
        };
        let is_below = |line: &str| {
            let place = line.split(' ').nth(4);
            place.is_some_and(|place| Path::new(place).starts_with(path))
        };
        if mounts.lines().any(is_below) {
            let command = fs::read_to_string(dir.join("comm"));
            let command = command.unwrap_or_default();
            let pid = process.file_name();
            let pid = pid.to_string_lossy();
            let command = command.trim_end();
            return Some(format!("process {pid} (`{command}`)"));
        }
    }
    None
}
