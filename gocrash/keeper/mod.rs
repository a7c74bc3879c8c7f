//! Rights separated: all that needs them is done by the keeper, a process that
//! only answers requests; the rest of gocrash is the person who called. Where
//! mounting can be delegated, on FreeBSD and illumos, they are one process.

#[cfg(target_os = "linux")]
mod connection;
pub(crate) mod request;
mod server;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};

use crate::attempt::name::AttemptName;
use crate::attempt::said::Logs;
#[cfg(not(target_os = "linux"))]
use crate::attempt::sys;
use crate::attempt::sys::Control;
use crate::config::Config;
use crate::refusal::Refusal;
use crate::slate::collect::Collected;
use crate::slate::cores::Cores;
use crate::slate::room::Shortage;
use crate::slate::{Drift, Left, Rest, Seen, Unprepared, Working};
#[cfg(target_os = "linux")]
use connection::{Connection, Process};
use request::{Answer, Golden, Prepared, Reply, Request};
#[cfg(any(test, not(target_os = "linux")))]
use server::Server;

/// The keeper gives back what was asked for, or says why not.
const UNASKED: &str = "the keeper answered something else";

/// The one that has the rights.
#[derive(Debug)]
pub(crate) struct Keeper {
    #[cfg(target_os = "linux")]
    process: Arc<Process>,
    #[cfg(not(target_os = "linux"))]
    server: Arc<Server>,
}

/// A way to ask it, one thing at a time.
#[derive(Debug)]
pub(crate) enum Asker {
    #[cfg(target_os = "linux")]
    Away(Connection),
    #[cfg(not(target_os = "linux"))]
    Here(Arc<Server>),
}

#[cfg(target_os = "linux")]
impl Keeper {
    /// Forks the keeper, which begins by `forget`: what it must not hold open.
    /// From here on this process is the person who called, for good. Only while
    /// there is a single thread.
    pub(crate) fn start(
        config: &Arc<Config>,
        forget: impl FnOnce(),
    ) -> anyhow::Result<Keeper> {
        let process = Arc::new(Process::start(config, forget)?);
        Ok(Keeper { process })
    }

    pub(crate) fn asker(&self) -> anyhow::Result<Asker> {
        Ok(Asker::Away(self.process.connect()?))
    }

    /// What is called when the keeper has ended before its time: returns then.
    pub(crate) fn watch(&self) -> impl FnOnce() + Send + 'static {
        let process = Arc::clone(&self.process);
        move || process.wait_for_end()
    }

    /// Nothing more is asked. Waits for its end, if there is time.
    pub(crate) fn end(&self, waits: bool) {
        self.process.end(waits);
    }
}

#[cfg(not(target_os = "linux"))]
impl Keeper {
    /// Where it is this process itself.
    pub(crate) fn start(
        config: &Arc<Config>,
        _forget: impl FnOnce(),
    ) -> anyhow::Result<Keeper> {
        config.origin.enter()?;
        sys::adopt_orphans();
        let server = Arc::new(Server::new(Arc::clone(config)));
        Ok(Keeper { server })
    }

    pub(crate) fn asker(&self) -> anyhow::Result<Asker> {
        Ok(Asker::Here(Arc::clone(&self.server)))
    }

    /// It ends with this process, and not before.
    pub(crate) fn watch(&self) -> impl FnOnce() + Send + 'static {
        || loop {
            std::thread::park();
        }
    }

    /// Nothing more is asked. Waits for its end, if there is time.
    pub(crate) fn end(&self, waits: bool) {
        if waits {
            self.server.end();
            sys::remove_cgroups();
        }
        self.server.leave();
    }
}

impl Asker {
    /// Gives what could not go.
    pub(crate) fn clean(&self) -> anyhow::Result<Vec<Left>> {
        match self.ask(&Request::Clean)?.reply {
            Reply::Cleaned(left) => Ok(left),
            _ => bail!(UNASKED),
        }
    }

    pub(crate) fn check(&self) -> anyhow::Result<Seen> {
        match self.ask(&Request::Check)?.reply {
            Reply::Seen(seen) => Ok(seen),
            _ => bail!(UNASKED),
        }
    }

    pub(crate) fn open(&self, first_ms: u64) -> anyhow::Result<Working> {
        match self.ask(&Request::Open { first_ms })?.reply {
            Reply::Opened(working) => Ok(working),
            _ => bail!(UNASKED),
        }
    }

    /// The files of the record, as many as there are, and why not all.
    pub(crate) fn record(&self) -> anyhow::Result<(Vec<File>, Option<String>)> {
        let Answer { reply, files } = self.ask(&Request::Record)?;
        let Reply::Recorded { why_not } = reply else { bail!(UNASKED) };
        Ok((files.into_iter().map(File::from).collect(), why_not))
    }

    /// A clone to prepare, the way to what will do so, and its log.
    pub(crate) fn create_golden(
        &self,
    ) -> anyhow::Result<(Golden, Control, File)> {
        let Answer { reply, files } = self.ask(&Request::Golden)?;
        let Reply::Golden(golden) = reply else { bail!(UNASKED) };
        let mut files = files.into_iter();
        let control = Control::of(next(&mut files)?);
        Ok((golden, control, File::from(next(&mut files)?)))
    }

    /// Gives what tells it from another one of its name.
    pub(crate) fn finish_golden(&self) -> anyhow::Result<String> {
        match self.ask(&Request::FinishGolden)?.reply {
            Reply::Gilded { guid } => Ok(guid),
            _ => bail!(UNASKED),
        }
    }

