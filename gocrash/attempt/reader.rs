//! Whose rights files are read with: no path that a caller gives, and no link
//! that was put in a person's own directory, leads root to what they may not
//! read.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::unistd::{
    Gid, Uid, getegid, geteuid, getgroups, setegid, seteuid, setgroups,
};

use super::person::{Ids, Person};
use crate::refusal::Refusal;

/// Somebody, where that is not who this process is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reader(Option<Ids>);

impl Reader {
    /// With the rights of this process.
    pub(crate) fn own() -> Reader {
        Reader(None)
    }

    /// With those of the person who called by sudo or doas.
    ///
    /// # Errors
    /// Where somebody did, and it can't be told who.
    pub(crate) fn caller() -> Result<Reader, Refusal> {
        let caller = Person::caller()?;
        Ok(caller.as_ref().map(Reader::of).unwrap_or_default())
    }

    /// With those of a person.
    pub(crate) fn of(person: &Person) -> Reader {
        Reader(person.ids_to_take())
    }

    /// With those of whom a directory belongs to, for root.
    pub(crate) fn owner_of(directory: &Path) -> Reader {
        let owner = directory.metadata().map(|meta| (meta.uid(), meta.gid()));
        match owner {
            Ok((uid, gid)) => Reader::numbered(uid, gid),
            Err(_) => Reader::own(),
        }
    }

    pub(crate) fn numbered(uid: u32, gid: u32) -> Reader {
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
        let is_other = Uid::effective().is_root() && !uid.is_root();
        Reader(is_other.then(|| Ids { uid, gid, groups: vec![gid] }))
    }

    /// These, or else others.
    pub(crate) fn or(self, other: &Reader) -> Reader {
        Reader(self.0.or_else(|| other.0.clone()))
    }

    pub(crate) fn ids(&self) -> Option<&Ids> {
        self.0.as_ref()
    }

    /// Does something with these rights alone; not from within itself, and only
    /// while there is a single thread.
    pub(crate) fn act<T>(
        &self,
        work: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(ids) = &self.0 else { return work() };
        let own = Ids { uid: geteuid(), gid: getegid(), groups: getgroups()? };
        let done = give_up(ids).and_then(|()| work());
        take_back(&own)?;
        done
    }

    /// Opens a file that the caller named, wherever links lead them; waits for
    /// no pipe.
    pub(crate) fn open(&self, path: &Path) -> io::Result<File> {
        let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        self.act(|| {
            let mut options = OpenOptions::new();
            options.read(true).custom_flags(flags.bits());
            regular(options.open(path)?)
        })
    }

    /// Whether there is such a file, as far as they can see.
    pub(crate) fn sees_file(&self, path: &Path) -> bool {
        self.act(|| path.metadata()).is_ok_and(|meta| meta.is_file())
    }
}

/// Nothing that could be waited for, and no directory.
pub(crate) fn regular(file: File) -> io::Result<File> {
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is not a file")),
    }
}

/// The user goes last: the right to change the others goes with it.
fn give_up(ids: &Ids) -> io::Result<()> {
    setgroups(&ids.groups)?;
    setegid(ids.gid)?;
    Ok(seteuid(ids.uid)?)
}

fn take_back(ids: &Ids) -> io::Result<()> {
    seteuid(ids.uid)?;
    setegid(ids.gid)?;
    Ok(setgroups(&ids.groups)?)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn what_is_named_is_a_file_and_waited_for_by_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("file"), "x").unwrap();
        symlink("file", path("link")).unwrap();
        let mode = nix::sys::stat::Mode::S_IRWXU;
        nix::unistd::mkfifo(&path("fifo"), mode).unwrap();
        let own = Reader::own();
        assert!(own.open(&path("file")).is_ok());
        assert!(
            own.open(&path("link")).is_ok() && own.sees_file(&path("link"))
        );
        for name in ["fifo", ".", "none"] {
            assert!(own.open(&path(name)).is_err(), "{name}");
            assert!(!own.sees_file(&path(name)), "{name}");
        }
    }

    #[test]
    fn a_directory_of_ones_own_is_read_as_oneself() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
        assert!(Reader::owner_of(dir.path()).ids().is_none());
        assert!(Reader::owner_of(Path::new("/no/such/place")).ids().is_none());
        assert!(Reader::numbered(0, 0).ids().is_none());
    }
}
