//! One command under supervision: started as the person who called, in a
//! process group of its own, watched to its end.

pub(crate) mod name;
pub(crate) mod outcome;
pub(crate) mod output;
pub(crate) mod person;
pub(crate) mod sys;
pub(crate) mod view;

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use crossbeam::channel::{Receiver, Sender, after, bounded, never, select};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::attempt::name::AttemptName;
use crate::attempt::outcome::{Infra, Outcome};
use crate::attempt::output::Output;
use crate::attempt::person::Person;
use crate::attempt::sys::{Child, Gone, Program, Waiting};
use crate::attempt::view::Scene;
use crate::config::Suite;

/// How long a process group has between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(2);

/// How to end a running attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kill {
    /// SIGTERM, and SIGKILL after a grace.
    Gently,
    AtOnce,
}

/// A command that is about to run: all that can be done before its slate is
/// its own is done.
#[derive(Debug)]
pub(crate) struct Ready {
    run: Option<u64>,
    waiting: Waiting,
    ended: Receiver<()>,
    /// What is said if it can't be started.
    label: String,
    /// What the snapshot had where the output goes.
    pub(crate) replaced: Vec<&'static str>,
}

/// A command that was let go, and is being started.
#[derive(Debug)]
pub(crate) struct Going {
    run: Option<u64>,
    gone: Gone,
    ended: Receiver<()>,
    label: String,
}

/// A command that runs.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// Which run of its thread; `None` for what is no run of the suite.
    run: Option<u64>,
    child: Child,
    /// Hears once that the child has ended; it is not reaped yet.
    ended: Receiver<()>,
}

impl Ready {
    /// Prepares the suite, or what else is to run, for a slate, which it will
    /// see at `slate` when it runs, in this scene, if any.
    pub(crate) fn new(
        name: Option<AttemptName>,
        suite: &Suite,
        person: &Person,
        session: &str,
        slate: &Path,
        scene: Option<&Scene>,
        output: Output,
    ) -> anyhow::Result<Ready> {
        // Collected anew, so that no empty part leaves a `/` at the end.
        let cwd: PathBuf = slate.join(&suite.cwd).components().collect();
        let mut env = suite.env.clone();
        env.insert("GOCRASH_SESSION".into(), session.into());
        if let Some(AttemptName { thread, run }) = name {
            env.insert("GOCRASH_SLOT".into(), thread.to_string().into());
            env.insert("GOCRASH_ATTEMPT".into(), run.to_string().into());
        }
        // What it was for gocrash is wrong for the suite.
        env.insert("PWD".into(), cwd.clone().into());
        let program = Program::new(
            &suite.program,
            &suite.args,
            &env,
            &cwd,
            person.ids_to_take(),
        )?;
        let stdin = File::open("/dev/null").context("cannot open /dev/null")?;
        let stdio = [stdin, output.stdout, output.stderr].map(OwnedFd::from);
        let waiting = sys::fork_waiting(&program, stdio, scene)
            .context("cannot start a process for the suite")?;
        let (sender, ended) = bounded(1);
        watch(waiting.child.pid, sender)
            .context("cannot start a thread to wait for the suite")?;
        let label = format!(
            "cannot start {} in `{}` as {}",
            suite.label(),
            cwd.display(),
            person.name()
        );
        let run = name.map(|name| name.run);
        Ok(Ready { run, waiting, ended, label, replaced: output.replaced })
    }

    /// Lets the suite run.
    pub(crate) fn go(self) -> Going {
        let Ready { run, waiting, ended, label, .. } = self;
        Going { run, gone: waiting.go(), ended, label }
    }
}

impl Going {
    /// The moment right before it was let go.
    pub(crate) fn at(&self) -> Instant {
        self.gone.at
    }

    /// Waits until it has started.
    pub(crate) fn started(self) -> anyhow::Result<Attempt> {
        let child = self.gone.started().context(self.label)?;
        Ok(Attempt { run: self.run, child, ended: self.ended })
    }
}

impl Attempt {
    /// Waits for the end, or brings it about as `kills` says. Whatever then
    /// remains of the process group is killed, so that it can't hold the slate.
    pub(crate) fn finish(mut self, kills: &Receiver<Kill>) -> Outcome {
        let no_kills = never();
        let mut kills = kills;
        let mut grace_is_over = never();
        let mut killed = false;
        loop {
            select! {
                recv(self.ended) -> _ => break,
                recv(kills) -> kill => {
                    // A verdict that is there already is not thrown away.
                    if self.ended.try_recv().is_ok() {
                        break;
                    }
                    killed = true;
                    match kill {
                        Ok(Kill::Gently) => {
                            self.child.kill_group(Signal::SIGTERM);
                            grace_is_over = after(GRACE);
                        }
                        Ok(Kill::AtOnce) => {
                            self.child.kill_group(Signal::SIGKILL);
                        }
                        // Nobody is left who could want a result.
                        Err(_) => {
                            self.child.kill_group(Signal::SIGKILL);
                            kills = &no_kills;
                        }
                    }
                }
                recv(grace_is_over) -> _ => {
                    self.child.kill_group(Signal::SIGKILL);
                }
            }
        }
        // The child is a zombie still, so the group's id is nobody else's.
        self.child.kill_group(Signal::SIGKILL);
        match self.child.reap() {
            Ok(_) if killed => Outcome::Interrupted,
            Ok(status) => Outcome::of(status, self.run),
            Err(error) => {
                let what = format!("lost sight of the suite: {error}");
                Outcome::Infra(Infra::Passing(what))
            }
        }
    }
}

/// Says on `ended` when the child has ended.
fn watch(child: Pid, ended: Sender<()>) -> std::io::Result<()> {
    let wait = move || {
        // An error means that there is no such child: that is an end as well.
        let _ = sys::wait_for_end(child);
        let _ = ended.send(());
    };
    thread::Builder::new().name(format!("wait-{child}")).spawn(wait)?;
    Ok(())
}

#[cfg(test)]
mod tests;
