//! Build outputs that name the path they were made at: in a slate, which is
//! somewhere else, they lead back to the old files. A short look at a few
//! well-known files, no search.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::record::text;

/// So many directories at the root of the tree are looked into.
const DIRS_MAX: usize = 64;
/// So many files of one kind in a directory are read.
const FILES_MAX: usize = 8;
/// So much is read of a text, and of a program.
const TEXT_BYTES_MAX: u64 = 256 * 1024;
const PROGRAM_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// A file that every Go program is made of.
const GO_RUNTIME: &[u8] = b"/src/runtime/proc.go\0";

/// A file of the tree that names a path which isn't that of a slate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Baked {
    /// Relative to the tree.
    #[serde(with = "text")]
    pub(crate) file: PathBuf,
    /// The directory that it names.
    #[serde(with = "text")]
    pub(crate) names: PathBuf,
    /// Where the tree must have been.
    #[serde(with = "text")]
    pub(crate) tree: PathBuf,
}

/// Finds one in the tree at `root`, where `cwd` is what a suite works in.
pub(super) fn find(root: &Path, cwd: &Path) -> Option<Baked> {
    let above = cwd.ancestors().map(Path::to_owned);
    let beside = fs::read_dir(root).into_iter().flatten().take(DIRS_MAX);
    let beside = beside.filter_map(|entry| {
        let entry = entry.ok()?;
        entry.file_type().ok()?.is_dir().then(|| entry.file_name().into())
    });
    above.chain(beside).find_map(|dir| {
        let look = Look { root, dir: &dir };
        look.cargo().or_else(|| look.cmake()).or_else(|| look.rest())
    })
}

/// A directory, relative to the tree, that something may have been built in.
#[derive(Debug, Clone, Copy)]
struct Look<'a> {
    root: &'a Path,
    dir: &'a Path,
}

impl Look<'_> {
    /// What Cargo leaves beside a program for `make`: the program's path, a
    /// colon, and those of its sources.
    fn cargo(self) -> Option<Baked> {
        ["target/debug", "target/release"].iter().find_map(|profile| {
            let dir = self.dir.join(profile);
            let entries = fs::read_dir(self.inside(&dir)?).ok()?;
            entries
                .filter_map(|entry| Some(entry.ok()?.file_name()))
                .filter(|name| name.as_bytes().ends_with(b".d"))
                .take(FILES_MAX)
                .find_map(|name| {
                    let file = dir.join(name);
                    let text = self.read(&file, TEXT_BYTES_MAX)?;
                    let end = find_bytes(&text, b": ")?;
                    let program = unescape(&text[..end]);
                    baked(&file, &dir, path(&program).parent()?)
                })
        })
    }

    fn cmake(self) -> Option<Baked> {
        ["", "build"].iter().find_map(|dir| {
            let dir = self.dir.join(dir);
            let key = b"CMAKE_CACHEFILE_DIR:INTERNAL=";
            self.named_after(&dir.join("CMakeCache.txt"), &dir, key)
        })
    }

    /// A Python environment, or a Go tree that was built.
    fn rest(self) -> Option<Baked> {
        let venv = [".venv", "venv"].iter().find_map(|dir| {
            let dir = self.dir.join(dir);
            let file = dir.join("bin/activate");
            self.named_after(&file, &dir, b"VIRTUAL_ENV=")
        });
        venv.or_else(|| {
            self.read(&self.dir.join("VERSION"), TEXT_BYTES_MAX)?;
            let file = self.dir.join("bin/go");
            let program = self.read(&file, PROGRAM_BYTES_MAX)?;
            let end = find_bytes(&program, GO_RUNTIME)?;
            let start = program[..end].iter().rposition(|byte| *byte == 0)?;
            baked(&file, self.dir, &path(&program[start + 1..end]))
        })
    }

    /// What a line of the file names that begins with `key`, where that is
    /// `dir`.
    fn named_after(self, file: &Path, dir: &Path, key: &[u8]) -> Option<Baked> {
        let text = self.read(file, TEXT_BYTES_MAX)?;
        let mut lines = text.split(|byte| *byte == b'\n');
        let value = lines.find_map(|line| line.strip_prefix(key))?;
        let is_quote = |byte: &u8| *byte == b'"' || *byte == b'\'';
        let value: Vec<u8> =
            value.iter().copied().filter(|byte| !is_quote(byte)).collect();
        baked(file, dir, &path(&value))
    }

    /// A path of the tree, if no link in it leads out of the tree.
    fn inside(self, relative: &Path) -> Option<PathBuf> {
        let path = self.root.join(relative).canonicalize().ok()?;
        path.starts_with(self.root.canonicalize().ok()?).then_some(path)
    }

    fn read(self, relative: &Path, bytes_max: u64) -> Option<Vec<u8>> {
        let path = self.inside(relative)?;
        // Nothing to wait for, and nothing that it could lead to.
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let mut options = OpenOptions::new();
        let file = options.read(true).custom_flags(flags).open(path).ok()?;
        if !file.metadata().ok()?.is_file() {
            return None;
        }
        let mut bytes = Vec::new();
        file.take(bytes_max).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }
}

