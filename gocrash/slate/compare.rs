//! What is different between a tree and the one that it is a clone of, found
//! without reading a file: what was not touched has the same inode, and the
//! same time of the last change, which nobody can set.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, FileType, Metadata};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::attempt::output::NAMES;

/// Changes that are listed; the rest can be found in the tree.
const CHANGES_MAX: usize = 100_000;
/// Directories in one another that are looked into.
const DEPTH_MAX: usize = 200;

/// Something that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// A word: added, changed, replaced, deleted.
    pub(crate) what: String,
    /// Relative to the tree.
    pub(crate) path: PathBuf,
    pub(crate) is_directory: bool,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut path = self.path.as_os_str().to_owned();
        if self.is_directory {
            path.push("/");
        }
        // Quoted, it is one line whatever is in it.
        write!(f, "{:8} {path:?}", self.what)
    }
}

impl Change {
    /// Reads a line that was written so; nothing else is one.
    pub(crate) fn parse(line: &str) -> Option<Change> {
        let (what, rest) = line.split_once(' ')?;
        let quoted = rest.trim_start().strip_prefix('"')?.strip_suffix('"')?;
        let mut path = unquote(quoted)?;
        let is_directory = path.last() == Some(&b'/');
        if is_directory {
            path.pop();
        }
        let path = OsString::from_vec(path).into();
        Some(Change { what: what.to_owned(), path, is_directory })
    }
}

/// The bytes of a text that was quoted as Rust does it.
fn unquote(quoted: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = quoted.chars();
    while let Some(c) = rest.next() {
        let c = match c {
            '\\' => match rest.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '0' => '\0',
                'x' => {
                    let digits: String = rest.by_ref().take(2).collect();
                    bytes.push(u8::from_str_radix(&digits, 16).ok()?);
                    continue;
                }
                'u' => {
                    let text = rest.as_str();
                    let (code, after) =
                        text.strip_prefix('{')?.split_once('}')?;
                    rest = after.chars();
                    char::from_u32(u32::from_str_radix(code, 16).ok()?)?
                }
                plain => plain,
            },
            plain => plain,
        };
        bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(bytes)
}

/// What became of the tree `before`, by name; the attempt's own output left
/// out.
pub(crate) fn changes(before: &Path, now: &Path) -> io::Result<Vec<Change>> {
    let mut found = Vec::new();
    walk(Some(before), now, Path::new(""), 0, &mut found)?;
    Ok(found)
}

fn walk(
    before: Option<&Path>,
    now: &Path,
    path: &Path,
    depth: usize,
    found: &mut Vec<Change>,
) -> io::Result<()> {
    if depth > DEPTH_MAX {
        return Ok(());
    }
    let there = names(now)?;
    let was = match before {
        Some(before) => names(before)?,
        None => Vec::new(),
    };
    let mut all: Vec<&OsString> = there.iter().chain(&was).collect();
    all.sort();
    all.dedup();
    for name in all {
        if depth == 0 && NAMES.iter().any(|own| *name == **own) {
            continue;
        }
        if found.len() >= CHANGES_MAX {
            return Ok(());
        }
        let path = path.join(name);
        let before = before.map(|before| before.join(name));
        let old = before.as_ref().and_then(|b| fs::symlink_metadata(b).ok());
        let now = now.join(name);
        let new = fs::symlink_metadata(&now).ok();
        let say = |what: &str, of: &Metadata| Change {
            what: what.to_owned(),
            path: path.clone(),
            is_directory: of.is_dir(),
        };
        let inside = match (&old, &new) {
            (None, None) => continue,
            (Some(old), None) => {
                found.push(say("deleted", old));
                continue;
            }
            (None, Some(new)) => {
                found.push(say("added", new));
                None
            }
            (Some(old), Some(new)) => match difference(old, new) {
                None => before.as_deref(),
                Some("replaced") => {
                    found.push(say("replaced", new));
                    None
                }
                Some(what) => {
                    found.push(say(what, new));
                    before.as_deref()
                }
            },
        };
        if new.is_some_and(|new| new.is_dir()) {
            walk(inside, &now, &path, depth + 1, found)?;
        }
    }
    Ok(())
}

fn difference(old: &Metadata, new: &Metadata) -> Option<&'static str> {
    if kind(old.file_type()) != kind(new.file_type()) {
        return Some("replaced");
    }
    if new.is_dir() {
        let rights = |m: &Metadata| (m.mode(), m.uid(), m.gid());
        return match (old.ino() == new.ino(), rights(old) == rights(new)) {
            (false, _) => Some("replaced"),
            (true, false) => Some("changed"),
            // Its times say only that something in it is another.
            (true, true) => None,
        };
    }
    let touched = |m: &Metadata| (m.ino(), m.ctime(), m.ctime_nsec());
    (touched(old) != touched(new)).then_some("changed")
}

fn kind(of: FileType) -> [bool; 6] {
    [
        of.is_file(),
        of.is_dir(),
        of.is_symlink(),
        of.is_fifo(),
        of.is_socket(),
        of.is_block_device(),
    ]
}

fn names(dir: &Path) -> io::Result<Vec<OsString>> {
    fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name())).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_was_touched_is_found_by_its_inode_and_time() {
        let dir = tempfile::tempdir().unwrap();
        let tree = |name: &str| dir.path().join(name);
        let script = "mkdir -p a/same a/gone a/again/in; echo 1 >a/same/kept
            echo 2 >a/same/edited; echo 3 >a/gone/file; echo 4 >a/kind
            cp -al a b; rm b/same/edited; echo 5 >b/same/edited; rm -r b/gone
            rm b/kind; mkdir b/kind; echo 6 >b/kind/new; echo 7 >b/added
            chmod 700 b/again; echo 8 >b/test_run_stdout";
        let status = std::process::Command::new("sh")
            .args(["-ec", script])
            .current_dir(dir.path())
            .status();
        assert!(status.unwrap().success());
        symlink("x", tree("b").join("link")).unwrap();
        let same = changes(&tree("a"), &tree("a")).unwrap();
        assert_eq!(same, []);
        let changes = changes(&tree("a"), &tree("b")).unwrap();
        let lines: Vec<String> =
            changes.iter().map(ToString::to_string).collect();
        // Directories are new here, as `cp` makes them: all in them is, too.
        for line in [
            r#"added    "added""#,
            r#"deleted  "gone/""#,
            r#"replaced "kind/""#,
            r#"added    "kind/new""#,
            r#"added    "link""#,
        ] {
            assert!(lines.contains(&line.to_owned()), "{line}: {lines:#?}");
        }
        assert!(!lines.iter().any(|line| line.contains("test_run")));
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let odd =
            OsString::from_vec(b"a\n\"\\ \xff\xe2\x80\xae\t\x01'".to_vec());
        let change = Change {
            what: "added".to_owned(),
            path: odd.into(),
            is_directory: true,
        };
        assert_eq!(Change::parse(&change.to_string()), Some(change));
        assert_eq!(Change::parse("and more: the first 5 are listed"), None);
    }
}