    pub(crate) fn retire_golden(&self) -> anyhow::Result<Rest> {
        self.rest(&Request::RetireGolden)
    }

    pub(crate) fn leave_golden(&self) -> anyhow::Result<()> {
        self.done(&Request::LeaveGolden)
    }

    pub(crate) fn shortage(&self) -> anyhow::Result<Option<Shortage>> {
        self.short(&Request::Shortage)
    }

    /// A slate, the way to what waits to run in it, and what that prints.
    pub(crate) fn prepare(
        &self,
        name: AttemptName,
    ) -> Result<(Prepared, Control, Option<Logs>), Unprepared> {
        let unprepared = |error: anyhow::Error| Unprepared {
            why: format!("{error:#}"),
            left: None,
        };
        let answer = self.ask(&Request::Prepare(name)).map_err(unprepared)?;
        match answer.reply {
            Reply::Prepared(prepared) => {
                let mut files = answer.files.into_iter();
                let end = next(&mut files).map_err(unprepared)?;
                let logs = files.next().zip(files.next());
                let logs = logs.map(|(stdout, stderr)| {
                    Logs::new([stdout, stderr].map(File::from))
                });
                Ok((prepared, Control::of(end), logs))
            }
            Reply::Unprepared(why) => Err(why),
            _ => Err(unprepared(anyhow!(UNASKED))),
        }
    }

    /// Also gives what is short, if nothing more can be written.
    pub(crate) fn reveal(
        &self,
        name: AttemptName,
    ) -> anyhow::Result<Option<Shortage>> {
        self.short(&Request::Reveal(name))
    }

    pub(crate) fn is_full(
        &self,
        name: AttemptName,
    ) -> anyhow::Result<Option<Shortage>> {
        self.short(&Request::IsFull(name))
    }

    /// The file that it was written to, open for more; and what could not be.
    pub(crate) fn examine(
        &self,
        name: AttemptName,
    ) -> anyhow::Result<(File, Option<String>)> {
        let Answer { reply, files } = self.ask(&Request::Examine(name))?;
        let Reply::Examined { why } = reply else { bail!(UNASKED) };
        Ok((File::from(next(&mut files.into_iter())?), why))
    }

    pub(crate) fn freeze(
        &self,
        name: AttemptName,
    ) -> anyhow::Result<Option<String>> {
        match self.ask(&Request::Freeze(name))?.reply {
            Reply::Frozen(snapshot) => Ok(snapshot),
            _ => bail!(UNASKED),
        }
    }

    pub(crate) fn root(&self, name: AttemptName) -> anyhow::Result<OwnedFd> {
        let Answer { reply, files } = self.ask(&Request::Root(name))?;
        let Reply::Root = reply else { bail!(UNASKED) };
        next(&mut files.into_iter())
    }

    pub(crate) fn cores(&self, name: AttemptName) -> anyhow::Result<Cores> {
        match self.ask(&Request::Cores(name))?.reply {
            Reply::Dumped(dumped) => Ok(dumped.into()),
            _ => bail!(UNASKED),
        }
    }

    pub(crate) fn collect(
        &self,
        name: AttemptName,
    ) -> anyhow::Result<Collected> {
        match self.ask(&Request::Collect(name))?.reply {
            Reply::Collected(collected) => Ok(collected),
            _ => bail!(UNASKED),
        }
    }

    pub(crate) fn keep(
        &self,
        name: AttemptName,
        word: &str,
    ) -> anyhow::Result<()> {
        self.done(&Request::Keep { name, word: word.to_owned() })
    }

    pub(crate) fn retire(&self, name: AttemptName) -> anyhow::Result<Rest> {
        self.rest(&Request::Retire(name))
    }

    pub(crate) fn finish(&self) -> anyhow::Result<Drift> {
        match self.ask(&Request::Finish)?.reply {
            Reply::Drift(drift) => Ok(drift),
            _ => bail!(UNASKED),
        }
    }

    pub(crate) fn close(&self) -> anyhow::Result<Rest> {
        self.rest(&Request::Close)
    }

    fn short(&self, request: &Request) -> anyhow::Result<Option<Shortage>> {
        match self.ask(request)?.reply {
            Reply::Shortage(shortage) => Ok(shortage),
            _ => bail!(UNASKED),
        }
    }

    fn rest(&self, request: &Request) -> anyhow::Result<Rest> {
        match self.ask(request)?.reply {
            Reply::Rest(rest) => Ok(rest),
            _ => bail!(UNASKED),
        }
    }

    fn done(&self, request: &Request) -> anyhow::Result<()> {
        match self.ask(request)?.reply {
            Reply::Done => Ok(()),
            _ => bail!(UNASKED),
        }
    }

    fn ask(&self, request: &Request) -> anyhow::Result<Answer> {
        let answer = match self {
            #[cfg(target_os = "linux")]
            Asker::Away(connection) => connection.ask(request)?,
            #[cfg(not(target_os = "linux"))]
            Asker::Here(server) => server.answer(request.clone()),
        };
        match answer.reply {
            Reply::Refused { what, help } => {
                Err(Refusal::new(what, help).into())
            }
            Reply::Failed(why) => Err(anyhow!(why)),
            reply => Ok(Answer { reply, files: answer.files }),
        }
    }
}

fn next(files: &mut impl Iterator<Item = OwnedFd>) -> anyhow::Result<OwnedFd> {
    files.next().context("the keeper sent no open file")
}
