//! Saving the core dumps of a run that failed, with their programs, where they
//! are not in its slate already.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::attempt::aside::{Aside, Done, Hurry};
use crate::attempt::name::AttemptName;
use crate::hunt::event::Event;
use crate::hunt::worker::Worker;
use crate::slate::Slate;
use crate::slate::cores::{self, Cores};

/// Where they go, in the slate.
const DIRECTORY: &str = "test_run_cores";
const COPY_MAX: Duration = Duration::from_secs(120);
/// The first word is a directory, the others are files. None of them is ever
/// text for the shell.
const COPY: &str = r#"d=$1; shift; mkdir -p "$d" && exec cp -fp -- "$@" "$d""#;

impl Worker {
    pub(super) fn save_cores(
        &self,
        name: AttemptName,
        slate: &Slate,
        began: Option<SystemTime>,
    ) {
        let Some(began) = began else { return };
        let uid = self.config.person.ids().uid.as_raw();
        let mut found = match self.source.root(slate) {
            Ok(root) => cores::find(root, began, uid),
            Err(error) => Cores {
                trouble: Some(format!("looking for cores: {error:#}")),
                ..Cores::default()
            },
        };
        // That they can't be found matters to who wants them.
        let is_wanted = self.config.suite.cores && found.trouble.is_some();
        if found.found.is_empty() && !is_wanted {
            return;
        }
        let copies = self.copies(slate, &found);
        if !copies.is_empty() {
            let trouble = self.copy(slate, &copies);
            for core in &mut found.found {
                if let (None, true, Some(name)) =
                    (&trouble, core.is_to_copy(), core.path.file_name())
                {
                    core.path = Path::new(DIRECTORY).join(name);
                }
            }
            found.trouble = found.trouble.or(trouble);
        }
        self.voice.say(Event::Dumped(name, found));
    }

    /// Cores and programs that are not in the slate.
    fn copies(&self, slate: &Slate, cores: &Cores) -> Vec<PathBuf> {
        let seen_at = self.config.seen_at(&slate.path);
        let mut copies: Vec<PathBuf> = Vec::new();
        for core in &cores.found {
            if core.is_to_copy() {
                copies.push(core.path.clone());
            }
            let program = core.program.as_ref();
            copies.extend(
                program
                    .filter(|path| path.is_absolute() && path.is_file())
                    .filter(|path| !path.starts_with(seen_at))
                    .cloned(),
            );
        }
        copies.sort();
        copies.dedup();
        copies
    }

    /// By the suite's person: the core says what its program was, and is the
    /// suite's own. Gives what went wrong.
    fn copy(&self, slate: &Slate, files: &[PathBuf]) -> Option<String> {
        let mut words: Vec<OsString> =
            ["sh", "-c", COPY, "sh"].map(OsString::from).to_vec();
        words.push(slate.path.join(DIRECTORY).into());
        words.extend(files.iter().map(OsString::from));
        let aside = Aside {
            words,
            env: &self.config.suite.env,
            dir: Path::new("/"),
            person: &self.config.person,
        };
        let null = File::options().write(true).open("/dev/null").ok()?;
        let hurry = Hurry::new(&self.kills);
        let done = aside.run(OwnedFd::from(null), COPY_MAX, &hurry);
        let what = match done {
            Ok(Done::Exited(status)) if status.success() => return None,
            Ok(Done::Exited(status)) => status.to_string(),
            Ok(Done::NotStarted(why)) => why,
            Ok(Done::Cut) => "it took too long".to_owned(),
            Err(error) => error.to_string(),
        };
        Some(format!("cannot copy all of the cores and programs: {what}"))
    }
}
