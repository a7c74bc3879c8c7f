//! A child that is there before it is needed: forked, become the person the
//! suite runs as, and waiting for one byte to run it.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString, c_char};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{IntoRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Instant;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, killpg};
use nix::sys::wait::waitpid;
use nix::unistd::{
    ForkResult, Pid, chdir, fork, pipe2, setgid, setgroups, setsid, setuid,
};

use super::{c_string, reset_signals, system};
use crate::attempt::person::Ids;
use crate::attempt::view::{Fault, Scene};

/// Where a program is looked for when the environment has no PATH.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// Where the child finds its two pipes.
const GO: RawFd = 3;
const TROUBLE: RawFd = 4;
/// The first descriptor that the child doesn't put anything at.
pub(super) const FIRST_FREE: RawFd = TROUBLE + 1;

/// What a child is to run: made before the fork, since nothing may be
/// allocated after it.
#[derive(Debug)]
pub(crate) struct Program {
    /// The paths it may be at, in order.
    candidates: Vec<CString>,
    argv: Vec<CString>,
    env: Vec<CString>,
    cwd: CString,
    ids: Option<Ids>,
}

impl Program {
    /// Looks nothing up yet: that is for the child to do, as the person it
    /// becomes.
    pub(crate) fn new(
        program: &OsStr,
        args: &[OsString],
        env: &BTreeMap<OsString, OsString>,
        cwd: &Path,
        ids: Option<Ids>,
    ) -> io::Result<Program> {
        let argv = std::iter::once(program)
            .chain(args.iter().map(OsString::as_os_str))
            .map(c_string)
            .collect::<io::Result<_>>()?;
        let variable = |(key, value): (&OsString, &OsString)| {
            let mut pair = key.clone();
            pair.push("=");
            pair.push(value);
            c_string(&pair)
        };
        Ok(Program {
            candidates: candidates(program, env)?,
            argv,
            env: env.iter().map(variable).collect::<io::Result<_>>()?,
            cwd: c_string(cwd.as_os_str())?,
            ids,
        })
    }
}

/// A child that waits. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) child: Child,
    /// Ended without a byte, it means that nobody wants the program to run.
    pub(crate) go: File,
    trouble: File,
    /// What the steps of its scene are called.
    steps: Vec<String>,
}

/// A child that was told to run the program.
#[derive(Debug)]
pub(crate) struct Gone {
    child: Child,
    trouble: File,
    steps: Vec<String>,
    sent: io::Result<()>,
    /// Right before it was told.
    pub(crate) at: Instant,
}

/// A process that is ours to reap, the leader of its group.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) pid: Pid,
    reaped: bool,
}

/// Forks a child that waits to run `program` with these three descriptors, in
/// this scene, if any.
pub(crate) fn fork_waiting(
    program: &Program,
    stdio: [OwnedFd; 3],
    scene: Option<&Scene>,
) -> io::Result<Waiting> {
    let (go_read, go) = pipe2(OFlag::O_CLOEXEC)?;
    let (trouble, trouble_write) = pipe2(OFlag::O_CLOEXEC)?;
    let argv = pointers(&program.argv);
    let env = pointers(&program.env);
    let steps = scene.map_or_else(Vec::new, Scene::steps);
    // No handler of ours is to run in the child, where it would speak to the
    // parent; there the mask goes with the handlers.
    let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    // SAFETY: until it runs the program or exits, the child makes system
    // calls only: what it needs was allocated above, it takes no lock, and it
    // returns into nothing of ours.
    let forked = unsafe { fork() };
    if !matches!(forked, Ok(ForkResult::Child)) {
        mask.thread_set_mask()?;
    }
    match forked? {
        ForkResult::Parent { child } => Ok(Waiting {
            child: Child { pid: child, reaped: false },
            go: go.into(),
            trouble: trouble.into(),
            steps,
        }),
        ForkResult::Child => {
            // The numbers say it all from here on; nothing is to be closed by
            // a destructor.
            let stdio = stdio.map(IntoRawFd::into_raw_fd);
            let pipes = [go_read.into_raw_fd(), trouble_write.into_raw_fd()];
            if let Err(error) = place(stdio, pipes) {
                exit_with(0, error);
            }
            if let Some(Err(Fault { step, errno })) = scene.map(Scene::set) {
                // Counted from one; nought is what everyone does.
                exit_with(step + 1, errno);
            }
            let Err(error) = be_the_child(program, &argv, &env);
            exit_with(0, error)
        }
    }
}

