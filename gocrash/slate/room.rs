//! How much room there is for more, and how much there must be.

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context;
use nix::sys::statvfs::statvfs;
use serde::{Deserialize, Serialize};

/// With less than this nothing more can be written: a few records.
pub(super) const FULL_BYTES: u64 = 1 << 20;
/// And with fewer inodes than this, no suite gets far.
const FULL_FILES: u64 = 16;

/// With less than this, beside what has to stay free, no slates are made long
/// before they are used: room is asked for when they are made.
const PLENTY_BYTES: u64 = 1 << 30;

/// What a hunt may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    /// In all, in bytes.
    pub(crate) quota: Option<u64>,
    pub(crate) min_free: MinFree,
}

/// How much of the pool has to stay free.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum MinFree {
    Bytes(u64),
    Percent(f64),
}

impl MinFree {
    /// Of a pool of this size.
    pub(super) fn bytes(self, pool_bytes: u64) -> u64 {
        match self {
            MinFree::Bytes(bytes) => bytes,
            // No pool is so large that rounding mattered.
            MinFree::Percent(percent) => {
                (pool_bytes as f64 * percent / 100.0) as u64
            }
        }
    }
}

/// There is too little room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shortage {
    /// The pool, or the dataset that a quota limits.
    pub(super) name: String,
    pub(super) free_bytes: u64,
    /// What has to stay free; `None`: there is just no more.
    pub(super) min_bytes: Option<u64>,
    /// So many more files can be made, if it is that.
    pub(super) free_files: Option<u64>,
}

impl Shortage {
    pub(super) fn of_bytes(
        name: String,
        free_bytes: u64,
        min_bytes: Option<u64>,
    ) -> Shortage {
        Shortage { name, free_bytes, min_bytes, free_files: None }
    }
}

impl Shortage {
    /// Whether there is more room than in another case, and not just a little.
    pub(crate) fn has_grown_since(&self, other: &Shortage) -> bool {
        match (self.free_files, other.free_files) {
            (Some(now), Some(then)) => now > then,
            (None, None) => {
                self.free_bytes >= other.free_bytes.saturating_add(FULL_BYTES)
            }
            // What is short now was not short then.
            _ => false,
        }
    }
}

#[cfg(test)]
impl Shortage {
    /// So much is free.
    pub(crate) fn for_tests(free_bytes: u64) -> Shortage {
        Shortage::of_bytes("tank".to_owned(), free_bytes, None)
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shortage { name, free_bytes, min_bytes, free_files } = self;
        if let Some(files) = free_files {
            return write!(f, "`{name}` has {files} inodes left");
        }
        let free = Bytes(*free_bytes);
        match min_bytes {
            Some(min) => {
                let min = Bytes(*min);
                write!(
                    f,
                    "`{name}` has {free} free, and {min} are to stay free \
                     (`--min-free`)"
                )
            }
            None => write!(f, "`{name}` has {free} left of its quota or pool"),
        }
    }
}

/// Whether there is much more room than has to stay free.
pub(crate) fn has_plenty(path: &Path, min_bytes: u64) -> bool {
    free_bytes(path)
        .is_ok_and(|free| free >= min_bytes.saturating_add(PLENTY_BYTES))
}

/// When there was no room last, as any thread saw it: a pool that was full
/// while an attempt ran may have room again when that ends.
#[derive(Debug, Default)]
pub(crate) struct LastShortage(Mutex<Option<(Instant, Shortage)>>);

impl LastShortage {
    pub(crate) fn note(&self, shortage: Shortage) {
        // It is whole whatever panicked elsewhere.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((Instant::now(), shortage));
    }

    pub(crate) fn since(&self, begin: Instant) -> Option<Shortage> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, shortage) = last.as_ref()?;
        (*at >= begin).then(|| shortage.clone())
    }
}

/// As ZFS would write it.
#[derive(Debug)]
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut number = self.0 as f64;
        for suffix in ["B", "K", "M", "G", "T"] {
            if number < 1000.0 {
                return match suffix {
                    "B" => write!(f, "{}B", self.0),
                    _ => write!(f, "{number:.1}{suffix}"),
                };
            }
            number /= 1024.0;
        }
        write!(f, "{number:.1}P")
    }
}

/// What is short, if less than `min_bytes` are free in this directory.
pub(super) fn shortage(
    dir: &Path,
    min_bytes: u64,
) -> anyhow::Result<Option<Shortage>> {
    let free_bytes = free_bytes(dir)?;
    if free_bytes < min_bytes {
        let name = dir.display().to_string();
        return Ok(Some(Shortage::of_bytes(name, free_bytes, Some(min_bytes))));
    }
    full_dir(dir)
}

/// What is short, if nothing more can be made in this directory.
pub(super) fn full_dir(dir: &Path) -> anyhow::Result<Option<Shortage>> {
    // Asked while a thread stands still, so only once.
    let Room { free_bytes, files, free_files } = room(dir)?;
    let name = dir.display().to_string();
    // Some file systems make inodes as they are needed, and say 0 of 0.
    if files > 0 && free_files < FULL_FILES {
        let free_files = Some(free_files);
        let shortage = Shortage::of_bytes(name, free_bytes, None);
        return Ok(Some(Shortage { free_files, ..shortage }));
    }
    Ok(full(&name, free_bytes))
}

/// What is short, if there is no room for anything more.
pub(super) fn full(name: &str, free_bytes: u64) -> Option<Shortage> {
    (free_bytes < FULL_BYTES)
        .then(|| Shortage::of_bytes(name.to_owned(), free_bytes, None))
}

/// How large the file system is that this directory is in.
pub(super) fn size_bytes(dir: &Path) -> anyhow::Result<u64> {
    let room = statvfs(dir)?;
    let blocks = room.blocks() as u64;
    Ok(blocks.saturating_mul(room.fragment_size() as u64))
}

/// What can still be written in this directory. Costs one system call.
///
/// Wraps `statvfs`.
pub(crate) fn free_bytes(dir: &Path) -> anyhow::Result<u64> {
    Ok(room(dir)?.free_bytes)
}

struct Room {
    free_bytes: u64,
    files: u64,
    free_files: u64,
}

fn room(dir: &Path) -> anyhow::Result<Room> {
    let room = statvfs(dir).with_context(|| {
        format!("cannot ask for room in `{}`", dir.display())
    })?;
    // Their types differ from system to system.
    let blocks = room.blocks_available() as u64;
    Ok(Room {
        free_bytes: blocks.saturating_mul(room.fragment_size() as u64),
        files: room.files() as u64,
        free_files: room.files_available() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_says_what_is_free_and_what_should_be() {
        let name = "tank".to_owned();
        let free_bytes = 3 << 20;
        let min_bytes = Some(1536 << 20);
        let shortage = Shortage::of_bytes(name, free_bytes, min_bytes);
        let expected = "`tank` has 3.0M free, and 1.5G are to stay free \
                        (`--min-free`)";
        assert_eq!(shortage.to_string(), expected);
        assert_eq!(MinFree::Percent(5.0).bytes(1 << 30), (1 << 30) / 20);
    }
}
