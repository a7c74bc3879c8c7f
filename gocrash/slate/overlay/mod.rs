//! Slates that are overlays on a directory. Each public method is a request:
//! plain data goes in, plain data comes out. What is held open is this side's
//! own.

mod changes;
mod check;
mod clean;
mod folder;
mod found;
mod layers;
mod namespace;
mod owner;
mod sandbox;
mod session;
mod watch;

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::Context;

use crate::attempt::name::AttemptName;
use crate::attempt::output::Output;
use crate::attempt::person::Ids;
use crate::slate::origin::Tree;
use crate::slate::{
    Drift, Kind, Left, Rest, Seen, Slate, Unprepared, Wanted, Working, look,
};
use check::State;
use folder::{Folder, Identity};
use layers::Style;
use owner::Acting;
use session::Session;
use watch::Watch;

pub(super) use clean::{Cleaner, Doomed};
pub(super) use found::find;
pub(super) use layers::UPPER;
pub(super) use namespace::enter;
pub(super) use sandbox::Sandbox;
pub(super) use session::READY;

/// One source, and what has been made of it.
#[derive(Debug, Clone)]
pub(crate) struct Overlay(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tree: Tree,
    checked: OnceLock<Checked>,
    session: OnceLock<Session>,
    watch: OnceLock<Watch>,
}

/// What the check has opened and found out.
#[derive(Debug)]
struct Checked {
    source: Folder,
    state: State,
    style: Style,
}

/// The directory that holds everything of one hunt.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    name: String,
    identity: Identity,
}

impl Place {
    pub(super) fn guid(&self) -> String {
        self.identity.inode.to_string()
    }
}

/// The directory of an attempt.
#[derive(Debug)]
pub(super) struct SlatePlace {
    name: String,
    identity: Identity,
    is_hidden: bool,
    upper: PathBuf,
}

/// What `check` may leave behind when it is cut short.
pub(super) fn checking_risks(tree: &Tree) -> Left {
    let probe = tree.state.join(check::probe_name());
    Left {
        name: probe.display().to_string(),
        why: "may have been created".to_owned(),
    }
}

impl SlatePlace {
    /// A directory has its inode, as long as it is there.
    pub(super) fn guid(&self) -> String {
        self.identity.inode.to_string()
    }

    pub(super) fn upper(&self) -> &Path {
        &self.upper
    }
}

/// Said of requests that come in the wrong order.
const UNCHECKED: &str = "a source is checked before it is used";
const UNOPENED: &str = "a slate follows the directory that it is made in";

impl Overlay {
    pub(super) fn open(tree: &Tree) -> anyhow::Result<Overlay> {
        Ok(Overlay(Arc::new(Inner {
            tree: tree.clone(),
            checked: OnceLock::new(),
            session: OnceLock::new(),
            watch: OnceLock::new(),
        })))
    }

    /// Looks at the source, and refuses what could not work. Creates the
    /// state directory at most.
    pub(super) fn check(&self, wanted: &Wanted) -> anyhow::Result<Seen> {
        let tree = &self.0.tree;
        check::check_apart(tree)?;
        let source = Folder::open(&tree.dir)?;
        let seen = look::look(&source.path(), wanted)?;
        let state = State::open(tree)?;
        let style = check::probe(tree, &source, &state)
            .inspect_err(|_| state.undo(tree))?;
        let checked = Checked { source, state, style };
        self.0.checked.set(checked).expect("a source is checked once");
        Ok(seen)
    }

    /// Creates the directory that holds everything of the hunt.
    pub(super) fn create_working(
        &self,
        first_ms: u128,
    ) -> anyhow::Result<(Working, super::Place)> {
        let Inner { tree, .. } = &*self.0;
        let state = &self.checked().state;
        self.open_in(Session::create(tree, state, first_ms)?, false)
    }

    /// Goes on in the one with this path.
    pub(super) fn reopen_working(
        &self,
        path: &str,
    ) -> anyhow::Result<(Working, super::Place)> {
        let Inner { tree, .. } = &*self.0;
        let state = &self.checked().state;
        let name = Path::new(path).file_name().and_then(|name| name.to_str());
        let name = name.context("it has no name")?;
        self.open_in(Session::reopen(tree, state, name)?, true)
    }

