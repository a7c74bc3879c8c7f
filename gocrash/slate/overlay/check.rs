//! Whether overlays on the source can work at all, found out before anything
//! that lasts is created.

use std::fs;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag, open};
use nix::sys::signal::kill;
use nix::sys::stat::Mode;
use nix::unistd::{Pid, Uid};

use super::folder::Folder;
use super::layers::{self, Layers, Style};
use super::owner::Acting;
use crate::attempt::view::resolved;
use crate::refusal::Refusal;
use crate::slate::origin::Tree;

/// A name that no source has.
const PROBE_ENTRY: &str = ".gocrash-probe";

/// What a process calls the directory in which it tries overlays, less its id.
const PROBE: &str = ".gocrash-probe-";

/// What this process calls it.
pub(super) fn probe_name() -> String {
    format!("{PROBE}{}", crate::attempt::sys::own_id())
}

/// Removes what processes left that were killed while they tried. One that
/// is at it on another machine holds a lock.
fn remove_stale_probes(state: &State) {
    for name in state.folder.names().unwrap_or_default() {
        let Some(name) = name.to_str() else { continue };
        let id = name.strip_prefix(PROBE).and_then(|id| id.parse().ok());
        let is_gone = |id| kill(Pid::from_raw(id), None) == Err(Errno::ESRCH);
        if id.is_some_and(|id: i32| id > 0 && is_gone(id))
            && state.folder.at(name).and_then(|it| lock(&it)).is_ok()
        {
            // It is no loss when it stays: the next hunt tries again.
            let _ = state.folder.remove(name);
        }
    }
}

fn lock(folder: &Folder) -> nix::Result<Flock<OwnedFd>> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let open = open(&folder.path(), flags, Mode::empty())?;
    Flock::lock(open, FlockArg::LockExclusiveNonblock).map_err(|(_, e)| e)
}

/// One must not be in the other: each attempt would see all others.
pub(super) fn check_apart(tree: &Tree) -> Result<(), Refusal> {
    let Tree { dir, state, .. } = tree;
    let state = resolved(state);
    let (what, help) = if state.starts_with(dir) {
        (
            "what gocrash makes of a directory can't be inside of it",
            "name a directory further down, or work elsewhere: \
             `XDG_STATE_HOME=/SOME/DIR gocrash …`",
        )
    } else if dir.starts_with(&state) {
        (
            "what is in gocrash's own directory can't be hunted in",
            "copy it to somewhere else, or work elsewhere: \
             `XDG_STATE_HOME=/SOME/DIR gocrash …`",
        )
    } else {
        return Ok(());
    };
    let dir = dir.display();
    let state = state.display();
    Err(Refusal::new(
        format!("{what}: `{dir}` and `{state}` are not apart"),
        help,
    ))
}

/// Where hunts keep what is theirs; made, if it isn't there.
#[derive(Debug)]
pub(super) struct State {
    pub(super) folder: Folder,
    /// What was made for it, outermost first.
    made: Vec<PathBuf>,
}

impl State {
    pub(super) fn open(tree: &Tree) -> anyhow::Result<State> {
        let _acting = Acting::begin(tree.owner.as_ref());
        let mut made = Vec::new();
        make_all(&tree.state, &mut made)
            .and_then(|()| Ok(Folder::open(&tree.state)?))
            .map(|folder| State { folder, made: made.clone() })
            .map_err(|error| {
                remove_made(&made);
                anyhow::Error::new(unusable(tree, &error))
            })
    }

    /// As if it had never been made.
    pub(super) fn undo(&self, tree: &Tree) {
        let _acting = Acting::begin(tree.owner.as_ref());
        remove_made(&self.made);
    }
}

