//! One overlay: the mount of three directories as a fourth.

use std::fs;
use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::statvfs::{FsFlags, statvfs};

use super::folder::Folder;

/// In the directory of a slate: what its attempt changes.
pub(crate) const UPPER: &str = "upper";
/// What overlayfs itself needs.
pub(super) const WORK: &str = "work";
/// Where the tree is seen.
pub(super) const TREE: &str = "tree";

/// How overlays are mounted here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    /// Whether overlayfs keeps its notes where an ordinary user may.
    pub(super) user_notes: bool,
    /// Whether it leaves out what would make files survive a power cut.
    /// Without that, each unmount writes out the whole file system.
    pub(super) volatile: bool,
}

impl Style {
    /// The attribute of a directory that hides what the source has there.
    pub(super) fn opaque(self) -> &'static str {
        match self.user_notes {
            true => "user.overlay.opaque",
            false => "trusted.overlay.opaque",
        }
    }
}

/// Whether this process has the rights of the initial user namespace, so that
/// root's notes can be used.
pub(super) fn is_in_initial_namespace() -> bool {
    fs::read_to_string("/proc/self/uid_map")
        .is_ok_and(|map| map.split_whitespace().eq(["0", "0", "4294967295"]))
}

/// The directories of a slate, empty.
#[derive(Debug)]
pub(super) struct Layers {
    pub(super) upper: Folder,
    work: Folder,
    tree: Folder,
}

impl Layers {
    /// Makes them.
    pub(super) fn make(slate: &Folder) -> nix::Result<Layers> {
        Ok(Layers {
            upper: slate.make(UPPER, 0o755)?,
            work: slate.make(WORK, 0o700)?,
            tree: slate.make(TREE, 0o755)?,
        })
    }

    /// Those of a slate that was kept, with what only a mount needs made anew.
    pub(super) fn again(slate: &Folder) -> nix::Result<Layers> {
        Ok(Layers {
            upper: slate.at(UPPER)?,
            work: slate.make(WORK, 0o700)?,
            tree: slate.make(TREE, 0o755)?,
        })
    }

    /// Mounts an overlay on these directories, the first one topmost. By
    /// descriptors, since options can't hold every path.
    pub(super) fn mount(
        &self,
        lower: &[&Folder],
        style: Style,
    ) -> nix::Result<()> {
        let lower: Vec<String> =
            lower.iter().map(|l| l.path().display().to_string()).collect();
        let mut options = format!(
            "lowerdir={},upperdir={},workdir={},metacopy=off,index=off",
            lower.join(":"),
            self.upper.path().display(),
            self.work.path().display(),
        );
        // A directory of the source can't be renamed. Otherwise the evidence
        // would be a note of where it had been, instead of what was in it.
        options += match style.user_notes {
            true => ",userxattr",
            false => ",redirect_dir=nofollow",
        };
        if style.volatile {
            options += ",volatile";
        }
        let flags = flags(&self.upper)? | flags_of_all(&lower)?;
        let name = Some("overlay");
        mount(name, &self.tree.path(), name, flags, Some(&*options))
    }
}

/// What is not allowed on the file systems below is not on the overlay.
fn flags_of_all(paths: &[String]) -> nix::Result<MsFlags> {
    paths.iter().try_fold(MsFlags::empty(), |flags, path| {
        Ok(flags | flags_at(Path::new(path))?)
    })
}

fn flags(folder: &Folder) -> nix::Result<MsFlags> {
    flags_at(&folder.path())
}

fn flags_at(path: &Path) -> nix::Result<MsFlags> {
    let set = statvfs(path)?.flags();
    let same = [
        (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
    ];
    Ok(same
        .into_iter()
        .filter(|(here, _)| set.contains(*here))
        .fold(MsFlags::empty(), |flags, (_, there)| flags | there))
}

/// Unmounts the tree of a slate, if it is mounted. What still uses it keeps
/// it, but nobody finds it any more.
pub(super) fn unmount(slate: &Folder) -> nix::Result<()> {
    let flags = MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW;
    match umount2(&slate.path().join(TREE), flags) {
        // It isn't mounted, or isn't there.
        Ok(()) | Err(Errno::EINVAL | Errno::ENOENT) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The first place below the directory where something else is mounted, as the
/// kernel writes it: on one line.
pub(super) fn mounted_below(dir: &Path) -> Option<String> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .find(|place| Path::new(place).strip_prefix(dir).is_ok_and(is_below))
        .map(str::to_owned)
}

fn is_below(rest: &Path) -> bool {
    rest != Path::new("")
}

/// Removes what only the mount needed.
pub(super) fn remove_scaffold(slate: &Folder) -> std::io::Result<()> {
    slate.remove(TREE)?;
    slate.remove(WORK)
}
