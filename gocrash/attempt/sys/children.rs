//! The processes that this one has forked to supervise attempts. Whatever else
//! has become its child is an orphan of a supervisor that was killed.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::cgroup::Cgroup;
use super::ends::KILL_MAX;
use super::supervisor::{ALL_GONE, ALL_GONE_BY_SWITCH};
use super::tree;

/// A supervisor that takes longer to end than this is stuck, or was stopped.
const END_MAX: Duration = KILL_MAX.saturating_add(Duration::from_secs(5));
/// So often orphans are looked for: those that are killed leave others.
const SWEEPS_MAX: u32 = 1000;
/// How long to wait before another look, at first and at most.
const PAUSE: Duration = Duration::from_micros(100);
const PAUSE_MAX: Duration = Duration::from_millis(10);

/// Held while forking, so that no orphan is what was forked just now.
static KNOWN: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// A process that supervises an attempt, and is this one's to reap.
#[derive(Debug)]
pub(crate) struct Supervisor {
    pid: Pid,
    is_reaped: bool,
    /// Where its attempt is, if such are to be had.
    cgroup: Option<Cgroup>,
}

impl Supervisor {
    /// One that `fork` makes.
    pub(super) fn forked(
        fork: impl FnOnce(Option<&Cgroup>) -> io::Result<Pid>,
    ) -> io::Result<Supervisor> {
        let cgroup = Cgroup::take();
        let mut known = known();
        let pid = fork(cgroup.as_ref())?;
        known.insert(pid.as_raw());
        Ok(Supervisor { pid, is_reaped: false, cgroup })
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits until it has ended, and nothing of its attempt is left. It ends
    /// when its attempt has, or its connection.
    pub(crate) fn end(mut self) {
        self.reap();
    }

    fn reap(&mut self) {
        let begin = Instant::now();
        let mut pause = PAUSE;
        let mut is_killed = false;
        let status = loop {
            // Once it was killed, there is nothing that it could wait for.
            let flags = (!is_killed).then_some(WaitPidFlag::WNOHANG);
            match waitpid(self.pid, flags) {
                Ok(WaitStatus::StillAlive) => {}
                Err(Errno::EINTR) => continue,
                status => break status,
            }
            if begin.elapsed() > END_MAX {
                let _ = kill(self.pid, Signal::SIGKILL);
                is_killed = true;
            } else {
                thread::sleep(pause);
                pause = (pause * 2).min(PAUSE_MAX);
            }
        };
        self.is_reaped = true;
        known().remove(&self.pid.as_raw());
        let cgroup = self.cgroup.take();
        match status {
            Ok(WaitStatus::Exited(_, ALL_GONE)) => {
                if let Some(cgroup) = cgroup {
                    cgroup.give_back();
                }
                return;
            }
            Ok(WaitStatus::Exited(_, ALL_GONE_BY_SWITCH)) => return,
            _ => {}
        }
        if let Some(cgroup) = &cgroup {
            cgroup.kill();
        }
        sweep();
    }
}

/// Nothing runs on unwatched.
impl Drop for Supervisor {
    fn drop(&mut self) {
        if !self.is_reaped {
            self.reap();
        }
    }
}

/// Another child of this process, which is no orphan either.
#[cfg(target_os = "linux")]
pub(super) fn know(child: Pid) {
    known().insert(child.as_raw());
}

/// Lets what a killed supervisor leaves become children of this process, to be
/// found. Where that can't be had, only what its own end kills is.
pub(crate) fn adopt_orphans() {
    let _ = tree::adopt_orphans();
}

/// Kills and reaps orphans until there are none.
fn sweep() {
    for _ in 0..SWEEPS_MAX {
        let known = known();
        let orphans: Vec<Pid> = tree::children()
            .into_iter()
            .filter(|child| !known.contains(&child.as_raw()))
            .collect();
        if orphans.is_empty() {
            return;
        }
        for orphan in orphans {
            // Until it is reaped, its number is nobody else's.
            let _ = kill(orphan, Signal::SIGKILL);
            let _ = waitpid(orphan, Some(WaitPidFlag::WNOHANG));
        }
        drop(known);
        thread::sleep(PAUSE);
    }
}

fn known() -> MutexGuard<'static, BTreeSet<i32>> {
    // It is whole whatever panicked elsewhere.
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}
