//! Views by mount namespaces: each attempt has one of its own, a copy of one
//! in which no slate is mounted.
//!
//! A namespace that is copied from gocrash's own would hold a copy of each
//! slate that is mounted at that moment, and keep its dataset busy for as long
//! as the attempt runs. So there is a backdrop, made before the first slate,
//! and a slate reaches the copies of it by a descriptor alone.

use std::collections::BTreeSet;
use std::ffi::{CStr, CString, OsString};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, anyhow};
use nix::errno::Errno;
use nix::fcntl::AT_FDCWD;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};
use nix::unistd::mkdir;

use super::{Fault, TMP, TMP_IN_SLATE, View, path_of_a_hunt};
use crate::attempt::sys::{c_string, namespace};
use crate::refusal::Refusal;

const MOUNTS: &str = "/proc/thread-self/mountinfo";
const NAMESPACE: &str = "/proc/thread-self/ns/mnt";
const TMPFS: &CStr = c"tmpfs";

/// The mount namespace that those of all attempts are copies of.
#[derive(Debug)]
pub(crate) struct Backdrop {
    view: View,
    namespace: Arc<Namespace>,
}

#[derive(Debug)]
struct Namespace {
    itself: OwnedFd,
    /// What `/` is for gocrash.
    root: OwnedFd,
}

/// What the process of one attempt does to see what it should: made before
/// the fork, since nothing may be allocated after it.
#[derive(Debug)]
pub(crate) struct Scene {
    namespace: Arc<Namespace>,
    hidden: Option<Hidden>,
    /// The slate, and where it goes.
    slate: Option<(OwnedFd, CString)>,
    /// The directory for what is temporary, and where that goes.
    tmp: Option<(OwnedFd, CString)>,
    steps: [String; 4],
}

/// An empty file system over a directory.
#[derive(Debug)]
struct Hidden {
    dir: CString,
    /// Its permission bits, as tmpfs reads them.
    mode: &'static CStr,
    /// What has to be made in it, so that a slate can be mounted there.
    way: Vec<CString>,
}

/// The steps that setting a scene takes.
#[derive(Debug, Clone, Copy)]
enum Step {
    Enter,
    Hide,
    Attach,
    AttachTmp,
}

/// Refuses what this host or this person can't have. Creates nothing that
/// stays.
pub(crate) fn probe(option: &str, at: &Path) -> Result<(), Refusal> {
    let Err(error) = namespace::open_tree(at) else { return Ok(()) };
    let help = match error.raw_os_error() {
        Some(libc::ENOSYS) => "it needs Linux 5.2 or newer",
        Some(libc::EPERM) => "run gocrash by sudo or doas",
        _ => "see whether `mount --bind` works with this directory",
    };
    let what = format!("cannot have `{option}`: open_tree: {error}");
    Err(Refusal::new(what, help))
}

impl Backdrop {
    /// Makes one in which nothing of any hunt is mounted, and nothing at
    /// `without`.
    pub(crate) fn new(view: View, without: &Path) -> anyhow::Result<Backdrop> {
        let namespace = thread::scope(|scope| {
            // A thread that ends at once: there is no way back from there.
            let stage = || namespace_without(without);
            thread::Builder::new()
                .name("backdrop".to_owned())
                .spawn_scoped(scope, stage)
                .context("cannot start a thread")?
                .join()
                .unwrap_or_else(|_| Err(anyhow!("a thread panicked")))
        })?;
        Ok(Backdrop { view, namespace: Arc::new(namespace) })
    }

    /// Prepares what the process does that will run in the slate that is at
    /// `here` now, and at `path` when it runs.
    pub(crate) fn scene(
        &self,
        here: &Path,
        path: &Path,
    ) -> anyhow::Result<Scene> {
        let View { at, tmp, hide } = &self.view;
        let is_hidden = hide.as_ref().is_some_and(|dir| path.starts_with(dir));
        let at = at.as_deref().or(is_hidden.then_some(path));
        let slate = match at {
            None => None,
            Some(at) => {
                let tree = namespace::open_tree(here)
                    .with_context(|| format!("open_tree {}", shown(here)))?;
                Some((tree, real(at)?))
            }
        };
        let tmp = tmp.map(|place| {
            let dir = here.join(TMP_IN_SLATE);
            let tree = namespace::open_tree(&dir)
                .with_context(|| format!("open_tree {}", shown(&dir)))?;
            anyhow::Ok((tree, real(place)?))
        });
        let hidden = match hide {
            None => None,
            Some(dir) => Some(Hidden::new(dir, at)?),
        };
        let what = |path: Option<&Path>| path.map(shown).unwrap_or_default();
        let steps = [
            "cannot enter a mount namespace (setns, unshare)".to_owned(),
            format!("cannot hide {} (mount)", what(hide.as_deref())),
            format!("cannot attach the slate at {} (move_mount)", what(at)),
            format!("cannot attach {TMP_IN_SLATE} at `{TMP}` (move_mount)"),
        ];
        let namespace = Arc::clone(&self.namespace);
        Ok(Scene { namespace, hidden, slate, tmp: tmp.transpose()?, steps })
    }
}

impl Scene {
    /// What the steps are called whose numbers a [`Fault`] has.
    pub(crate) fn steps(&self) -> Vec<String> {
        self.steps.to_vec()
    }

