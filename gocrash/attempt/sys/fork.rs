//! An attempt that is there before it is needed: its supervisor, and the
//! connection with it. Whoever forks it reaps it; whoever has the connection
//! says what it does.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use nix::sys::signal::{SigSet, SigmaskHow};
use nix::unistd::{ForkResult, fork};

use super::children::Supervisor;
use super::message::{Holds, Order, REPORT_BYTES, Report};
use super::suite::Program;
use super::{socket, supervisor};
use crate::attempt::person::Ids;
use crate::attempt::view::Scene;

/// The connection with a supervisor. Dropped, it has all of the attempt
/// killed.
#[derive(Debug)]
pub(crate) struct Control(Arc<OwnedFd>);

/// What only listens to one.
#[derive(Debug)]
pub(crate) struct Listener(Arc<OwnedFd>);

/// Forks a supervisor, with a process that waits to run `program` with these
/// three descriptors, in this scene, if any. Also gives the end of the
/// connection that is for [`Control`].
pub(crate) fn fork_supervised(
    program: &Program,
    stdio: [OwnedFd; 3],
    scene: Option<&Scene>,
) -> io::Result<(Supervisor, OwnedFd)> {
    let [ours, theirs] = socket::pair()?;
    let program = program.prepared();
    let supervisor = Supervisor::forked(move |cgroup| {
        // No handler of ours is to run in the child, where it would speak to
        // the parent; there the mask goes with the handlers.
        let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
        // SAFETY: until it exits, the child makes system calls only: what it
        // needs was allocated above, it takes no lock, and it returns into
        // nothing of ours.
        let forked = unsafe { fork() };
        if !matches!(forked, Ok(ForkResult::Child)) {
            mask.thread_set_mask()?;
        }
        match forked? {
            ForkResult::Parent { child } => Ok(child),
            ForkResult::Child => {
                supervisor::run(&program, stdio, theirs, scene, cgroup)
            }
        }
    })?;
    Ok((supervisor, ours))
}

/// Whether a process with these ids can go to a directory that is there. Tried
/// by one, since more than its permission bits decides that.
pub(crate) fn enter(dir: &Path, ids: Option<Ids>) -> io::Result<()> {
    let program = Program::nothing(dir, ids)?;
    let null = File::open("/dev/null")?;
    let stdio = [null.try_clone()?, null.try_clone()?, null];
    let stdio = stdio.map(OwnedFd::from);
    let (supervisor, end) = fork_supervised(&program, stdio, None)?;
    let control = Control::of(end);
    // Who has ended already has said why.
    let _ = control.send(Order::Go);
    let report = control.receive();
    drop(control);
    supervisor.end();
    match report? {
        // It went there, and then found no program to run.
        Some(Report::NotStarted { errno: libc::ENOENT, .. }) => Ok(()),
        Some(Report::NotStarted { errno, .. }) => {
            Err(io::Error::from_raw_os_error(errno))
        }
        _ => Err(io::ErrorKind::Interrupted.into()),
    }
}

impl Control {
    pub(crate) fn send(&self, order: Order) -> io::Result<()> {
        Ok(socket::send(self.0.as_fd(), &order.to_bytes())?)
    }

    /// What [`fork_supervised`] gave, here or in another process.
    pub(crate) fn of(end: OwnedFd) -> Control {
        Control(Arc::new(end))
    }

    /// Waits for a report.
    pub(crate) fn receive(&self) -> io::Result<Option<Report>> {
        receive(&self.0)
    }

    /// Only hears what is said on the same connection.
    pub(crate) fn listener(&self) -> Listener {
        Listener(Arc::clone(&self.0))
    }
}

/// Whoever listens hears no more, either.
impl Drop for Control {
    fn drop(&mut self) {
        socket::end(self.0.as_fd());
    }
}

impl Listener {
    /// Waits for a report; nothing comes after the last one, or when the
    /// supervisor was killed.
    pub(crate) fn receive(&self) -> io::Result<Option<Report>> {
        receive(&self.0)
    }
}

fn receive(socket: &OwnedFd) -> io::Result<Option<Report>> {
    let mut packet = [0; REPORT_BYTES];
    let mut open = Vec::new();
    // A supervisor tells of some files of some processes.
    loop {
        let length = socket::receive(socket.as_fd(), &mut packet)?;
        let packet = &packet[..length];
        if let Some(holds) = Holds::of_bytes(packet) {
            open.push(holds);
            continue;
        }
        return Ok(match Report::of_bytes(packet) {
            Some(Report::Found(found, _)) => Some(Report::Found(found, open)),
            report => report,
        });
    }
}
