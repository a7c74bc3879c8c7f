//! That a hunt goes on, as others see it: a lock on its directory, which the
//! kernel releases when the process is gone, however it ended.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};

/// Whoever looks whether it is locked locks it for a moment.
const TRIES_MAX: u32 = 50;
const PAUSE: Duration = Duration::from_millis(20);

/// Lasts as long as this value.
#[derive(Debug)]
pub(super) struct Lock {
    _directory: Flock<File>,
}

impl Lock {
    /// Locks a directory, through any path that leads to it.
    pub(super) fn take(directory: &Path) -> io::Result<Lock> {
        let mut file = open(directory)?;
        for _ in 1..TRIES_MAX {
            match lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(_directory) => return Ok(Lock { _directory }),
                Err((back, Errno::EWOULDBLOCK)) => file = back,
                Err((_, error)) => return Err(error.into()),
            }
            thread::sleep(PAUSE);
        }
        let locked = lock(file, FlockArg::LockExclusiveNonblock);
        locked
            .map(|_directory| Lock { _directory })
            .map_err(|(_, error)| error.into())
    }
}

/// Whether somebody has locked it.
pub(super) fn is_locked(directory: &Path) -> io::Result<bool> {
    match lock(open(directory)?, FlockArg::LockSharedNonblock) {
        Ok(_) => Ok(false),
        Err((_, Errno::EWOULDBLOCK)) => Ok(true),
        Err((_, error)) => Err(error.into()),
    }
}

fn lock(file: File, how: FlockArg) -> Result<Flock<File>, (File, Errno)> {
    Flock::lock(file, how)
}

fn open(directory: &Path) -> io::Result<File> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_NONBLOCK;
    OpenOptions::new().read(true).custom_flags(flags.bits()).open(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_seen_as_long_as_it_lasts() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!is_locked(dir.path()).unwrap());
        let held = Lock::take(dir.path()).unwrap();
        assert!(is_locked(dir.path()).unwrap());
        drop(held);
        assert!(!is_locked(dir.path()).unwrap());
    }
}
