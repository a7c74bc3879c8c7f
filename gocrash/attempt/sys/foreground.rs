//! A program that a person sits in front of: in the foreground of the terminal
//! that gocrash has, as the person whose attempt it looks at.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ffi::{CString, OsString, c_char};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::{SigHandler, Signal};
use nix::unistd::{
    ForkResult, Pid, chdir, fork, pipe2, setgid, setgroups, setuid,
};

use super::{FIRST_DESCRIPTOR, c_string, reset_signals, system};
use crate::attempt::person::Ids;
use crate::attempt::view::Scene;

/// What the terminal sends to all that is in the foreground: it is for the
/// program, which decides what it means.
const FROM_TERMINAL: [Signal; 3] =
    [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTSTP];

/// What is to be run, by the path of a program.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) program: &'a Path,
    /// The words it is given, less its own name.
    pub(crate) args: &'a [OsString],
    pub(crate) env: &'a BTreeMap<OsString, OsString>,
    pub(crate) cwd: &'a Path,
    /// Whom it runs as, where that isn't who runs gocrash.
    pub(crate) ids: Option<&'a Ids>,
    /// What it sees, if not what everybody sees.
    pub(crate) scene: Option<&'a Scene>,
}

impl Session<'_> {
    /// Runs it with the standard streams of this process, and waits for its
    /// end. Only while there is a single thread.
    pub(crate) fn run(&self) -> anyhow::Result<ExitStatus> {
        let program = c_string(self.program.as_os_str())?;
        let args = self.args.iter().map(|word| c_string(word));
        let args = args.collect::<io::Result<Vec<_>>>()?;
        let argv = std::iter::once(program.clone()).chain(args);
        let argv: Vec<CString> = argv.collect();
        let variable = |(key, value): (&OsString, &OsString)| {
            c_string(&[key.as_os_str(), value].join("=".as_ref()))
        };
        let env = self.env.iter().map(variable);
        let env = env.collect::<io::Result<Vec<CString>>>()?;
        let cwd = c_string(self.cwd.as_os_str())?;
        let (argv, env) = (pointers(&argv), pointers(&env));
        let steps = self.scene.map_or_else(Vec::new, Scene::steps);
        let (mut trouble, write) = pipe2(OFlag::O_CLOEXEC)
            .map(|(read, write)| (std::fs::File::from(read), write))?;

        // SAFETY: until it runs the program or exits, the child makes system
        // calls only: what it needs was allocated above, it takes no lock, and
        // it returns into nothing of ours.
        match unsafe { fork() }? {
            ForkResult::Child => {
                let trouble = write.as_raw_fd();
                if let Some(Err(fault)) = self.scene.map(Scene::set) {
                    exit_with(trouble, fault.step + 1, fault.errno);
                }
                let Err(error) = self.execute(&program, &argv, &env, &cwd);
                exit_with(trouble, 0, error)
            }
            ForkResult::Parent { child } => {
                drop(write);
                let _quiet = Quiet::begin();
                let mut report = Vec::new();
                trouble.read_to_end(&mut report)?;
                let status = wait(child)?;
                match report[..] {
                    [a, b, c, d, step] => Err(failure(
                        i32::from_ne_bytes([a, b, c, d]),
                        steps.get(usize::from(step).wrapping_sub(1)),
                    )),
                    _ => Ok(status),
                }
            }
        }
    }

    /// Comes back only with what went wrong.
    fn execute(
        &self,
        program: &CString,
        argv: &[*const c_char],
        env: &[*const c_char],
        cwd: &CString,
    ) -> nix::Result<Infallible> {
        reset_signals().map_err(|_| Errno::last())?;
        // Whatever a library has left open.
        close_on_exec();
        if let Some(ids) = self.ids {
            setgroups(&ids.groups)?;
            setgid(ids.gid)?;
            setuid(ids.uid)?;
            if !ids.uid.is_root() {
                system::drop_privileges().map_err(|_| Errno::last())?;
            }
        }
        // As the person, so that it starts nowhere they couldn't go.
        chdir(cwd.as_c_str())?;
        // SAFETY: a path, and two lists of texts that end with a null pointer.
        unsafe { libc::execve(program.as_ptr(), argv.as_ptr(), env.as_ptr()) };
        Err(Errno::last())
    }
}

/// The first numbers; those that gocrash opens itself are closed on exec.
fn close_on_exec() {
    const HIGHEST: RawFd = 1024;
    for descriptor in FIRST_DESCRIPTOR..HIGHEST {
        // SAFETY: a flag of a descriptor changes, and a number that is not
        // open is an error without effect.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

/// Tells the parent the error, and the number of the step it was met at.
fn exit_with(trouble: RawFd, step: usize, error: Errno) -> ! {
    let [a, b, c, d] = (error as i32).to_ne_bytes();
    // Of the few steps that there are.
    let report = [a, b, c, d, step as u8];
    // SAFETY: writes bytes that are there.
    unsafe { libc::write(trouble, report.as_ptr().cast(), report.len()) };
    // SAFETY: ends the process without running anything of ours.
    unsafe { libc::_exit(127) }
}

fn failure(code: i32, step: Option<&String>) -> anyhow::Error {
    let error = anyhow::Error::from(io::Error::from_raw_os_error(code));
    match step {
        Some(step) => error.context(step.clone()),
        None => error,
    }
}

/// While it lives, this process does not hear what the terminal sends.
struct Quiet([Option<SigHandler>; FROM_TERMINAL.len()]);

impl Quiet {
    fn begin() -> Quiet {
        // SAFETY: ignoring a signal runs no handler.
        let ignore = |signal| unsafe {
            nix::sys::signal::signal(signal, SigHandler::SigIgn)
        };
        Quiet(FROM_TERMINAL.map(|signal| ignore(signal).ok()))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        for (signal, before) in FROM_TERMINAL.iter().zip(self.0) {
            if let Some(before) = before {
                // SAFETY: puts back what was there before.
                let _ = unsafe { nix::sys::signal::signal(*signal, before) };
            }
        }
    }
}

fn wait(child: Pid) -> io::Result<ExitStatus> {
    let mut status = 0;
    loop {
        // SAFETY: `status` has room for what the call writes.
        let waited =
            unsafe { libc::waitpid(child.as_raw(), &raw mut status, 0) };
        match Errno::result(waited) {
            Ok(_) => return Ok(ExitStatus::from_raw(status)),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The list as execve(2) wants it; it borrows what it points to.
fn pointers(texts: &[CString]) -> Vec<*const c_char> {
    let texts = texts.iter().map(|text| text.as_ptr());
    texts.chain(std::iter::once(std::ptr::null())).collect()
}