/// Whether a process with these ids can go to a directory that is there. Tried
/// by one, since more than its permission bits decides that.
pub(crate) fn enter(dir: &Path, ids: Option<Ids>) -> io::Result<()> {
    let program = Program {
        candidates: Vec::new(),
        argv: Vec::new(),
        env: Vec::new(),
        cwd: c_string(dir.as_os_str())?,
        ids,
    };
    let null = File::open("/dev/null")?;
    let stdio = [null.try_clone()?, null.try_clone()?, null];
    let going = fork_waiting(&program, stdio.map(OwnedFd::from), None)?.go();
    let Err(error) = going.started() else { return Ok(()) };
    match error.downcast::<io::Error>() {
        // It went there, and then found no program to run.
        Ok(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(error) => Err(error),
        Err(error) => Err(io::Error::other(error)),
    }
}

impl Waiting {
    /// Lets it run the program.
    pub(crate) fn go(mut self) -> Gone {
        let at = Instant::now();
        // It fails where the child has ended, and has said why.
        let sent = self.go.write_all(b"g");
        let Waiting { child, trouble, steps, .. } = self;
        Gone { child, trouble, steps, sent, at }
    }
}

impl Gone {
    /// Waits until the program runs, which takes a moment, or can't.
    pub(crate) fn started(mut self) -> anyhow::Result<Child> {
        let mut report = Vec::new();
        self.trouble.read_to_end(&mut report)?;
        let Some((code, step)) = report.split_first_chunk() else {
            return Ok(self.sent.map(|()| self.child)?);
        };
        let code = i32::from_ne_bytes(*code);
        let error = anyhow::Error::from(io::Error::from_raw_os_error(code));
        let step = step.first().copied().map_or(0, usize::from);
        Err(match step.checked_sub(1).and_then(|i| self.steps.get(i)) {
            Some(step) => error.context(step.clone()),
            None => error,
        })
    }
}

impl Child {
    /// Signals the whole group. It fails only where nobody of the group is
    /// left to be killed, which is as well: on Linux and illumos a zombie
    /// still counts as one, on FreeBSD it answers EPERM.
    pub(crate) fn kill_group(&self, signal: Signal) {
        if !self.reaped {
            let _ = killpg(self.pid, signal);
        }
    }

    /// Waits for it to end, and reaps it.
    pub(crate) fn reap(&mut self) -> io::Result<std::process::ExitStatus> {
        let status = super::reap(self.pid)?;
        self.reaped = true;
        Ok(status)
    }
}

/// Nothing runs on unwatched.
impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped {
            // Its group may not be there yet: it makes that itself.
            let _ = kill(self.pid, Signal::SIGKILL);
            self.kill_group(Signal::SIGKILL);
            let _ = waitpid(self.pid, None);
        }
    }
}

