//! The process of the suite until it is the suite: forked by its supervisor
//! ahead of time, become the person, and waiting for the word to run the
//! command.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ffi::{CString, OsStr, OsString, c_char};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::poll::{PollTimeout, poll};
use nix::unistd::{Pid, chdir, setgid, setgroups, setpgid, setuid};

use super::message::{ORDER_BYTES, Order};
use super::place::{CONTROL, FIRST_FREE, TROUBLE, at};
use super::{c_string, cores, reset_signals, socket, system, tree};
use crate::attempt::person::Ids;

/// Where a program is looked for when the environment has no PATH.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What is to be run: made before the fork, since nothing may be allocated
/// after it.
#[derive(Debug)]
pub(crate) struct Program {
    /// The paths it may be at, in order.
    candidates: Vec<CString>,
    argv: Vec<CString>,
    env: Vec<CString>,
    cwd: CString,
    ids: Option<Ids>,
    /// Whether its processes are to dump core.
    cores: bool,
    /// Where the slate is, ending with a `/`; nothing, where that is not for
    /// the supervisor to know.
    slate: Vec<u8>,
}

impl Program {
    /// Looks nothing up yet: that is for the process to do, as the person it
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
            cores: false,
            slate: Vec::new(),
        })
    }

    /// Lets its processes dump core, whatever they set themselves.
    pub(crate) fn with_cores(self, cores: bool) -> Program {
        Program { cores, ..self }
    }

    /// Tells the supervisor which files are of this slate.
    pub(crate) fn of_slate(self, slate: &Path) -> Program {
        let mut slate = slate.as_os_str().as_bytes().to_vec();
        slate.push(b'/');
        Program { slate, ..self }
    }

    /// Nothing, to be run in this directory.
    pub(super) fn nothing(cwd: &Path, ids: Option<Ids>) -> io::Result<Program> {
        Ok(Program {
            candidates: Vec::new(),
            argv: Vec::new(),
            env: Vec::new(),
            cwd: c_string(cwd.as_os_str())?,
            ids,
            cores: false,
            slate: Vec::new(),
        })
    }

    pub(super) fn prepared(&self) -> Prepared<'_> {
        Prepared {
            program: self,
            argv: pointers(&self.argv),
            env: pointers(&self.env),
        }
    }
}

/// A program, with its lists as execve(2) wants them.
#[derive(Debug)]
pub(super) struct Prepared<'a> {
    program: &'a Program,
    argv: Vec<*const c_char>,
    env: Vec<*const c_char>,
}

impl Prepared<'_> {
    /// Where the slate is, ending with a `/`, or nothing.
    pub(super) fn slate(&self) -> &[u8] {
        &self.program.slate
    }

    /// Takes on the ids, and gives away all rights that these don't have.
    /// Makes system calls only.
    pub(super) fn become_person(&self) -> nix::Result<()> {
        let Some(ids) = &self.program.ids else { return Ok(()) };
        setgroups(&ids.groups)?;
        setgid(ids.gid)?;
        setuid(ids.uid)?;
        if !ids.uid.is_root() {
            system::drop_privileges().map_err(|_| Errno::last())?;
        }
        Ok(())
    }

    /// What the process does from its fork on. Makes system calls only.
    pub(super) fn run(
        &self,
        supervisor: Pid,
        went: &AtomicBool,
        apart: &AtomicBool,
    ) -> ! {
        let Err(error) = self.wait_and_exec(supervisor, went, apart);
        let report = (error as i32).to_ne_bytes();
        // SAFETY: writes bytes that are there.
        unsafe { libc::write(TROUBLE, report.as_ptr().cast(), report.len()) };
        // SAFETY: ends the process without running anything of ours.
        unsafe { libc::_exit(127) }
    }

    /// Comes back only with what went wrong.
    fn wait_and_exec(
        &self,
        supervisor: Pid,
        went: &AtomicBool,
        apart: &AtomicBool,
    ) -> nix::Result<Infallible> {
        // Not even while it waits.
        system::close_from(FIRST_FREE);
        // The supervisor does the same; whoever is first.
        setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
        reset_signals().map_err(|_| Errno::last())?;
        if self.program.cores {
            cores::allow()?;
        }
        self.become_person()?;
        tree::die_with(supervisor)?;
        wait_for_go();
        // Nothing runs below a supervisor that still has rights. It seldom has
        // by now.
        while !apart.load(Ordering::SeqCst) {
            let _ = poll(&mut [], PollTimeout::from(1_u8));
        }
        went.store(true, Ordering::SeqCst);
        let Program { candidates, cwd, .. } = self.program;
        // As the person, so that it starts nowhere they couldn't go.
        chdir(cwd.as_c_str())?;
        let mut error = Errno::ENOENT;
        for candidate in candidates {
            // SAFETY: a path, and two lists of texts that end with a null
            // pointer, all of them the program's.
            unsafe {
                libc::execve(
                    candidate.as_ptr(),
                    self.argv.as_ptr(),
                    self.env.as_ptr(),
                )
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
}

/// Returns when the word has come: straight from gocrash, so that the way is
/// short. When the connection ends without it, nobody wants anything.
fn wait_for_go() {
    let mut packet = [0; ORDER_BYTES];
    let length = socket::receive(at(CONTROL), &mut packet).unwrap_or(0);
    if Order::of_bytes(&packet[..length]) != Some(Order::Go) {
        // SAFETY: ends the process without running anything of ours.
        unsafe { libc::_exit(0) }
    }
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
