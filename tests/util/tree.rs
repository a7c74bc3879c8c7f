//! A directory in words, which change when anything in it does.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Everything that can be known of it without changing it. What is mounted
/// below it is left out.
pub(crate) fn describe(root: &Path) -> String {
    let mut text = String::new();
    let device = fs::symlink_metadata(root).unwrap().dev();
    tell(root, device, &mut text);
    text
}

fn tell(path: &Path, device: u64, text: &mut String) {
    let meta = fs::symlink_metadata(path).unwrap();
    if meta.dev() != device {
        return;
    }
    writeln!(
        text,
        "{path:?} {:o} {} {} {} {}:{} {}.{} {}.{}",
        meta.mode(),
        meta.ino(),
        meta.nlink(),
        meta.size(),
        meta.uid(),
        meta.gid(),
        meta.mtime(),
        meta.mtime_nsec(),
        meta.ctime(),
        meta.ctime_nsec()
    )
    .unwrap();
    if meta.is_dir() {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
        entries.sort();
        for entry in entries {
            tell(&entry, device, text);
        }
    } else if meta.is_file() {
        writeln!(text, "{:?}", fs::read(path).unwrap()).unwrap();
    }
}
