//! Saving the core dumps of a run that failed, with their programs, where they
//! are not in its slate already.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, mkdirat};

use crate::attempt::name::AttemptName;
use crate::hunt::event::Event;
use crate::hunt::worker::Worker;
use crate::keeper::request::Prepared;
use crate::slate::cores::{self, Core, Cores, DIRECTORY};

impl Worker {
    pub(super) fn save_cores(
        &self,
        name: AttemptName,
        prepared: &Prepared,
        began: Option<SystemTime>,
    ) {
        let Some(began) = began else { return };
        let found = match self.config.is_for_another() {
            true => self.asker.cores(name),
            false => self.copied(name, prepared, began),
        };
        let found = found.unwrap_or_else(|error| Cores {
            trouble: Some(format!("looking for cores: {error:#}")),
            ..Cores::default()
        });
        // That they can't be found matters to who wants them.
        let is_wanted = self.config.suite.cores && found.trouble.is_some();
        if !found.found.is_empty() || is_wanted {
            self.voice.say(Event::Dumped(name, found));
        }
    }

    /// Where gocrash is the suite's person itself.
    fn copied(
        &self,
        name: AttemptName,
        prepared: &Prepared,
        began: SystemTime,
    ) -> anyhow::Result<Cores> {
        let uid = self.config.person.ids().uid.as_raw();
        let root = self.asker.root(name)?;
        let mut cores = cores::find(root.as_fd(), began, uid);
        let seen_at = self.config.seen_at(&prepared.path);
        if let Err(error) = copy(&root, seen_at, &mut cores.found) {
            let why = format!("not all of it was copied: {error}");
            cores.trouble.get_or_insert(why);
        }
        Ok(cores)
    }
}

/// Copies cores and programs that are not in the slate. What the program is, is
/// the suite's own word, so this is done with no other rights than its.
fn copy(root: &OwnedFd, seen_at: &Path, cores: &mut [Core]) -> io::Result<()> {
    let is_elsewhere = |program: &&PathBuf| {
        program.is_absolute()
            && !program.starts_with(seen_at)
            && program.is_file()
    };
    let programs: Vec<PathBuf> = cores
        .iter()
        .filter_map(|core| core.program.as_ref())
        .filter(is_elsewhere)
        .cloned()
        .collect();
    if programs.is_empty() && !cores.iter().any(Core::is_to_copy) {
        return Ok(());
    }
    let place = make_place(root)?;
    for program in programs {
        copy_one(&program, &place)?;
    }
    for core in cores.iter_mut().filter(|core| core.is_to_copy()) {
        let name = copy_one(&core.path, &place)?;
        core.path = Path::new(DIRECTORY).join(name);
    }
    Ok(())
}

fn make_place(root: &OwnedFd) -> io::Result<OwnedFd> {
    match mkdirat(root, DIRECTORY, Mode::from_bits_truncate(0o755)) {
        Ok(()) | Err(Errno::EEXIST) => {}
        Err(error) => return Err(error.into()),
    }
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    Ok(openat(root, DIRECTORY, flags, Mode::empty())?)
}

/// Gives its name. One that is there already will be the same.
fn copy_one(from: &Path, to: &OwnedFd) -> io::Result<PathBuf> {
    let name = from.file_name().unwrap_or(OsStr::new("core"));
    let mut source = File::open(from)?;
    let flags = OFlag::O_WRONLY
        | OFlag::O_CREAT
        | OFlag::O_EXCL
        | OFlag::O_NOFOLLOW
        | OFlag::O_CLOEXEC;
    let mode = Mode::from_bits_truncate(0o755);
    match openat(to, name, flags, mode) {
        Ok(file) => {
            io::copy(&mut source, &mut File::from(file))?;
        }
        Err(Errno::EEXIST) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(name.into())
}
