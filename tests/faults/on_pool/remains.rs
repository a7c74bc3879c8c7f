//! What a pool has of a hunt that broke off, and of others.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::hunt::whole_lines;
use crate::pool::zfs;
use crate::remains::{Remains, numbers};

/// Of the only hunt in a pool whose root is mounted there; mounts what was
/// mounted when it broke off.
pub(super) fn remains_of(pool: &str, root: &Path) -> Remains {
    let mut remains = Remains { slates: Vec::new(), lines: Vec::new() };
    let mut is_bare = false;
    for name in zfs(&["list", "-Hro", "name", pool]).lines() {
        let below = name.strip_prefix(pool).unwrap_or_default();
        let Some(hunt) = below.strip_prefix("/go/gocrash-") else {
            continue;
        };
        match hunt.split_once('/') {
            Some((_, slate)) => remains.slates.extend(numbers(slate)),
            None => {
                let directory = root.join(&below[1..]);
                if mount(name) {
                    let log = directory.join("events.jsonl");
                    remains.lines = whole_lines(&log);
                } else {
                    is_bare = true;
                }
            }
        }
    }
    assert!(!is_bare || remains.slates.is_empty(), "{remains:?}");
    remains
}

/// Not where the working dataset is younger than the directory for it that the
/// disk has, in a pool that nothing can be written to: then nothing was made in
/// it either.
fn mount(name: &str) -> bool {
    let mounted = Command::new("zfs").args(["mount", name]).output().unwrap();
    let error = String::from_utf8_lossy(&mounted.stderr);
    let is_bare = error.contains("failed to create mountpoint");
    assert!(mounted.status.success() || is_bare, "{name}: {error}");
    !is_bare
}

/// Fails unless what others have in a pool is as it was.
pub(super) fn check_bystanders(root: &Path) {
    for name in ["bystander", "copy", "go/theirs"] {
        let file = fs::read_to_string(root.join(name).join("file"));
        assert_eq!(file.unwrap(), "untouched", "{name}");
    }
}
