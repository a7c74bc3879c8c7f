//! The JUnit files that an attempt left in its slate: found by patterns, and
//! read by descriptors, since the tree is the suite's.

use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path};
use std::time::{Duration, SystemTime};

use nix::dir::Dir;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::Mode;
use nix::unistd::Uid;

/// Names that are looked at for one attempt, and files that are read.
const NAMES_MAX: usize = 100_000;
const FILES_MAX: usize = 500;
/// What is read of all of them.
const BYTES_MAX: u64 = 64 << 20;
/// A file system's clock may be behind by a tick.
const TICK: Duration = Duration::from_secs(1);

/// Where such files are: names with `*` and `?`, below one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob(Vec<CString>);

impl Glob {
    /// Reads a pattern, relative to the slate.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &OsStr) -> Result<Glob, &'static str> {
        let mut parts = Vec::new();
        for part in Path::new(text).components() {
            match part {
                Component::Normal(name) => {
                    let name = CString::new(name.as_bytes());
                    parts.push(name.map_err(|_| "has a NUL in it")?);
                }
                Component::CurDir => {}
                Component::ParentDir => return Err("has `..` in it"),
                _ => return Err("is absolute"),
            }
        }
        match parts.is_empty() {
            true => Err("names nothing"),
            false => Ok(Glob(parts)),
        }
    }
}

/// What to look for, of which attempt.
#[derive(Debug)]
struct Search {
    /// Whose files are read, where gocrash could read others'.
    owner: Option<Uid>,
    since: SystemTime,
    names: usize,
    left_bytes: u64,
    found: Vec<Vec<u8>>,
}

/// Reads those files in a slate that were written since then. What can't be
/// read is not there.
pub(crate) fn read(
    globs: &[Glob],
    slate: &Path,
    owner: Option<Uid>,
    since: SystemTime,
) -> Vec<Vec<u8>> {
    let mut search = Search {
        owner,
        since: since.checked_sub(TICK).unwrap_or(since),
        names: 0,
        left_bytes: BYTES_MAX,
        found: Vec::new(),
    };
    if globs.is_empty() {
        return search.found;
    }
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    if let Ok(root) = open(slate, flags, Mode::empty()) {
        for Glob(parts) in globs {
            search.walk(&root, parts);
        }
    }
    search.found
}

impl Search {
    fn walk(&mut self, dir: &OwnedFd, parts: &[CString]) {
        let Some((first, rest)) = parts.split_first() else { return };
        for name in self.names(dir, first) {
            if rest.is_empty() {
                self.take(dir, &name);
                continue;
            }
            let flags =
                OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            if let Ok(dir) = openat(dir, &*name, flags, Mode::empty()) {
                self.walk(&dir, rest);
            }
        }
    }

    /// The names in a directory that a pattern matches, in order.
    fn names(&mut self, dir: &OwnedFd, pattern: &CStr) -> Vec<CString> {
        let is_plain = !pattern.to_bytes().iter().any(|b| b"*?".contains(b));
        if is_plain {
            return vec![pattern.to_owned()];
        }
        let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let Ok(mut dir) = Dir::openat(dir.as_fd(), c".", flags, Mode::empty())
        else {
            return Vec::new();
        };
        let mut names = Vec::new();
        for entry in dir.iter().map_while(Result::ok) {
            self.names += 1;
            if self.names > NAMES_MAX {
                break;
            }
            let name = entry.file_name();
            let is_dots = [c".", c".."].contains(&name);
            if !is_dots && matches(pattern.to_bytes(), name.to_bytes()) {
                names.push(name.to_owned());
            }
        }
        names.sort();
        names
    }

    fn take(&mut self, dir: &OwnedFd, name: &CStr) {
        if self.found.len() == FILES_MAX {
            return;
        }
        // No link is followed, and no pipe waited for.
        let flags = OFlag::O_RDONLY
            | OFlag::O_NOFOLLOW
            | OFlag::O_NONBLOCK
            | OFlag::O_CLOEXEC;
        let Ok(file) = openat(dir, name, flags, Mode::empty()) else { return };
        let file = File::from(file);
        let Ok(metadata) = file.metadata() else { return };
        let is_theirs =
            self.owner.is_none_or(|owner| owner.as_raw() == metadata.uid());
        let is_new = metadata.modified().is_ok_and(|at| at >= self.since);
        if !(metadata.is_file() && is_theirs && is_new) {
            return;
        }
        let mut bytes = Vec::new();
        let read = file.take(self.left_bytes).read_to_end(&mut bytes);
        if read.is_ok() {
            self.left_bytes -= bytes.len() as u64;
            self.found.push(bytes);
        }
    }
}

/// Whether a name is as the pattern says: `*` is any part of it, `?` one byte.
/// Takes time by the product of both lengths, no more.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // Where the last `*` is, and the end of what it stands for.
    let mut star = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((at, end)) = star else { return false };
                star = Some((at, end + 1));
                p = at + 1;
                n = end + 1;
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn found(dir: &Path, pattern: &str, since: SystemTime) -> Vec<String> {
        let glob = Glob::parse(OsStr::new(pattern)).unwrap();
        let files = read(&[glob], dir, None, since);
        files.into_iter().map(|f| String::from_utf8(f).unwrap()).collect()
    }

    #[test]
    fn a_pattern_matches_names() {
        assert!(matches(b"TEST-*.xml", b"TEST-a.b.xml"));
        assert!(matches(b"*a?c*", b"xxabcxx"));
        assert!(matches(b"***", b""));
        assert!(!matches(b"*.xml", b"a.xml.gz"));
        assert!(!matches(b"?", b""));
    }

    #[test]
    fn only_new_files_of_the_tree_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir_all(path("target/a")).unwrap();
        fs::write(path("target/a/junit.xml"), "one").unwrap();
        fs::write(path("target/a/other.xml"), "other").unwrap();
        fs::write(path("outside"), "outside").unwrap();
        symlink(path("outside"), path("target/a/junit2.xml")).unwrap();
        symlink(path("target/a"), path("target/b")).unwrap();
        let long_ago = SystemTime::UNIX_EPOCH;
        let pattern = "target/*/junit*.xml";
        assert_eq!(found(dir.path(), pattern, long_ago), ["one"]);
        let later = SystemTime::now() + Duration::from_secs(3600);
        assert!(found(dir.path(), pattern, later).is_empty());
    }

    #[test]
    fn a_pattern_stays_in_the_tree() {
        let parse = |text| Glob::parse(OsStr::new(text));
        assert_eq!(parse("../x"), Err("has `..` in it"));
        assert_eq!(parse("/x"), Err("is absolute"));
        assert_eq!(parse("."), Err("names nothing"));
    }
}
