//! A command that runs beside an attempt, for a time at most: a debugger, a
//! hook. It has a supervisor of its own, so nothing of it stays.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, TryRecvError, after, never, select};

use crate::attempt::line::Line;
use crate::attempt::person::Ids;
use crate::attempt::sys::{self, Control, Order, Program, Report};
use crate::attempt::{ANSWER_MAX, Kill, NO_SUPERVISOR};

/// What is to run, and as whom.
#[derive(Debug)]
pub(crate) struct Aside<'a> {
    /// The program and its arguments.
    pub(crate) words: Vec<OsString>,
    pub(crate) env: &'a BTreeMap<OsString, OsString>,
    pub(crate) dir: &'a Path,
    /// Whom it takes to become, if this process is somebody else.
    pub(crate) ids: Option<Ids>,
}

/// What became of it.
#[derive(Debug)]
pub(crate) enum Done {
    Exited(ExitStatus),
    NotStarted(String),
    /// It took too long, or somebody is in a hurry, and was killed.
    Cut,
}

/// Whether somebody wants an end of all this. Whoever asks for it is heard
/// once, and by this alone.
#[derive(Debug)]
pub(crate) struct Hurry<'a> {
    kills: &'a Receiver<Kill>,
    is_asked_for: Cell<bool>,
}

impl<'a> Hurry<'a> {
    pub(crate) fn new(kills: &'a Receiver<Kill>) -> Hurry<'a> {
        Hurry { kills, is_asked_for: Cell::new(false) }
    }

    pub(crate) fn is_asked_for(&self) -> bool {
        if !self.is_asked_for.get() {
            let heard = self.kills.try_recv();
            self.is_asked_for.set(heard != Err(TryRecvError::Empty));
        }
        self.is_asked_for.get()
    }

    /// Waits for that, or for the end of the time, or for a report.
    pub(super) fn wait(
        &self,
        reports: &Receiver<Report>,
        time: &Receiver<Instant>,
    ) -> Heard {
        let silent = never();
        let kills = match self.is_asked_for.get() {
            true => &silent,
            false => self.kills,
        };
        select! {
            recv(reports) -> report => match report {
                Ok(report) => Heard::Report(report),
                Err(_) => Heard::NoMore,
            },
            recv(kills) -> _ => {
                self.is_asked_for.set(true);
                Heard::Hurry
            }
            recv(time) -> _ => Heard::TimeIsUp,
        }
    }
}

/// What came first.
#[derive(Debug)]
pub(super) enum Heard {
    Report(Report),
    /// The supervisor has said all that it will.
    NoMore,
    Hurry,
    TimeIsUp,
}

impl Aside<'_> {
    /// Runs it to its end, or to the end of its time.
    pub(crate) fn run(
        &self,
        output: OwnedFd,
        limit: Duration,
        hurry: &Hurry<'_>,
    ) -> io::Result<Done> {
        let [program, args @ ..] = &self.words[..] else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let ids = self.ids.clone();
        let program = Program::new(program, args, self.env, self.dir, ids)?;
        let stdin = File::open("/dev/null")?.into();
        let stdio = [stdin, output.try_clone()?, output];
        let (supervisor, control) =
            sys::fork_supervised(&program, stdio, None)?;
        let line = Line::open(Control::of(control))?;
        line.send(Order::Go);
        let done = wait(&line, limit, hurry);
        drop(line);
        supervisor.end();
        Ok(done)
    }
}

fn wait(line: &Line, limit: Duration, hurry: &Hurry<'_>) -> Done {
    let mut time = after(limit);
    let mut is_cut = false;
    let mut status = None;
    loop {
        match hurry.wait(&line.reports, &time) {
            Heard::Report(Report::Started) => {}
            Heard::Report(Report::NotStarted { errno: 0, .. }) => break,
            Heard::Report(Report::NotStarted { errno, .. }) => {
                let error = io::Error::from_raw_os_error(errno);
                return Done::NotStarted(error.to_string());
            }
            Heard::Report(Report::Ended { status: ended, is_last }) => {
                status = Some(ended);
                if is_last {
                    break;
                }
            }
            Heard::Report(Report::Found(..)) | Heard::NoMore => break,
            Heard::Hurry | Heard::TimeIsUp if is_cut => break,
            Heard::Hurry | Heard::TimeIsUp => {
                is_cut = true;
                line.send(Order::Kill);
                time = after(ANSWER_MAX);
            }
        }
    }
    match status {
        Some(status) if !is_cut => Done::Exited(ExitStatus::from_raw(status)),
        None if !is_cut => Done::NotStarted(NO_SUPERVISOR.to_owned()),
        _ => Done::Cut,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use crossbeam::channel::bounded;
    use nix::unistd::pipe;

    use super::*;

    /// What became of a script, and what it printed.
    fn run(script: &str, limit: Duration, hurry: &Hurry) -> (Done, String) {
        let aside = Aside {
            words: vec!["sh".into(), "-c".into(), script.into()],
            env: &std::env::vars_os().collect(),
            dir: "/".as_ref(),
            ids: None,
        };
        let (read, write) = pipe().unwrap();
        let done = aside.run(write, limit, hurry).unwrap();
        let mut text = String::new();
        // Ends only when nothing of it is left.
        File::from(read).read_to_string(&mut text).unwrap();
        (done, text)
    }

    #[test]
    fn it_runs_to_its_end_or_to_that_of_its_time() {
        let (_kill, kills) = bounded(1);
        let hurry = Hurry::new(&kills);
        let long = Duration::from_secs(1000);
        let (done, text) = run("echo said; pwd; exit 3", long, &hurry);
        assert!(matches!(done, Done::Exited(s) if s.code() == Some(3)));
        assert_eq!(text, "said\n/\n");
        let endless = "echo begun; setsid sleep 10000; echo over";
        let short = Duration::from_secs(3);
        let (done, text) = run(endless, short, &hurry);
        assert!(matches!(done, Done::Cut), "{done:?}");
        assert_eq!(text, "begun\n");
    }

    #[test]
    fn it_is_cut_short_for_whoever_is_in_a_hurry() {
        let (kill, kills) = bounded(1);
        kill.send(Kill::Gently).unwrap();
        let hurry = Hurry::new(&kills);
        let long = Duration::from_secs(1000);
        let (done, _) = run("sleep 10000", long, &hurry);
        assert!(matches!(done, Done::Cut), "{done:?}");
        assert!(hurry.is_asked_for());
    }
}
