//! The process above an attempt: it has a session of its own, gets every
//! orphan of the attempt, and leaves nothing of it. Forked by gocrash with all
//! that it needs, it makes system calls only, and has nothing but a connection
//! to whoever wants the attempt.

use std::cell::Cell;
use std::os::fd::{IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::unistd::{
    ForkResult, Pid, chdir, fork, getpid, pipe2, read, setpgid, setsid,
};

use super::cgroup::{self, Cgroup};
use super::ends::{self, Reaped};
use super::memory;
use super::message::{
    Found, Holds, ORDER_BYTES, Order, PATH_BYTES, Report, Whom,
};
use super::place::{
    self, CONTROL, FIRST_FREE, KILL_CGROUP, TROUBLE, TROUBLE_READ, WAKE_READ,
    at,
};
use super::suite::Prepared;
use super::{socket, system, tree};
use crate::attempt::view::{Fault, Scene};

/// So many files are named that such a process has open.
const FILES_MAX: u32 = 8;
/// So long a process may outlive the command without being a leak.
const LEAK_GRACE: Duration = Duration::from_millis(100);
/// What a supervisor exits with that left nothing of its attempt.
pub(super) const ALL_GONE: i32 = 0;
const SOME_LEFT: i32 = 1;
/// Nothing is left, because the group's switch was used. Some kernels (6.18 is
/// one) kill at once whatever is then forked into that group.
pub(super) const ALL_GONE_BY_SWITCH: i32 = 2;

/// Does all of it, in the forked process.
pub(super) fn run(
    program: &Prepared<'_>,
    stdio: [OwnedFd; 3],
    control: OwnedFd,
    scene: Option<&Scene>,
    cgroup: Option<&Cgroup>,
) -> ! {
    // The numbers say it all from here on; nothing is to be closed by a
    // destructor.
    let stdio = stdio.map(IntoRawFd::into_raw_fd);
    let control = control.into_raw_fd();
    let suite = match prepare(program, stdio, control, scene, cgroup) {
        Ok(suite) => suite,
        Err(Fault { step, errno }) => {
            say(Report::NotStarted { step, errno: errno as i32 });
            exit(ALL_GONE)
        }
    };
    if !suite.waits() {
        suite.leave();
    }
    suite.watch()
}

/// Sets the scene, becomes the person and forks the suite's process.
fn prepare<'a>(
    program: &'a Prepared<'_>,
    stdio: [RawFd; 3],
    control: RawFd,
    scene: Option<&Scene>,
    cgroup: Option<&Cgroup>,
) -> Result<Suite<'a>, Fault> {
    // Nought is what every attempt does; steps of a scene count from one.
    let plainly = |errno| Fault { step: 0, errno };
    place_all(stdio, control).map_err(plainly)?;
    setsid().map_err(plainly)?;
    tree::become_reaper().map_err(plainly)?;
    if let Some(scene) = scene {
        scene.set().map_err(|fault| Fault { step: fault.step + 1, ..fault })?;
    }
    be_ready(program, cgroup).map_err(plainly)
}

fn place_all(stdio: [RawFd; 3], control: RawFd) -> nix::Result<()> {
    let [input, output, errors] = stdio;
    let (trouble_read, trouble) = pipe2(OFlag::O_CLOEXEC)?;
    let (wake_read, wake) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
    let [trouble_read, trouble, wake_read, wake] =
        [trouble_read, trouble, wake_read, wake].map(IntoRawFd::into_raw_fd);
    place::place_all([
        input,
        output,
        errors,
        control,
        trouble_read,
        trouble,
        wake_read,
        wake,
    ])
}

fn be_ready<'a>(
    program: &'a Prepared<'_>,
    cgroup: Option<&Cgroup>,
) -> nix::Result<Suite<'a>> {
    let went = memory::shared_flag()?;
    let apart = memory::shared_flag()?;
    let myself = getpid();
    ends::listen()?;
    // Where it can't be had after all, the rest will do.
    let forked = cgroup.map(cgroup::fork_into).and_then(Result::ok);
    let has_cgroup = forked.is_some();
    let forked = match forked {
        Some(forked) => forked,
        // SAFETY: until it runs the program or exits, the child makes system
        // calls only.
        None => unsafe { fork() }?,
    };
    let suite = match forked {
        ForkResult::Child => program.run(myself, went, apart),
        ForkResult::Parent { child } => child,
    };
    if let Some(cgroup) = cgroup {
        place::replace(KILL_CGROUP, cgroup.kill_switch())?;
    }
    // It must not keep the ends of other attempts open, nor the pool.
    system::close_from(FIRST_FREE);
    tree::has_forked()?;
    // The child does the same; whoever is first.
    let _ = setpgid(suite, suite);
    place::close(TROUBLE);
    // What the suite prints to is the suite's alone.
    place::replace(1, 0)?;
    place::replace(2, 0)?;
    program.become_person()?;
    tree::hide()?;
    // It keeps no directory busy.
    chdir(c"/")?;
    apart.store(true, Ordering::SeqCst);
    let is_switched = Cell::new(false);
    let slate = program.slate();
    let is_killed = false;
    Ok(Suite { pid: suite, went, has_cgroup, is_switched, is_killed, slate })
}

/// The process that is the suite, or will be.
struct Suite<'a> {
    pid: Pid,
    /// Whether it has heard the word to run the command.
    went: &'static AtomicBool,
    has_cgroup: bool,
    /// The switch of its group was used.
    is_switched: Cell<bool>,
    is_killed: bool,
    /// As [`Prepared::slate`] has it.
    slate: &'a [u8],
}

