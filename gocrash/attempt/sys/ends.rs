//! The ends of the processes below a supervisor: heard of, waited for, brought
//! about. Makes system calls only.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction,
};
use nix::unistd::read;

use super::place::{WAKE, WAKE_READ, at};
use super::tree;

/// So long, and so often, what is left is killed. Then it can't be.
pub(super) const KILL_MAX: Duration = Duration::from_secs(10);
const KILL_ROUNDS_MAX: u32 = 1_000_000;
/// How long a round waits for a process to end before the next one.
const ROUND: Duration = Duration::from_millis(10);

/// From now on this signal comes through, and no other.
pub(super) fn listen() -> nix::Result<()> {
    let handler = SigHandler::Handler(on_end);
    let flags = SaFlags::SA_NOCLDSTOP | SaFlags::SA_RESTART;
    let action = SigAction::new(handler, flags, SigSet::empty());
    // SAFETY: the handler makes a system call only.
    unsafe { sigaction(Signal::SIGCHLD, &action) }?;
    let mut mask = SigSet::all();
    mask.remove(Signal::SIGCHLD);
    mask.thread_set_mask()
}

/// A child has ended: says so where the supervisor waits.
extern "C" fn on_end(_signal: libc::c_int) {
    let errno = Errno::last();
    // SAFETY: writes a byte that is there. When the pipe is full, it has been
    // said often enough.
    unsafe { libc::write(WAKE, b"w".as_ptr().cast(), 1) };
    errno.set();
}

/// Kills whoever is left, as `kill` does it, until there is nobody; `false`
/// when that takes too long.
pub(super) fn kill_all(kill: impl Fn()) -> bool {
    let begin = Instant::now();
    for _ in 0..KILL_ROUNDS_MAX {
        if !reap_all() {
            return true;
        }
        if begin.elapsed() > KILL_MAX {
            break;
        }
        kill();
        wait_for_news(ROUND);
    }
    false
}

/// Whether all have ended.
pub(super) fn is_nobody_left() -> bool {
    !reap_all()
}

/// Whether all have ended by themselves after a time.
pub(super) fn wait_for_all(limit: Duration) -> bool {
    let begin = Instant::now();
    loop {
        if !reap_all() {
            return true;
        }
        let elapsed = begin.elapsed();
        if elapsed >= limit {
            return false;
        }
        wait_for_news(limit.saturating_sub(elapsed));
    }
}

/// Reaps all that have ended; `true` if there are others.
fn reap_all() -> bool {
    loop {
        match reap_one() {
            Reaped::One(..) => {}
            Reaped::None => return true,
            // Whoever is not a child, but there, is for the next round.
            Reaped::NoneLeft => return tree::is_there_more(),
        }
    }
}

/// What there was to reap.
pub(super) enum Reaped {
    One(i32, i32),
    None,
    NoneLeft,
}

pub(super) fn reap_one() -> Reaped {
    let mut status = 0;
    // SAFETY: `status` has room for what the call writes.
    let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
    match Errno::result(pid) {
        Ok(0) | Err(Errno::EINTR) => Reaped::None,
        Ok(pid) => Reaped::One(pid, status),
        Err(_) => Reaped::NoneLeft,
    }
}

/// Waits until a child ends, but not for ever.
fn wait_for_news(limit: Duration) {
    let mut news = [PollFd::new(at(WAKE_READ), PollFlags::POLLIN)];
    // Rounded up, or it would not wait at all.
    let limit = limit + Duration::from_millis(1);
    let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::ZERO);
    if poll(&mut news, limit) == Ok(1) {
        forget();
    }
}

/// What is behind the news is looked at after this.
pub(super) fn forget() {
    let mut bytes = [0; 64];
    while let Ok(1..) = read(at(WAKE_READ), &mut bytes) {}
}
