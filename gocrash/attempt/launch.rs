//! How an attempt comes into being, where the rights are: what is to run, for
//! whom and where, and the supervisor above it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::attempt::name::AttemptName;
use crate::attempt::output::Output;
use crate::attempt::person::Person;
use crate::attempt::sys::{self, Program, Supervisor};
use crate::attempt::view::{Scene, resolved};
use crate::config::Suite;

/// A process that waits to run a command, and the way to it.
#[derive(Debug)]
pub(crate) struct Launched {
    /// To be waited for when all is over.
    pub(crate) supervisor: Supervisor,
    /// For a [`sys::Control`].
    pub(crate) control: OwnedFd,
}

/// Where the suite starts, in a slate that it sees at `slate`.
pub(crate) fn cwd(slate: &Path, suite: &Suite) -> PathBuf {
    // Collected anew, so that no empty part leaves a `/` at the end.
    slate.join(&suite.cwd).components().collect()
}

/// The suite's environment, with what names the attempt, if it is one.
pub(crate) fn environment(
    name: Option<AttemptName>,
    suite: &Suite,
    session: &str,
    cwd: &Path,
) -> BTreeMap<OsString, OsString> {
    let mut env = suite.env.clone();
    env.insert("GOCRASH_SESSION".into(), session.into());
    if let Some(AttemptName { thread, run }) = name {
        env.insert("GOCRASH_SLOT".into(), thread.to_string().into());
        env.insert("GOCRASH_ATTEMPT".into(), run.to_string().into());
    }
    // What it was for gocrash is wrong for the suite.
    env.insert("PWD".into(), cwd.into());
    env
}

/// Forks a supervisor with a process that waits to run the suite as this
/// person, in a slate that it sees there, in this scene, if any.
pub(crate) fn launch(
    suite: &Suite,
    person: &Person,
    env: &BTreeMap<OsString, OsString>,
    slate: &Path,
    scene: Option<&Scene>,
    output: Output,
) -> anyhow::Result<Launched> {
    let ids = person.ids_to_take();
    let cwd = cwd(slate, suite);
    let program = Program::new(&suite.program, &suite.args, env, &cwd, ids)?
        .with_cores(suite.cores)
        .of_slate(&resolved(slate));
    let stdin = File::open("/dev/null").context("cannot open /dev/null")?;
    let stdio = [stdin, output.stdout, output.stderr].map(OwnedFd::from);
    let (supervisor, control) = sys::fork_supervised(&program, stdio, scene)
        .context("cannot start a process for the suite")?;
    Ok(Launched { supervisor, control })
}