    fn open_in(
        &self,
        session: Session,
        is_reopened: bool,
    ) -> anyhow::Result<(Working, super::Place)> {
        let tree = &self.0.tree;
        let checked = self.checked();
        let place = Place {
            name: session.name.clone(),
            identity: session.folder.identity()?,
        };
        let working = Working {
            name: session.path.display().to_string(),
            session: session.name.clone(),
            path: session.path.clone(),
            roomless: None,
            guid: None,
            limits: limits(&tree.dir, checked.style),
            min_free_bytes: 0,
            has_plenty: false,
            is_reopened,
            kind: Kind::Directory { guid: place.guid() },
        };
        if let Ok(watch) = Watch::begin(checked.source.path()) {
            // There is none yet.
            let _ = self.0.watch.set(watch);
        }
        self.0.session.set(session).expect("a hunt is opened once");
        Ok((working, super::Place::Overlay(place)))
    }

    /// Makes and mounts a slate, and the files for its output.
    pub(super) fn prepare(
        &self,
        name: AttemptName,
    ) -> Result<(Slate, Output), Unprepared> {
        let Inner { tree, .. } = &*self.0;
        let Checked { source, style, .. } = self.checked();
        self.session().prepare(name, source, *style, tree.owner.as_ref())
    }

    /// Moves the slate to where its attempt runs.
    pub(super) fn reveal(&self, slate: &mut SlatePlace) -> anyhow::Result<()> {
        self.session().reveal(slate)
    }

    /// The directory of the hunt.
    pub(super) fn directory(&self) -> anyhow::Result<OwnedFd> {
        Ok(self.session().folder.open_again()?)
    }

    /// The root of the slate, while its attempt runs.
    pub(super) fn root(&self, slate: &SlatePlace) -> anyhow::Result<OwnedFd> {
        self.session().root(slate)
    }

    /// Leaves what the attempt changed, and a list of it.
    pub(super) fn keep(&self, slate: &SlatePlace) -> anyhow::Result<()> {
        let Inner { tree, .. } = &*self.0;
        let Checked { source, style, .. } = self.checked();
        self.session().keep(slate, source, *style, tree.owner.as_ref())
    }

    /// Removes the slate, if it is the one that was made.
    pub(super) fn retire(&self, slate: &SlatePlace) -> Rest {
        self.session().retire(slate)
    }

    /// Leaves nothing but what is kept, and looks whether the source is what
    /// it was.
    pub(super) fn finish(&self) -> Drift {
        self.session().remove_ready();
        match self.0.watch.get() {
            Some(watch) => watch.end(),
            None => Drift::Unknown("there was no thread to watch it".into()),
        }
    }

    /// Removes what `create_working` made, if it is that and empty.
    pub(super) fn close(&self, working: &Place) -> Rest {
        self.session().close(&self.checked().state, working)
    }

    /// Does what makes files in the hunt's directory, as whom that belongs to.
    pub(super) fn as_owner<T>(&self, work: impl FnOnce() -> T) -> T {
        let _acting = Acting::begin(self.0.tree.owner.as_ref());
        work()
    }

    fn checked(&self) -> &Checked {
        self.0.checked.get().expect(UNCHECKED)
    }

    fn session(&self) -> &Session {
        self.0.session.get().expect(UNOPENED)
    }
}

/// Does something with the rights of a person alone.
pub(super) fn as_person<T>(
    person: Option<&Ids>,
    work: impl FnOnce() -> T,
) -> T {
    let _acting = Acting::begin(person);
    work()
}

/// In what a tree differs from a copy of the source.
fn limits(dir: &Path, style: Style) -> Vec<String> {
    let mut limits = vec![
        "a change of the source during the hunt shows through",
        "directories of the source can't be renamed (EXDEV)",
    ];
    if style.volatile {
        limits.push("fsync does nothing");
    }
    if style.user_notes {
        limits.extend([
            "files of other owners or groups can't be changed",
            "groups other than your own read as nobody",
            "set-user-ID programs run without its rights",
        ]);
    }
    let mut limits: Vec<String> =
        limits.into_iter().map(str::to_owned).collect();
    limits.extend(layers::mounted_below(dir).map(|below| {
        format!("what is mounted below the source is not in it: {below}")
    }));
    limits
}
