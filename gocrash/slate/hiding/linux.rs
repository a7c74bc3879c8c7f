//! Slates out of reach: until its attempt begins, a slate is mounted where
//! only root can go. Then the mount is moved, which costs next to nothing.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};

/// In the working dataset.
const DIRECTORY: &str = ".ready";

/// Makes the place, in the working dataset that is mounted at `working`.
pub(crate) fn make(working: &Path) -> io::Result<()> {
    // What is mounted in it stays in this mount namespace: a mount can't be
    // moved out of a shared one, and copies of it elsewhere make it busy.
    let none = None::<&str>;
    mount(none, working, none, MsFlags::MS_PRIVATE, none)?;
    DirBuilder::new().mode(0o700).create(working.join(DIRECTORY))
}

/// The same, in one that a hunt had before: what is in the place was left there
/// by that, and only empty directories are.
pub(crate) fn make_again(working: &Path) -> io::Result<()> {
    let place = working.join(DIRECTORY);
    for entry in std::fs::read_dir(&place).into_iter().flatten().flatten() {
        let _ = std::fs::remove_dir(entry.path());
    }
    match std::fs::remove_dir(&place) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => make(working),
    }
}

/// An empty directory to mount a slate at until it is moved to `slate`, and
/// one for it to be moved to.
pub(crate) fn make_places(slate: &Path) -> io::Result<Option<PathBuf>> {
    let (Some(working), Some(name)) = (slate.parent(), slate.file_name())
    else {
        return Ok(None);
    };
    let hidden = working.join(DIRECTORY).join(name);
    DirBuilder::new().create(&hidden)?;
    DirBuilder::new().mode(0o755).create(slate)?;
    Ok(Some(hidden))
}

/// Moves a mount.
pub(crate) fn move_mount(from: &Path, to: &Path) -> Result<(), Errno> {
    let none = None::<&str>;
    mount(Some(from), to, none, MsFlags::MS_MOVE, none)
}
