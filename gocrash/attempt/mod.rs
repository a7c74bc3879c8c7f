//! One command under supervision: started as the person who called, below a
//! process that leaves nothing of it, watched to its end.

pub(crate) mod aside;
pub(crate) mod autopsy;
mod climb;
pub(crate) mod clock;
pub(crate) mod launch;
pub(crate) mod leaks;
mod line;
pub(crate) mod name;
pub(crate) mod outcome;
pub(crate) mod output;
pub(crate) mod patterns;
pub(crate) mod person;
pub(crate) mod processes;
pub(crate) mod reader;
pub(crate) mod results;
pub(crate) mod said;
pub(crate) mod sys;
pub(crate) mod timer;
pub(crate) mod view;

use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use anyhow::Context;
use crossbeam::channel::{Receiver, after, never, select};
use nix::sys::signal::Signal;

use crate::attempt::leaks::Leaks;
use crate::attempt::line::Line;
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::{Infra, Outcome};
use crate::attempt::person::Person;
use crate::attempt::said::Logs;
use crate::attempt::sys::{Control, Order, Report};
use crate::attempt::timer::Timer;
use crate::config::Suite;

/// How long a process group has between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(2);
/// How long a supervisor may take from a kill to its last word.
const ANSWER_MAX: Duration = Duration::from_secs(15);
const NO_SUPERVISOR: &str = "its supervisor was killed";
const NOT_FOUND_MAYBE: &str =
    ", or there is no such command and a directory of PATH can't be entered";

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
    line: Line,
    /// What the steps of its scene are called.
    steps: Vec<String>,
    /// What is said if it can't be started.
    label: String,
    is_sought: bool,
    /// To read what it prints, where that is possible.
    pub(crate) logs: Option<Logs>,
}

/// A command that was let go, and is being started.
#[derive(Debug)]
pub(crate) struct Going {
    run: Option<u64>,
    line: Line,
    steps: Vec<String>,
    label: String,
    /// It is looked for where PATH says.
    is_sought: bool,
    at: Instant,
}

/// A command that runs.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// Which run of its thread; `None` for what is no run of the suite.
    run: Option<u64>,
    line: Line,
}

/// What came first.
#[derive(Debug)]
pub(crate) enum Watched {
    Ended(End),
    /// Its time was over, and it still runs.
    Late(Attempt),
}

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) outcome: Outcome,
    /// When that was known.
    pub(crate) at: Instant,
    pub(crate) leaks: Leaks,
}

impl Ready {
    /// The suite, or what else is to run, behind this connection; it will
    /// start in `cwd`.
    pub(crate) fn new(
        name: Option<AttemptName>,
        suite: &Suite,
        person: &Person,
        cwd: &Path,
        control: Control,
        steps: Vec<String>,
        logs: Option<Logs>,
    ) -> anyhow::Result<Ready> {
        Ok(Ready {
            run: name.map(|name| name.run),
            line: Line::open(control)
                .context("cannot start a thread to wait for the suite")?,
            steps,
            label: format!(
                "cannot start {} in `{}` as {}",
                suite.label(),
                cwd.display(),
                person.name()
            ),
            is_sought: !suite.program.as_bytes().contains(&b'/'),
            logs,
        })
    }

    /// Lets the suite run.
    pub(crate) fn go(self) -> Going {
        let Ready { run, line, steps, label, is_sought, .. } = self;
        let at = Instant::now();
        line.send(Order::Go);
        Going { run, line, steps, label, is_sought, at }
    }
}

impl Going {
    /// The moment right before it was let go.
    pub(crate) fn at(&self) -> Instant {
        self.at
    }

