//! Linux: control groups, where root has those of version 2 with a kill switch
//! (5.14). What a suite starts can't leave its group, whatever it forks and
//! whoever it becomes. A group is used again, since making one takes longer
//! than to fork; but for one whose switch was used: Linux 6.18 kills what is
//! forked into such a group at once.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::statfs::{CGROUP2_SUPER_MAGIC, statfs};
use nix::unistd::{ForkResult, Pid, Uid};

use super::namespace::out_of_the_way;

/// Where the groups of version 2 are mounted, alone or beside those of
/// version 1.
const MOUNTS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
const STEM: &str = "gocrash-";
/// So many may be there without being used.
const FREE_MAX: usize = 64;

/// Those that no attempt is in.
static FREE: Mutex<Vec<Cgroup>> = Mutex::new(Vec::new());
/// The group of this process, if others can be made in it.
static HOME: OnceLock<Option<PathBuf>> = OnceLock::new();

/// A group for the processes of one attempt at a time. Dropped, it is removed.
#[derive(Debug)]
pub(super) struct Cgroup {
    path: PathBuf,
    itself: Flock<OwnedFd>,
    kill: OwnedFd,
}

impl Cgroup {
    /// Nothing, where they can't be had.
    pub(super) fn take() -> Option<Cgroup> {
        let home = HOME.get_or_init(find).as_deref()?;
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        free.pop().or_else(|| {
            drop(free);
            Cgroup::make(home)
        })
    }

    /// One that nobody is in is there for the next attempt.
    pub(super) fn give_back(self) {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < FREE_MAX {
            free.push(self);
        }
    }

    fn make(home: &Path) -> Option<Cgroup> {
        let path = make_dir(home)?;
        let open = || {
            let kill = path.join("cgroup.kill");
            let kill = OpenOptions::new().write(true).open(kill)?;
            Ok::<_, std::io::Error>((
                lock(out_of_the_way(&File::open(&path)?.into())?)?,
                out_of_the_way(&kill.into())?,
            ))
        };
        match open() {
            Ok((itself, kill)) => Some(Cgroup { path, itself, kill }),
            // A kernel without the switch.
            Err(_) => {
                let _ = fs::remove_dir(path);
                None
            }
        }
    }

    /// Kills all that are in it.
    pub(super) fn kill(&self) {
        kill_by(self.kill_switch());
    }

    pub(super) fn kill_switch(&self) -> RawFd {
        self.kill.as_raw_fd()
    }
}

/// Kills all that are in the group with this switch. Makes a system call only.
pub(super) fn kill_by(switch: RawFd) {
    // SAFETY: writes a byte that is there.
    unsafe { libc::write(switch, b"1".as_ptr().cast(), 1) };
}

/// The first that is not there yet; as many as there are attempts, at most.
fn make_dir(home: &Path) -> Option<PathBuf> {
    let pid = std::process::id();
    for number in 0..u16::MAX {
        let path = home.join(format!("{STEM}{pid}-{number}"));
        match fs::create_dir(&path) {
            Ok(()) => return Some(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(_) => return None,
        }
    }
    None
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // One that somebody is still in stays.
        let _ = fs::remove_dir(&self.path);
    }
}

/// Removes those that nobody is in.
pub(crate) fn remove_free() {
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    free.clear();
}

fn find() -> Option<PathBuf> {
    if !Uid::effective().is_root() {
        return None;
    }
    let mount = MOUNTS.into_iter().find(|mount| {
        statfs(*mount)
            .is_ok_and(|fs| fs.filesystem_type() == CGROUP2_SUPER_MAGIC)
    })?;
    let mine = fs::read("/proc/self/cgroup").ok()?;
    let mine = mine
        .split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(b"0::/"))?;
    let home = Path::new(mount).join(OsStr::from_bytes(mine));
    remove_stale(&home);
    // Tried once, since not everything that looks so can be written to.
    Cgroup::make(&home).map(|_| home)
}

/// Removes what killed hunts have left, if nobody is in it. One that waits for
/// its next attempt is locked: whose it is can't be told by a process id, which
/// may be of another PID namespace.
fn remove_stale(home: &Path) {
    for entry in fs::read_dir(home).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().as_bytes().starts_with(STEM.as_bytes());
        let Some(dir) =
            is_ours.then(|| File::open(entry.path()).ok()).flatten()
        else {
            continue;
        };
        if lock(dir.into()).is_ok() {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// Held by whoever made the group, and given up when that ends.
fn lock(dir: OwnedFd) -> std::io::Result<Flock<OwnedFd>> {
    Flock::lock(dir, FlockArg::LockExclusiveNonblock)
        .map_err(|(_, errno)| errno.into())
}

/// As linux/sched.h has it; libc doesn't everywhere.
#[repr(C)]
#[derive(Default)]
struct CloneArguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

const CLONE_INTO_CGROUP: u64 = 1 << 33;

/// Forks a process into the group. Only for a process with a single thread
/// that makes system calls only, as the forked one does.
///
/// Wraps `clone3`.
pub(super) fn fork_into(cgroup: &Cgroup) -> nix::Result<ForkResult> {
    let arguments = CloneArguments {
        flags: CLONE_INTO_CGROUP,
        exit_signal: libc::SIGCHLD as u64,
        cgroup: cgroup.itself.as_raw_fd() as u64,
        ..CloneArguments::default()
    };
    // SAFETY: the kernel reads the arguments, which are a fork's: no memory is
    // shared, so both processes go on from here with their own.
    let forked = unsafe {
        libc::syscall(
            libc::SYS_clone3,
            &raw const arguments,
            size_of::<CloneArguments>(),
        )
    };
    match Errno::result(forked)? {
        0 => Ok(ForkResult::Child),
        pid => Ok(ForkResult::Parent { child: Pid::from_raw(pid as i32) }),
    }
}
