//! A worker: takes orders, owns a slate and a voice, decides nothing.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use crossbeam::channel::Receiver;

use crate::attempt::name::AttemptName;
use crate::attempt::outcome::{Infra, Outcome};
use crate::attempt::output::Output;
use crate::attempt::{Attempt, Kill};
use crate::config::Config;
use crate::hunt::event::{Event, Voice};
use crate::slate::zfs::Pool;
use crate::slate::{Slate, Working};

/// What the coordinator wants of a worker; each is answered by an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// Make a slate for this attempt.
    Prepare(AttemptName),
    /// Run the attempt in the slate made for it.
    Run,
    /// Let the slate stay, marked with this word.
    Keep(&'static str),
    /// Destroy the slate.
    Retire,
    Finish,
}

/// One thread of the hunt.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) thread: u16,
    pub(crate) config: Arc<Config>,
    pub(crate) pool: Pool,
    pub(crate) working: Working,
    pub(crate) orders: Receiver<Order>,
    pub(crate) kills: Receiver<Kill>,
    pub(crate) voice: Voice,
}

impl Worker {
    pub(crate) fn work(self) {
        let mut held: Option<(AttemptName, Slate)> = None;
        // The channel ends with the coordinator, so a worker never outlives
        // the hunt.
        while let Ok(order) = self.orders.recv() {
            let event = match (order, held.take()) {
                (Order::Prepare(name), None) => {
                    let made = self.pool.prepare(&self.working, name);
                    let made = made.map(|slate| held = Some((name, slate)));
                    Event::Prepared(name, made)
                }
                (Order::Run, Some((name, slate))) => {
                    let begin = Instant::now();
                    let outcome = self.attempt(name, &slate);
                    held = Some((name, slate));
                    Event::Ended(name, outcome, begin.elapsed())
                }
                (Order::Keep(word), Some((name, slate))) => {
                    Event::Kept(name, self.pool.keep(&slate, word))
                }
                (Order::Retire, Some((name, slate))) => {
                    let rest = self.pool.retire(&self.working, &slate);
                    Event::Retired(name, rest)
                }
                (Order::Finish, None) => break,
                (order, held) => {
                    unreachable!("{order:?} cannot follow: {held:?}")
                }
            };
            self.voice.say(event);
        }
        self.voice.say(Event::Finished(self.thread));
    }

    fn attempt(&self, name: AttemptName, slate: &Slate) -> Outcome {
        match self.start(name, slate) {
            Ok(attempt) => attempt.finish(&self.kills),
            Err(error) => {
                let what = format!("{error:#}");
                Outcome::Infra(match error.chain().any(may_pass) {
                    true => Infra::Passing(what),
                    false => Infra::NotStarted(what),
                })
            }
        }
    }

    fn start(
        &self,
        name: AttemptName,
        slate: &Slate,
    ) -> anyhow::Result<Attempt> {
        let Config { suite, person, .. } = &*self.config;
        let stdout_path = Output::stdout_path(&slate.path);
        self.voice.say(Event::Started(name, stdout_path));
        let ids = person.ids_to_take();
        let output = Output::create(&slate.path, ids.as_ref())
            .context("cannot store the output")?;
        if !output.replaced.is_empty() {
            self.voice.say(Event::Replaced(name, output.replaced.clone()));
        }
        let session = &self.working.session;
        Attempt::start(name, suite, person, session, &slate.path, output)
    }
}

/// A fork may be refused, or a file, for lack of something; what can't be found
/// or entered now will not be later.
fn may_pass(cause: &(dyn std::error::Error + 'static)) -> bool {
    let code = cause
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::raw_os_error);
    [libc::EAGAIN, libc::ENOMEM, libc::EMFILE, libc::ENFILE, libc::ENOSPC]
        .iter()
        .any(|passing| code == Some(*passing))
}
