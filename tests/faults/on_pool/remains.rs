//! What a pool has of a hunt that broke off, and of others.

use std::fs;
use std::path::Path;

use crate::hunt::whole_lines;
use crate::pool::zfs;
use crate::remains::{Remains, numbers};

/// Of the only hunt in a pool whose root is mounted there; mounts what was
/// mounted when it broke off.
pub(super) fn remains_of(pool: &str, root: &Path) -> Remains {
    let mut remains = Remains { slates: Vec::new(), lines: Vec::new() };
    for name in zfs(&["list", "-Hro", "name", pool]).lines() {
        let below = name.strip_prefix(pool).unwrap_or_default();
        let Some(hunt) = below.strip_prefix("/go/gocrash-") else {
            continue;
        };
        match hunt.split_once('/') {
            Some((_, slate)) => remains.slates.extend(numbers(slate)),
            None => {
                zfs(&["mount", name]);
                let directory = root.join(&below[1..]);
                remains.lines = whole_lines(&directory.join("events.jsonl"));
            }
        }
    }
    remains
}

/// Fails unless what others have in a pool is as it was.
pub(super) fn check_bystanders(root: &Path) {
    for name in ["bystander", "copy", "go/theirs"] {
        let file = fs::read_to_string(root.join(name).join("file"));
        assert_eq!(file.unwrap(), "untouched", "{name}");
    }
}
