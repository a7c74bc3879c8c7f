//! What the person has run when something becomes of an attempt. It gets what
//! there is to know in its environment, so that no name from outside is ever
//! text for a shell.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use crate::attempt::aside::{Aside, Done, Hurry};
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::Outcome;
use crate::hunt::event::Event;
use crate::hunt::worker::Worker;
use crate::keeper::request::Prepared;

/// Then it is killed.
const TIME_MAX: Duration = Duration::from_secs(120);

/// When it is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Start,
    Failure,
    Timeout,
}

/// What is not known at every moment.
#[derive(Debug, Default)]
pub(super) struct Facts<'a> {
    pub(super) outcome: Option<&'a Outcome>,
    /// The process of the command.
    pub(super) pid: Option<i32>,
}

impl Moment {
    pub(crate) fn option(self) -> &'static str {
        match self {
            Moment::Start => "--on-start",
            Moment::Failure => "--on-failure",
            Moment::Timeout => "--on-timeout",
        }
    }

    /// One word, for the record.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Moment::Start => "start",
            Moment::Failure => "failure",
            Moment::Timeout => "timeout",
        }
    }
}

impl Worker {
    /// Runs what is to run then, and says what went wrong.
    pub(super) fn hook(
        &self,
        moment: Moment,
        name: AttemptName,
        prepared: &Prepared,
        facts: &Facts<'_>,
        hurry: &Hurry<'_>,
    ) {
        let hooks = &self.config.hooks;
        let command = match moment {
            Moment::Start => &hooks.start,
            Moment::Failure => &hooks.failure,
            Moment::Timeout => &hooks.timeout,
        };
        let Some(command) = command else { return };
        let env = self.environment(name, prepared, facts);
        let why = match self.run_hook(command, &env, hurry) {
            Ok(Done::Exited(status)) if status.success() => return,
            Ok(Done::Exited(status)) => status.to_string(),
            Ok(Done::NotStarted(why)) => why,
            Ok(Done::Cut) if hurry.is_asked_for() => {
                "killed, because the hunt ends".to_owned()
            }
            Ok(Done::Cut) => {
                format!("killed, because it took longer than {TIME_MAX:?}")
            }
            Err(error) => format!("{error:#}"),
        };
        self.voice.say(Event::HookFailed(name, moment, why));
    }

    fn run_hook(
        &self,
        command: &OsString,
        env: &BTreeMap<OsString, OsString>,
        hurry: &Hurry<'_>,
    ) -> anyhow::Result<Done> {
        let ids = self.config.ids_beside();
        let dir = std::env::current_dir();
        let dir = dir.as_deref().unwrap_or("/".as_ref());
        let words = vec!["sh".into(), "-c".into(), command.clone()];
        let output = io::stderr()
            .as_fd()
            .try_clone_to_owned()
            .context("cannot use standard error")?;
        let aside = Aside { words, env, dir, ids };
        Ok(aside.run(output, TIME_MAX, hurry)?)
    }

    fn environment(
        &self,
        name: AttemptName,
        prepared: &Prepared,
        facts: &Facts<'_>,
    ) -> BTreeMap<OsString, OsString> {
        let stdout = &prepared.stdout_path;
        // As others see it: an overlay itself is for its attempt alone.
        let tree = stdout.parent().unwrap_or(Path::new("/"));
        let number = |number: i32| number.to_string().into();
        let (status, signal) =
            facts.outcome.map_or((None, None), Outcome::status);
        let told: [(&str, Option<OsString>); 9] = [
            ("SESSION", Some(self.working.session.clone().into())),
            ("SLOT", Some(name.thread.to_string().into())),
            ("ATTEMPT", Some(name.run.to_string().into())),
            ("SLATE", Some(tree.into())),
            ("STDOUT", Some(stdout.clone().into())),
            ("OUTCOME", facts.outcome.map(|outcome| outcome.word().into())),
            ("EXIT_STATUS", status.map(number)),
            ("SIGNAL", signal.map(number)),
            ("PID", facts.pid.map(number)),
        ];
        let mut env: BTreeMap<_, _> = std::env::vars_os().collect();
        env.extend(self.config.acting_person().environment());
        for (name, value) in told {
            let name = OsString::from(format!("GOCRASH_{name}"));
            match value {
                Some(value) => env.insert(name, value),
                // It may be of a gocrash further up.
                None => env.remove(&name),
            };
        }
        env
    }
}