    /// Waits until it has started.
    pub(crate) fn started(self) -> Result<Attempt, Infra> {
        let Going { run, line, steps, label, is_sought, .. } = self;
        let (step, errno) = match line.reports.recv() {
            Ok(Report::Started) => return Ok(Attempt { run, line }),
            Ok(Report::NotStarted { step, errno }) => (step, errno),
            _ => {
                return Err(Infra::Passing(format!(
                    "{label}: {NO_SUPERVISOR}"
                )));
            }
        };
        let step = step.checked_sub(1).and_then(|step| steps.get(step));
        let label = match step {
            Some(step) => format!("{label}: {step}"),
            None => label,
        };
        match errno {
            0 => Err(Infra::Passing(format!(
                "{label}: the process that waited to run it was killed"
            ))),
            errno => {
                let error = io::Error::from_raw_os_error(errno);
                let is_refused = error.kind() == ErrorKind::PermissionDenied;
                let maybe = match is_refused && is_sought && step.is_none() {
                    // As with execvp(3), nobody knows what is in there.
                    true => NOT_FOUND_MAYBE,
                    false => "",
                };
                let what = format!("{label}: {error}{maybe}");
                Err(match may_pass(errno) {
                    true => Infra::Passing(what),
                    false => Infra::NotStarted(what),
                })
            }
        }
    }
}

impl Attempt {
    /// Waits for the end, or brings it about as `kills` says. Then nothing is
    /// left of it, but for what can't be killed. It stands still while the
    /// timer's clock does, and is waited for no longer than that says.
    pub(crate) fn watch(
        self,
        kills: &Receiver<Kill>,
        timer: &Timer<'_>,
    ) -> Watched {
        let no_kills = never();
        let mut kills = kills;
        let mut grace_is_over = never();
        let mut is_late = never();
        let mut killed = false;
        // Its status, and when that was known.
        let mut ended = None;
        let mut leaks = Leaks::default();
        loop {
            let next_look = match ended.is_none() && !killed {
                true => timer.next_look(),
                false => never(),
            };
            select! {
                recv(self.line.reports) -> report => match report {
                    Ok(Report::Ended { status, is_last }) => {
                        ended = Some((status, Instant::now()));
                        if is_last {
                            break;
                        }
                    }
                    Ok(Report::Found(found, open)) => {
                        leaks = Leaks::of(&found, &open);
                        break;
                    }
                    Ok(_) => {}
                    Err(_) => break,
                },
                recv(kills) -> kill => {
                    // A verdict that is there already is not thrown away.
                    if ended.is_some() || !self.line.reports.is_empty() {
                        continue;
                    }
                    killed = true;
                    is_late = after(GRACE + ANSWER_MAX);
                    match kill {
                        Ok(Kill::Gently) => {
                            self.line.signal(Signal::SIGTERM);
                            // It can't tidy up while it is stopped.
                            self.line.signal(Signal::SIGCONT);
                            grace_is_over = after(GRACE);
                        }
                        Ok(Kill::AtOnce) => self.line.send(Order::Kill),
                        // Nobody is left who could want a result.
                        Err(_) => {
                            self.line.send(Order::Kill);
                            kills = &no_kills;
                        }
                    }
                }
                recv(grace_is_over) -> _ => self.line.send(Order::Kill),
                recv(is_late) -> _ => break,
                recv(timer.wakes) -> wake => {
                    self.signal_all(match timer.is_stopped() {
                        true => Signal::SIGSTOP,
                        false => Signal::SIGCONT,
                    });
                    drop(wake);
                }
                recv(next_look) -> _ => {
                    if timer.is_up() && self.line.reports.is_empty() {
                        return Watched::Late(self);
                    }
                }
            }
        }
        let at = ended.map_or_else(Instant::now, |(_, at)| at);
        let status = ended.map(|(status, _)| status);
        let outcome = match killed {
            true => Outcome::Interrupted,
            false => self.outcome(status),
        };
        Watched::Ended(End { outcome, at, leaks })
    }

    fn outcome(&self, status: Option<i32>) -> Outcome {
        match status {
            Some(status) => Outcome::of(ExitStatus::from_raw(status), self.run),
            None => {
                let what = format!("{NO_SUPERVISOR}, and the run with it");
                Outcome::Infra(Infra::Passing(what))
            }
        }
    }
}

/// What can't be found or entered now will not be later; a lack of something
/// may pass.
fn may_pass(errno: i32) -> bool {
    [libc::EAGAIN, libc::ENOMEM, libc::EMFILE, libc::ENFILE, libc::ENOSPC]
        .contains(&errno)
}

#[cfg(test)]
mod tests;
