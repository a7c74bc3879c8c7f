//! The JUnit files that an attempt left in its slate: found by patterns, and
//! read by descriptors, since the tree is the suite's.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use nix::unistd::Uid;

use crate::slate::glob::Glob;
use crate::slate::walk::{self, Found};

/// Files that are read of one attempt, and what of all of them.
const FILES_MAX: usize = 500;
const BYTES_MAX: u64 = 64 << 20;
/// A file system's clock may be behind by a tick.
const TICK: Duration = Duration::from_secs(1);

/// What to look for, of which attempt.
#[derive(Debug)]
struct Search {
    /// Whose files are read, where gocrash could read others'.
    owner: Option<Uid>,
    since: SystemTime,
    left_bytes: u64,
    files: Vec<Vec<u8>>,
}

/// Reads those files in a slate that were written since then. What can't be
/// read is not there.
pub(crate) fn read(
    globs: &[Glob],
    root: OwnedFd,
    owner: Option<Uid>,
    since: SystemTime,
) -> Vec<Vec<u8>> {
    let mut search = Search {
        owner,
        since: since.checked_sub(TICK).unwrap_or(since),
        left_bytes: BYTES_MAX,
        files: Vec::new(),
    };
    if globs.is_empty() {
        return search.files;
    }
    let _ = walk::walk(root, globs, &mut |found| {
        if search.files.len() == FILES_MAX {
            return Err(walk::too_much(&format!("{FILES_MAX} files")));
        }
        search.take(found);
        Ok(())
    });
    search.files
}

impl Search {
    fn take(&mut self, found: &Found<'_>) {
        let Ok(Some(file)) = found.open() else { return };
        let Ok(metadata) = file.metadata() else { return };
        let is_theirs =
            self.owner.is_none_or(|owner| owner.as_raw() == metadata.uid());
        let is_new = metadata.modified().is_ok_and(|at| at >= self.since);
        if !(is_theirs && is_new) {
            return;
        }
        let mut bytes = Vec::new();
        let read = file.take(self.left_bytes).read_to_end(&mut bytes);
        if read.is_ok() {
            self.left_bytes -= bytes.len() as u64;
            self.files.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;

    fn found(dir: &Path, pattern: &str, since: SystemTime) -> Vec<String> {
        let glob = Glob::new(OsStr::new(pattern)).unwrap();
        let root = OwnedFd::from(File::open(dir).unwrap());
        let files = read(&[glob], root, None, since);
        files.into_iter().map(|f| String::from_utf8(f).unwrap()).collect()
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
}