/// All that every child does. Comes back only with what went wrong.
fn be_the_child(
    program: &Program,
    argv: &[*const c_char],
    env: &[*const c_char],
) -> nix::Result<std::convert::Infallible> {
    // It must not keep the pipes of other children open, nor the pool.
    system::close_from(FIRST_FREE);
    setsid()?;
    reset_signals().map_err(|_| Errno::last())?;
    if let Some(ids) = &program.ids {
        setgroups(&ids.groups)?;
        setgid(ids.gid)?;
        setuid(ids.uid)?;
        if !ids.uid.is_root() {
            system::drop_privileges().map_err(|_| Errno::last())?;
        }
    }
    wait_for_go();
    // As the person, so that it starts nowhere they couldn't go.
    chdir(program.cwd.as_c_str())?;
    let mut error = Errno::ENOENT;
    for candidate in &program.candidates {
        // SAFETY: a path, and two lists of texts that end with a null
        // pointer, all of them `program`'s.
        unsafe {
            libc::execve(candidate.as_ptr(), argv.as_ptr(), env.as_ptr())
        };
        match Errno::last() {
            Errno::ENOENT | Errno::ENOTDIR => {}
            // Another one may be allowed; if none is, that was the reason.
            Errno::EACCES => error = Errno::EACCES,
            other => return Err(other),
        }
    }
    Err(error)
}

/// Moves the descriptors to 0 to 4. By way of high numbers, so that none is
/// overwritten before it was moved.
fn place(stdio: [RawFd; 3], pipes: [RawFd; 2]) -> nix::Result<()> {
    const HIGH: RawFd = 10;
    let [input, output, errors] = stdio;
    let [go, trouble] = pipes;
    let mut high = [input, output, errors, go, trouble];
    for descriptor in &mut high {
        // SAFETY: duplicates a descriptor; the new one is this process's own.
        let new =
            unsafe { libc::fcntl(*descriptor, libc::F_DUPFD_CLOEXEC, HIGH) };
        *descriptor = Errno::result(new)?;
    }
    for (low, descriptor) in (0..).zip(high) {
        // SAFETY: the child owns all its descriptors, and nobody else in it
        // uses the ones that are replaced.
        Errno::result(unsafe { libc::dup2(descriptor, low) })?;
    }
    for pipe in [GO, TROUBLE] {
        // SAFETY: a flag of an own descriptor changes.
        let set = unsafe { libc::fcntl(pipe, libc::F_SETFD, libc::FD_CLOEXEC) };
        Errno::result(set)?;
    }
    Ok(())
}

/// Returns when the byte has come. When the pipe ends without it, nobody is
/// left to want anything.
fn wait_for_go() {
    let mut byte = 0u8;
    loop {
        // SAFETY: reads one byte into a place that has room for it.
        let count = unsafe { libc::read(GO, (&raw mut byte).cast(), 1) };
        match count {
            1 => return,
            -1 if Errno::last() == Errno::EINTR => {}
            // SAFETY: ends the process without running anything of ours.
            _ => unsafe { libc::_exit(0) },
        }
    }
}

/// Tells the parent the error, and the number of the step it was met at.
fn exit_with(step: usize, error: Errno) -> ! {
    let [a, b, c, d] = (error as i32).to_ne_bytes();
    // Of the few steps that there are.
    let report = [a, b, c, d, step as u8];
    // SAFETY: writes bytes that are there. Where the pipes could not be placed
    // the parent reads nothing, and sees the exit status.
    unsafe { libc::write(TROUBLE, report.as_ptr().cast(), report.len()) };
    // SAFETY: ends the process without running anything of ours.
    unsafe { libc::_exit(127) }
}

/// The paths that execvp(3) would try.
fn candidates(
    program: &OsStr,
    env: &BTreeMap<OsString, OsString>,
) -> io::Result<Vec<CString>> {
    if program.as_bytes().contains(&b'/') {
        return Ok(vec![c_string(program)?]);
    }
    let path = env.get(OsStr::new("PATH"));
    let path = path.map_or(OsStr::new(DEFAULT_PATH), OsString::as_os_str);
    std::env::split_paths(path)
        .map(|dir| match dir.as_os_str().is_empty() {
            true => Path::new(".").join(program),
            false => dir.join(program),
        })
        .map(|path| c_string(path.as_os_str()))
        .collect()
}

/// The list as execve(2) wants it; it borrows what it points to.
fn pointers(texts: &[CString]) -> Vec<*const c_char> {
    texts
        .iter()
        .map(|text| text.as_ptr())
        .chain(std::iter::once(std::ptr::null()))
        .collect()
}
