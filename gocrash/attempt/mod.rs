//! One command under supervision: started as the person who called, in a
//! process group of its own, watched to its end.

pub(crate) mod name;
pub(crate) mod outcome;
pub(crate) mod output;
pub(crate) mod person;
pub(crate) mod sys;

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use crossbeam::channel::{Receiver, Sender, after, bounded, never, select};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::attempt::name::AttemptName;
use crate::attempt::outcome::{Infra, Outcome};
use crate::attempt::output::Output;
use crate::attempt::person::Person;
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

/// A command that runs.
#[derive(Debug)]
pub(crate) struct Attempt {
    name: AttemptName,
    child: Child,
    /// Hears once that the child has ended; it is not reaped yet.
    ended: Receiver<()>,
}

impl Attempt {
    /// Starts the suite in the slate at `slate`.
    pub(crate) fn start(
        name: AttemptName,
        suite: &Suite,
        person: &Person,
        session: &str,
        slate: &Path,
        output: Output,
    ) -> anyhow::Result<Attempt> {
        // Collected anew, so that no empty part leaves a `/` at the end.
        let cwd: PathBuf = slate.join(&suite.cwd).components().collect();
        let mut command = Command::new(&suite.program);
        command
            .args(&suite.args)
            .env_clear()
            .envs(&suite.env)
            .env("GOCRASH_SESSION", session)
            .env("GOCRASH_SLOT", name.thread.to_string())
            .env("GOCRASH_ATTEMPT", name.run.to_string())
            .stdin(Stdio::null())
            .stdout(output.stdout)
            .stderr(output.stderr);
        sys::detach(
            &mut command,
            CString::new(cwd.as_os_str().as_bytes())?,
            person.ids_to_take(),
        );
        let child = command.spawn().with_context(|| {
            format!(
                "cannot start {} in `{}` as {}",
                suite.label(),
                cwd.display(),
                person.name()
            )
        })?;
        let (sender, ended) = bounded(1);
        // Dropped, and so killed, where it can't be watched.
        let attempt = Attempt { name, child, ended };
        watch(attempt.child.id(), sender)
            .context("cannot start a thread to wait for the suite")?;
        Ok(attempt)
    }

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
                            kill_group(&self.child, Signal::SIGTERM);
                            grace_is_over = after(GRACE);
                        }
                        Ok(Kill::AtOnce) => {
                            kill_group(&self.child, Signal::SIGKILL);
                        }
                        // Nobody is left who could want a result.
                        Err(_) => {
                            kill_group(&self.child, Signal::SIGKILL);
                            kills = &no_kills;
                        }
                    }
                }
                recv(grace_is_over) -> _ => {
                    kill_group(&self.child, Signal::SIGKILL);
                }
            }
        }
        // The child is a zombie still, so the group's id is nobody else's.
        kill_group(&self.child, Signal::SIGKILL);
        match self.child.wait() {
            Ok(_) if killed => Outcome::Interrupted,
            Ok(status) => Outcome::of(status, self.name.run),
            Err(error) => {
                let what = format!("lost sight of the suite: {error}");
                Outcome::Infra(Infra::Passing(what))
            }
        }
    }
}

/// Nothing runs on unwatched, should the worker panic.
impl Drop for Attempt {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            kill_group(&self.child, Signal::SIGKILL);
            let _ = self.child.wait();
        }
    }
}

/// Says on `ended` when the child has ended.
fn watch(child: u32, ended: Sender<()>) -> std::io::Result<()> {
    let wait = move || {
        // An error means that there is no such child: that is an end as well.
        let _ = sys::wait_for_end(child);
        let _ = ended.send(());
    };
    thread::Builder::new().name(format!("wait-{child}")).spawn(wait)?;
    Ok(())
}

fn kill_group(leader: &Child, signal: Signal) {
    // It fails only where nobody of the group is left to be killed. On Linux
    // and illumos a zombie still counts as one, on FreeBSD it answers EPERM.
    if let Ok(pid) = i32::try_from(leader.id()) {
        let _ = killpg(Pid::from_raw(pid), signal);
    }
}

#[cfg(test)]
mod tests;