fn unusable(tree: &Tree, error: &std::io::Error) -> Refusal {
    let errno = Errno::from_raw(error.raw_os_error().unwrap_or(0));
    let help = match &tree.owner {
        // It is that person's, even where root has called.
        Some(ids) if errno == Errno::EACCES => format!(
            "hunts are kept by who runs the suite (uid {}): name a directory \
             that they may write to, `XDG_STATE_HOME=/SOME/DIR gocrash …`, or \
             another `--user`",
            ids.uid
        ),
        _ => "name another directory: `XDG_STATE_HOME=/SOME/DIR gocrash …`"
            .to_owned(),
    };
    let state = tree.state.display();
    Refusal::new(format!("cannot use `{state}`: {}", errno.desc()), help)
}

fn make_all(path: &Path, made: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    // As the XDG base directory specification wants it.
    builder.mode(0o700);
    let missing: Vec<&Path> =
        path.ancestors().take_while(|path| !path.is_dir()).collect();
    for path in missing.into_iter().rev() {
        match builder.create(path) {
            Ok(()) => made.push(path.to_owned()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn remove_made(made: &[PathBuf]) {
    for path in made.iter().rev() {
        // Somebody else may use it by now; it is no loss when it stays.
        let _ = fs::remove_dir(path);
    }
}

/// Mounts an overlay on the source, to see whether it works and how.
pub(super) fn probe(
    tree: &Tree,
    source: &Folder,
    state: &State,
) -> anyhow::Result<Style> {
    let name = probe_name();
    remove_stale_probes(state);
    // Left over where a process with this id was killed here.
    state.folder.remove(&name)?;
    let folder = {
        let _acting = Acting::begin(tree.owner.as_ref());
        let made = state.folder.make(&name, 0o700);
        made.map_err(|error| unusable(tree, &error.into()))?
    };
    // Where it can't be locked, the process id alone tells.
    let _locked = lock(&folder);
    let user_notes = !layers::is_in_initial_namespace();
    let try_out = |volatile| {
        let style = Style { user_notes, volatile };
        let inner = if volatile { "volatile" } else { "durable" };
        try_style(&folder.make(inner, 0o700)?, source, style)?;
        Ok(style)
    };
    let tried = match try_out(true) {
        // Before Linux 5.10.
        Err(Errno::EINVAL) => try_out(false),
        tried => tried,
    };
    state.folder.remove(&name)?;
    Ok(tried.map_err(|error| no_overlay(tree, error))?)
}

/// Replaces a directory in an overlay: for that it has to note something.
fn try_style(place: &Folder, source: &Folder, style: Style) -> nix::Result<()> {
    let lower = place.make("lower", 0o700)?;
    lower.make(PROBE_ENTRY, 0o700)?;
    let layers = Layers::make(place)?;
    layers.mount(&[&lower, source], style)?;
    let replaced = place.at(layers::TREE).and_then(|tree| {
        tree.remove_empty(PROBE_ENTRY)?;
        tree.make(PROBE_ENTRY, 0o700)
    });
    layers::unmount(place)?;
    replaced.map(drop)
}

fn no_overlay(tree: &Tree, error: Errno) -> Refusal {
    let state = tree.state.display();
    let dir = tree.dir.display();
    let reason = error.desc();
    let is_root = Uid::effective().is_root();
    match error {
        Errno::ENODEV => Refusal::new(
            "this kernel has no overlayfs",
            "load it, `modprobe overlay`, or hunt in a ZFS snapshot",
        ),
        Errno::EPERM | Errno::EACCES if !is_root => Refusal::new(
            format!(
                "cannot mount an overlay on `{dir}` in a user namespace: \
                 {reason}"
            ),
            "call gocrash by sudo or doas: for ordinary users, overlayfs \
             needs Linux 5.11, and no rule against it",
        ),
        _ => Refusal::new(
            format!(
                "cannot mount an overlay on `{dir}` with its changes in \
                 `{state}`: {reason}"
            ),
            "name a directory on a file system that can hold them (ext4, xfs, \
             btrfs or tmpfs): `XDG_STATE_HOME=/SOME/DIR gocrash …`",
        ),
    }
}