impl Suite<'_> {
    /// Waits until the command runs; `false` if it never will.
    fn waits(&self) -> bool {
        loop {
            let mut news = [
                PollFd::new(at(TROUBLE_READ), PollFlags::POLLIN),
                // What gocrash says is for the suite's process; only the end
                // of the connection is seen here.
                PollFd::new(at(CONTROL), PollFlags::empty()),
            ];
            match poll(&mut news, PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => return false,
            }
            if is_ready(&news[0]) {
                break;
            }
            if is_ready(&news[1]) {
                return false;
            }
        }
        let mut report = [0; 4];
        let length = read(at(TROUBLE_READ), &mut report);
        place::close(TROUBLE_READ);
        let errno = match length {
            // It was closed by running the command, or by the end.
            Ok(0) if self.went.load(Ordering::SeqCst) => {
                say(Report::Started);
                return true;
            }
            Ok(4) => i32::from_ne_bytes(report),
            _ => 0,
        };
        say(Report::NotStarted { step: 0, errno });
        false
    }

    /// Does as it is told until the command has ended, then sees to what is
    /// left.
    fn watch(mut self) -> ! {
        let status = loop {
            if let Some(status) = self.reap() {
                break status;
            }
            let mut news = [
                PollFd::new(at(WAKE_READ), PollFlags::POLLIN),
                PollFd::new(at(CONTROL), PollFlags::POLLIN),
            ];
            match poll(&mut news, PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => self.leave(),
            }
            if is_ready(&news[0]) {
                ends::forget();
            }
            if is_ready(&news[1]) {
                self.obey();
            }
        };
        let is_last = ends::is_nobody_left();
        say(Report::Ended { status, is_last });
        if is_last {
            self.exit(true);
        }
        let mut found = Found::NOTHING;
        if !self.is_killed && !ends::wait_for_all(LEAK_GRACE) {
            tree::each_descendant(|leak| found.add(leak));
            let first = found.first.iter().take(found.count as usize);
            for leak in first.filter(|_| !self.slate.is_empty()) {
                say_what_is_open(leak.pid, self.slate);
            }
        }
        let all_gone = ends::kill_all(|| self.kill_others());
        // An empty list needs no memory.
        say(Report::Found(found, Vec::new()));
        self.exit(all_gone)
    }

    /// Reaps what has ended; gives the status of the command, if it has.
    fn reap(&self) -> Option<i32> {
        loop {
            match ends::reap_one() {
                Reaped::One(pid, status) if pid == self.pid.as_raw() => {
                    return Some(status);
                }
                Reaped::One(..) => {}
                Reaped::None | Reaped::NoneLeft => return None,
            }
        }
    }

    fn obey(&mut self) {
        let mut packet = [0; ORDER_BYTES];
        let length = match socket::receive(at(CONTROL), &mut packet) {
            // Nobody wants it any more.
            Ok(0) | Err(_) => self.leave(),
            Ok(length) => length,
        };
        match Order::of_bytes(&packet[..length]) {
            Some(Order::Signal(Whom::Group, signal)) => {
                signal_group(self.pid, signal);
            }
            Some(Order::Signal(Whom::Tree, signal)) => {
                tree::signal_all(self.pid, signal);
            }
            Some(Order::Signal(Whom::One(pid), signal)) => {
                tree::each_descendant(|process| {
                    if process.pid == pid {
                        signal_one(pid, signal);
                    }
                });
            }
            Some(Order::Kill) => {
                self.is_killed = true;
                self.kill_group();
                self.kill_others();
            }
            Some(Order::Go) | None => {}
        }
    }

    /// Ends with all there is of the attempt.
    fn leave(&self) -> ! {
        self.kill_group();
        let all_gone = ends::kill_all(|| self.kill_others());
        self.exit(all_gone)
    }

    /// Only before the suite was reaped: then its number is nobody else's.
    fn kill_group(&self) {
        signal_group(self.pid, Signal::SIGKILL as i32);
    }

    fn kill_others(&self) {
        if self.has_cgroup {
            self.is_switched.set(true);
            cgroup::kill_by(KILL_CGROUP);
        }
        tree::kill_once();
    }

    fn exit(&self, all_gone: bool) -> ! {
        exit(match (all_gone, self.is_switched.get()) {
            (false, _) => SOME_LEFT,
            (true, false) => ALL_GONE,
            (true, true) => ALL_GONE_BY_SWITCH,
        })
    }
}

fn is_ready(descriptor: &PollFd<'_>) -> bool {
    descriptor.any().unwrap_or(true)
}

/// It fails where nobody is left who could be signalled.
pub(super) fn signal_group(leader: Pid, signal: i32) {
    // SAFETY: takes numbers only.
    unsafe { libc::killpg(leader.as_raw(), signal) };
}

pub(super) fn signal_one(pid: i32, signal: i32) {
    // SAFETY: takes numbers only.
    unsafe { libc::kill(pid, signal) };
}

/// Says which files of the slate the process has open, some of them.
fn say_what_is_open(pid: i32, slate: &[u8]) {
    let mut count = 0;
    tree::each_open_file(pid, |path| {
        let Some(inside) = path.strip_prefix(slate) else { return true };
        let mut path = [0; PATH_BYTES];
        path[..inside.len()].copy_from_slice(inside);
        send(&Holds { pid, path }.to_bytes());
        count += 1;
        count < FILES_MAX
    });
}

fn say(report: Report) {
    send(&report.to_bytes());
}

/// Nobody may be left to hear it.
fn send(packet: &[u8]) {
    let _ = socket::send(at(CONTROL), packet);
}

fn exit(status: i32) -> ! {
    // SAFETY: ends the process without running anything of ours.
    unsafe { libc::_exit(status) }
}
