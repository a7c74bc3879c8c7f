//! Whether the source stays as it is while a hunt goes on: a fingerprint of
//! every file's metadata, taken at the beginning and compared in the end.

use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use crate::slate::Drift;

/// A source with more files than this is not watched: 8 MiB of fingerprint.
const PATHS_MAX: usize = 500_000;

/// Takes the first fingerprint aside; no attempt waits for it.
#[derive(Debug)]
pub(super) struct Watch {
    root: PathBuf,
    begun: SystemTime,
    first: Mutex<Option<JoinHandle<io::Result<Option<Fingerprint>>>>>,
}

/// The paths and what is known of each, both as hashes; in the paths' order.
type Fingerprint = Vec<(u64, u64)>;

impl Watch {
    /// Begins to watch the tree at `root`.
    pub(super) fn begin(root: PathBuf) -> io::Result<Watch> {
        let begun = SystemTime::now();
        let path = root.clone();
        let first = thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || take(&path))?;
        Ok(Watch { root, begun, first: Mutex::new(Some(first)) })
    }

    /// What has changed. Can be asked once.
    pub(super) fn end(&self) -> Drift {
        // Only taken from: a panic elsewhere leaves it whole.
        let mut first =
            self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = first.take().map(JoinHandle::join);
        let unknown = |error: io::Error| {
            Drift::Unknown(format!("cannot look through it: {error}"))
        };
        match taken {
            Some(Ok(Ok(Some(before)))) => {
                compare(&self.root, self.begun, &before).unwrap_or_else(unknown)
            }
            Some(Ok(Ok(None))) => Drift::Unknown(format!(
                "it is not watched, since it has more than {PATHS_MAX} files"
            )),
            Some(Ok(Err(error))) => unknown(error),
            Some(Err(_)) | None => {
                Drift::Unknown("it was not looked at in the beginning".into())
            }
        }
    }
}

/// `None`, where there is too much.
fn take(root: &Path) -> io::Result<Option<Fingerprint>> {
    let mut all = Fingerprint::new();
    let is_whole = walk(root, |path, metadata| {
        all.push((hash(path.as_os_str().as_bytes()), print(metadata)));
        all.len() < PATHS_MAX
    })?;
    all.sort_unstable();
    Ok(is_whole.then_some(all))
}

fn compare(
    root: &Path,
    begun: SystemTime,
    before: &Fingerprint,
) -> io::Result<Drift> {
    let mut same = 0;
    let mut seen = 0;
    let mut changed = 0;
    let mut example = None;
    walk(root, |path, metadata| {
        seen += 1;
        let now = (hash(path.as_os_str().as_bytes()), print(metadata));
        // What changed before it was first looked at says so by its time.
        if before.binary_search(&now).is_ok() && changed_at(metadata) <= begun {
            same += 1;
        } else {
            changed += 1;
            example.get_or_insert_with(|| path.to_owned());
        }
        seen <= PATHS_MAX
    })?;
    // One that is gone has changed the directory that it was in.
    Ok(match example {
        Some(path) => Drift::Changed(changed, format!("{path:?}")),
        None if same < before.len() => {
            Drift::Changed((before.len() - same) as u64, "\"\"".to_owned())
        }
        None => Drift::None,
    })
}

/// Shows every path, relative to the root, until it is told to stop; whether it
/// came to the end. What goes away under its hands is left out.
fn walk(
    root: &Path,
    mut show: impl FnMut(&Path, &Metadata) -> bool,
) -> io::Result<bool> {
    let top = fs::metadata(root)?;
    let mut dirs = vec![PathBuf::new()];
    if !show(Path::new("."), &top) {
        return Ok(false);
    }
    while let Some(dir) = dirs.pop() {
        let entries = match fs::read_dir(root.join(&dir)) {
            Ok(entries) => entries,
            // What is closed to gocrash is closed to the suite.
            Err(_) => continue,
        };
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            let path = dir.join(entry.file_name());
            if !show(&path, &metadata) {
                return Ok(false);
            }
            // An overlay, too, stays on one file system.
            if metadata.is_dir() && metadata.dev() == top.dev() {
                dirs.push(path);
            }
        }
    }
    Ok(true)
}

/// When the file, or what is known of it, was changed last.
fn changed_at(metadata: &Metadata) -> SystemTime {
    let seconds = u64::try_from(metadata.ctime()).unwrap_or_default();
    let nanoseconds = u32::try_from(metadata.ctime_nsec()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds)
}

fn print(metadata: &Metadata) -> u64 {
    hash((
        (metadata.ino(), metadata.size(), metadata.mode()),
        (metadata.mtime(), metadata.mtime_nsec()),
        (metadata.ctime(), metadata.ctime_nsec()),
    ))
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