/// Of a file that calls the directory `dir` of the tree `named`.
fn baked(file: &Path, dir: &Path, named: &Path) -> Option<Baked> {
    // Collected anew, since a join with nothing leaves a `/` at the end.
    let dir: PathBuf = dir.components().collect();
    let mut tree = named;
    for part in dir.components().rev() {
        // Elsewhere altogether: no place for the slates would help.
        if tree.components().next_back() != Some(part) {
            return None;
        }
        tree = tree.parent()?;
    }
    // It is shown to people, who may be at a terminal.
    let is_plain = !named.to_string_lossy().contains(char::is_control);
    let is_place = tree.is_absolute() && tree.parent().is_some() && is_plain;
    is_place.then(|| Baked {
        file: file.to_owned(),
        names: named.to_owned(),
        tree: tree.to_owned(),
    })
}

/// A space in a path is written `\ ` where spaces separate paths.
fn unescape(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| *byte != b'\\').collect()
}

fn path(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}

fn find_bytes(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in a tree with these files.
    fn found(cwd: &str, files: &[(&str, &str)]) -> Option<(String, String)> {
        let tree = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = tree.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let Baked { file, tree, .. } = find(tree.path(), Path::new(cwd))?;
        let text = |path: PathBuf| path.display().to_string();
        Some((text(file), text(tree)))
    }

    fn both(file: &str, tree: &str) -> Option<(String, String)> {
        Some((file.to_owned(), tree.to_owned()))
    }

    #[test]
    fn well_known_files_tell_where_the_tree_was() {
        let cargo = "sub/proj/target/debug/proj.d";
        let text = "/old/a\\ b/sub/proj/target/debug/proj: /x/src/main.rs\n";
        assert_eq!(
            found("sub/proj", &[(cargo, text)]),
            both(cargo, "/old/a b")
        );
        let cmake = "proj/build/CMakeCache.txt";
        let text = "# For\nCMAKE_CACHEFILE_DIR:INTERNAL=/old/proj/build\n";
        assert_eq!(found("", &[(cmake, text)]), both(cmake, "/old"));
        let python = "venv/bin/activate";
        let text = "VIRTUAL_ENV=\"/old/tree/venv\"\nexport VIRTUAL_ENV\n";
        assert_eq!(found("", &[(python, text)]), both(python, "/old/tree"));
        let go = "goroot/bin/go";
        let text = "x/y\0/old/goroot/src/runtime/proc.go\0";
        let version = ("goroot/VERSION", "go1.19");
        assert_eq!(
            found("goroot/src", &[version, (go, text)]),
            both(go, "/old")
        );
    }

    #[test]
    fn what_names_no_place_of_the_tree_is_not_found() {
        assert_eq!(found("", &[]), None);
        let moved = ("goroot/bin/go", "\0/usr/lib/go/src/runtime/proc.go\0");
        let version = ("goroot/VERSION", "go1.19");
        assert_eq!(found("goroot/src", &[version, moved]), None);
        let relative = ("target/debug/proj.d", "target/debug/proj: src/a.rs");
        assert_eq!(found("", &[relative]), None);
        let root = ("venv/bin/activate", "VIRTUAL_ENV=/venv\n");
        assert_eq!(found("", &[root]), None);
    }

    #[test]
    fn no_link_is_followed_out_of_the_tree() {
        let outside = tempfile::tempdir().unwrap();
        let text = "VIRTUAL_ENV=/old/venv\n";
        fs::create_dir_all(outside.path().join("bin")).unwrap();
        fs::write(outside.path().join("bin/activate"), text).unwrap();
        let tree = tempfile::tempdir().unwrap();
        let venv = tree.path().join("venv");
        std::os::unix::fs::symlink(outside.path(), &venv).unwrap();
        assert_eq!(find(tree.path(), Path::new("")), None);
    }
}