    /// Sets the scene for the calling process. Makes system calls only, and
    /// returns while the process still has the rights to take it back.
    pub(crate) fn set(&self) -> Result<(), Fault> {
        let at = |step| move |errno| Fault { step: step as usize, errno };
        let Namespace { itself, root } = &*self.namespace;
        namespace::enter_copy_of(itself.as_fd(), root.as_fd())
            .map_err(at(Step::Enter))?;
        if let Some(hidden) = &self.hidden {
            hidden.cover().map_err(at(Step::Hide))?;
        }
        if let Some((tree, place)) = &self.slate {
            namespace::attach(tree.as_fd(), place).map_err(at(Step::Attach))?;
        }
        if let Some((tree, place)) = &self.tmp {
            namespace::attach(tree.as_fd(), place)
                .map_err(at(Step::AttachTmp))?;
        }
        if let Some(hidden) = &self.hidden {
            hidden.close().map_err(at(Step::Hide))?;
        }
        Ok(())
    }
}

impl Hidden {
    fn new(dir: &Path, slate: Option<&Path>) -> anyhow::Result<Hidden> {
        let inside = slate.and_then(|slate| slate.strip_prefix(dir).ok());
        let Some(inside) = inside else {
            return Ok(Hidden {
                dir: real(dir)?,
                mode: c"mode=000",
                way: Vec::new(),
            });
        };
        let mut passed = dir.canonicalize()?;
        let mut way = Vec::new();
        for part in inside.components() {
            passed.push(part);
            way.push(c_string(passed.as_os_str())?);
        }
        // To be passed through, and not to be looked into.
        Ok(Hidden { dir: real(dir)?, mode: c"mode=711", way })
    }

    fn cover(&self) -> nix::Result<()> {
        let dir = self.dir.as_c_str();
        let flags = Self::flags();
        mount(Some(TMPFS), dir, Some(TMPFS), flags, Some(self.mode))?;
        for dir in &self.way {
            let mode = Mode::from_bits_truncate(0o711);
            mkdir(dir.as_c_str(), mode)?;
            // Whatever the mask is.
            let follow = FchmodatFlags::FollowSymlink;
            fchmodat(AT_FDCWD, dir.as_c_str(), mode, follow)?;
        }
        Ok(())
    }

    /// From now on nobody changes anything there, its owner included.
    fn close(&self) -> nix::Result<()> {
        let flags = MsFlags::MS_REMOUNT
            | MsFlags::MS_BIND
            | MsFlags::MS_RDONLY
            | Self::flags();
        let none = None::<&CStr>;
        mount(none, self.dir.as_c_str(), none, flags, none)
    }

    fn flags() -> MsFlags {
        MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC
    }
}

/// Leaves the calling thread in a mount namespace of its own, and gives that.
fn namespace_without(without: &Path) -> anyhow::Result<Namespace> {
    unshare(CloneFlags::CLONE_NEWNS)
        .context("cannot make a mount namespace (unshare)")?;
    make_slaves().context("cannot make mounts slaves (mount)")?;
    // Slates of other hunts are mounted below private mounts, so nothing would
    // take these copies of them away.
    let mut places: BTreeSet<PathBuf> = mounts()
        .context(MOUNTS)?
        .iter()
        .filter_map(|mount| path_of_a_hunt(mount))
        .collect();
    places.insert(without.to_owned());
    for place in places {
        // With all that is mounted below.
        let flags = MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW;
        match umount2(&place, flags) {
            // It was no mount, or another hunt has just unmounted it.
            Ok(()) | Err(Errno::EINVAL | Errno::ENOENT) => {}
            Err(error) => {
                let what =
                    format!("cannot unmount {} (umount2)", shown(&place));
                return Err(anyhow::Error::from(error).context(what));
            }
        }
    }
    let open = |path: &'static str| {
        let file = File::open(path).context(path)?;
        namespace::out_of_the_way(&file.into()).context(path)
    };
    Ok(Namespace { itself: open(NAMESPACE)?, root: open("/")? })
}

/// What others unmount goes here too, or it would stay busy for them; what is
/// done here stays here.
fn make_slaves() -> io::Result<()> {
    let make_slave = |path: &Path, more| {
        let none = None::<&str>;
        mount(none, path, none, MsFlags::MS_SLAVE | more, none)
    };
    match make_slave(Path::new("/"), MsFlags::MS_REC) {
        // In a chroot, `/` need not be a mount.
        Err(Errno::EINVAL) => {}
        result => return Ok(result?),
    }
    for path in mounts()? {
        match make_slave(&path, MsFlags::empty()) {
            // Covered by another mount, or gone already.
            Ok(()) | Err(Errno::EINVAL | Errno::ENOENT) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Where the calling thread sees something mounted.
fn mounts() -> io::Result<Vec<PathBuf>> {
    let table = fs::read(MOUNTS)?;
    let path =
        |line: &[u8]| line.split(|byte| *byte == b' ').nth(4).map(unescape);
    Ok(table.split(|byte| *byte == b'\n').filter_map(path).collect())
}

/// The kernel writes white space and backslashes as `\` and three octal
/// digits.
fn unescape(mut field: &[u8]) -> PathBuf {
    let mut plain = Vec::with_capacity(field.len());
    while let [first, rest @ ..] = field {
        let code = rest.get(..3).and_then(|digits| {
            u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
        });
        match (first, code) {
            (b'\\', Some(byte)) => {
                plain.push(byte);
                field = &rest[3..];
            }
            _ => {
                plain.push(*first);
                field = rest;
            }
        }
    }
    OsString::from_vec(plain).into()
}

/// Without links: a mount goes onto what a path leads to.
fn real(dir: &Path) -> anyhow::Result<CString> {
    // What is not there is for the call that needs it to say.
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    Ok(c_string(dir.as_os_str())?)
}

fn shown(path: &Path) -> String {
    format!("`{}`", path.display())
}

#[cfg(test)]
mod tests;
