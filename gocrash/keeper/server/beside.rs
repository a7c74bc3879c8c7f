//! What is done about an attempt with the rights of the person who runs the
//! suite, where whoever called is somebody else and can't become them.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::ensure;
use crossbeam::channel::never;

use super::state::Held;
use super::{OUT_OF_TURN, Server};
use crate::attempt::aside::{Aside, Done, Hurry};
use crate::attempt::autopsy::stacks;
use crate::attempt::name::AttemptName;
use crate::attempt::processes;
use crate::keeper::request::{Answer, Dumped, Reply};
use crate::slate;
use crate::slate::cores::{self, Core, Cores, DIRECTORY};

const COPY_MAX: Duration = Duration::from_secs(120);
/// The first word is a directory, the others are files. None of them is ever
/// text for the shell.
const COPY: &str = r#"d=$1; shift; mkdir -p "$d" && exec cp -fp -- "$@" "$d""#;

impl Server {
    /// Finds what cores the attempt left, and copies those that are elsewhere.
    pub(super) fn cores(&self, name: AttemptName) -> anyhow::Result<Answer> {
        ensure!(self.config.is_for_another(), OUT_OF_TURN);
        let ids = self.config.person.ids_to_take();
        let uid = self.config.person.ids().uid.as_raw();
        let cores = self.with_shown(name, |source, held| {
            let root = source.root(&held.slate)?;
            let since = held.shown.unwrap_or(SystemTime::UNIX_EPOCH);
            let mut cores = slate::as_person(ids.as_ref(), || {
                cores::find(root.as_fd(), since, uid)
            });
            let path = &held.slate.path;
            let copies = cores.copies(self.config.seen_at(path));
            if !copies.is_empty() {
                self.copy(&path.join(DIRECTORY), &copies, &mut cores);
            }
            Ok(cores)
        });
        Ok(Reply::Dumped(Dumped::from(cores?)).into())
    }

    /// The core says what its program was, and is the suite's own.
    fn copy(&self, to: &Path, files: &[PathBuf], cores: &mut Cores) {
        let mut words: Vec<OsString> =
            ["sh", "-c", COPY, "sh"].map(OsString::from).to_vec();
        words.push(to.into());
        words.extend(files.iter().map(OsString::from));
        let aside = Aside {
            words,
            env: &self.config.suite.env,
            dir: Path::new("/"),
            ids: self.config.person.ids_to_take(),
        };
        let kills = never();
        let null = File::options().write(true).open("/dev/null");
        let done = null.and_then(|null| {
            aside.run(OwnedFd::from(null), COPY_MAX, &Hurry::new(&kills))
        });
        let what = match done {
            Ok(Done::Exited(status)) if status.success() => {
                cores.found.iter_mut().for_each(Core::was_copied);
                return;
            }
            Ok(Done::Exited(status)) => status.to_string(),
            Ok(Done::NotStarted(why)) => why,
            Ok(Done::Cut) => "it took too long".to_owned(),
            Err(error) => error.to_string(),
        };
        let why = format!("cannot copy all of the cores and programs: {what}");
        cores.trouble.get_or_insert(why);
    }

    /// Appends the stacks of an attempt that hangs, and says why not all.
    pub(super) fn stacks(&self, file: &File, held: &Held) -> Option<String> {
        let tree = processes::below(held.supervisor.pid().as_raw());
        let ids = self.config.person.ids_to_take();
        let env = &self.config.suite.env;
        let kills = never();
        let hurry = Hurry::new(&kills);
        let written = stacks::write(file, &tree, ids.as_ref(), env, &hurry);
        written
            .err()
            .map(|error| format!("the stacks are not complete: {error}"))
    }
}
