//! A pattern for paths in a slate, as a shell has them: `*` and `?` and `[…]`
//! stand for what is in one name, `**` for any directories.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;

const ANY_DEPTH: &[u8] = b"**";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob {
    text: OsString,
    /// Between the slashes.
    parts: Vec<Vec<u8>>,
}

/// How far a path has come that a pattern may match: the parts that its next
/// name may be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progress(Vec<usize>);

impl Glob {
    /// Nothing, where it can't be meant: a path in a slate is relative, and has
    /// no `..` in it.
    pub(crate) fn new(text: &OsStr) -> Option<Glob> {
        let bytes = text.as_bytes();
        let parts: Vec<Vec<u8>> = bytes
            .split(|byte| *byte == b'/')
            .filter(|part| !part.is_empty() && *part != b".")
            .map(<[u8]>::to_vec)
            .collect();
        let is_wrong = bytes.starts_with(b"/")
            || parts.is_empty()
            || parts.iter().any(|part| part == b"..");
        (!is_wrong).then(|| Glob { text: text.to_owned(), parts })
    }

    pub(super) fn begin(&self) -> Progress {
        Progress(self.with_any_depth(vec![0]))
    }

    /// After one more name.
    pub(super) fn step(&self, from: &Progress, name: &[u8]) -> Progress {
        let mut next = Vec::new();
        for place in &from.0 {
            match self.parts.get(*place) {
                Some(part) if part == ANY_DEPTH => next.push(*place),
                Some(part) if matches(part, name) => next.push(place + 1),
                _ => {}
            }
        }
        Progress(self.with_any_depth(next))
    }

    /// Whether the path so far is one.
    pub(super) fn is_match(&self, progress: &Progress) -> bool {
        progress.0.contains(&self.parts.len())
    }

    /// Whether a longer one can be.
    pub(super) fn goes_on(&self, progress: &Progress) -> bool {
        progress.0.iter().any(|place| *place < self.parts.len())
    }

    /// `**` stands for no directory as well; at the end, for any file below.
    fn with_any_depth(&self, mut places: Vec<usize>) -> Vec<usize> {
        let mut i = 0;
        while let Some(place) = places.get(i).copied() {
            let is_any = self.parts.get(place).is_some_and(|p| p == ANY_DEPTH);
            if is_any && !places.contains(&(place + 1)) {
                places.push(place + 1);
            }
            i += 1;
        }
        places
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.text.to_string_lossy())
    }
}

impl AsRef<OsStr> for Glob {
    fn as_ref(&self) -> &OsStr {
        &self.text
    }
}

/// Whether a name is of this part: in time that grows with both, not with
/// their powers.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // The last `*`, and where what it stands for ends so far.
    let mut star = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(_) => {
                if let Some(length) = one(&pattern[p..], name[n]) {
                    p += length;
                    n += 1;
                    continue;
                }
            }
            None => {}
        }
        let Some((place, end)) = star else { return false };
        star = Some((place, end + 1));
        p = place + 1;
        n = end + 1;
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// How much of the pattern stands for this byte, if it does.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern[0] {
        b'?' => Some(1),
        b'[' => match class(pattern, byte) {
            Some((is_in, length)) => is_in.then_some(length),
            // One that does not end is a bracket.
            None => (byte == b'[').then_some(1),
        },
        other => (other == byte).then_some(1),
    }
}

/// Whether the byte is in a class such as `[a-z_]` or `[!0-9]`, and how long
/// that is.
fn class(pattern: &[u8], byte: u8) -> Option<(bool, usize)> {
    let negated = matches!(pattern.get(1), Some(b'!' | b'^'));
    let first = if negated { 2 } else { 1 };
    // A `]` right at the beginning is one of them.
    let end = first
        + 1
        + pattern.get(first + 1..)?.iter().position(|b| *b == b']')?;
    let mut members = &pattern[first..end];
    let mut is_in = false;
    while let [low, rest @ ..] = members {
        match rest {
            [b'-', high, rest @ ..] => {
                is_in |= (*low..=*high).contains(&byte);
                members = rest;
            }
            rest => {
                is_in |= *low == byte;
                members = rest;
            }
        }
    }
    Some((is_in != negated, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(glob: &str, path: &str) -> bool {
        let glob = Glob::new(OsStr::new(glob)).unwrap();
        let mut progress = glob.begin();
        for name in path.split('/') {
            if !glob.goes_on(&progress) {
                return false;
            }
            progress = glob.step(&progress, name.as_bytes());
        }
        glob.is_match(&progress)
    }

    #[test]
    fn a_pattern_means_what_a_shell_means() {
        let matched = [
            ("a.log", "a.log"),
            ("./logs//*.log", "logs/x.log"),
            ("*", "anything"),
            ("*.log", ".log"),
            ("a*b*c", "a--b-b-c"),
            ("?[0-9]", "a7"),
            ("[!a]x", "bx"),
            ("[]]", "]"),
            ("[", "["),
            ("**/core", "core"),
            ("**/core", "a/b/core"),
            ("out/**", "out/a/b"),
            ("a/**/b/*", "a/b/c"),
            ("a/**/b/*", "a/x/b/y/b/c"),
            ("**/**/x", "x"),
        ];
        for (glob, path) in matched {
            assert!(is_match(glob, path), "{glob} {path}");
        }
        let others = [
            ("*.log", "logs/x.log"),
            ("a", "b"),
            ("?", ""),
            ("a*b", "ab-"),
            ("[!a]x", "ax"),
            ("[a-c]", "d"),
            ("out/**", "in/a"),
            ("**/core", "core/x"),
        ];
        for (glob, path) in others {
            assert!(!is_match(glob, path), "{glob} {path}");
        }
    }

    #[test]
    fn a_pattern_that_leaves_the_slate_is_none() {
        for bad in ["", "/etc/passwd", "../x", "a/../../x", "."] {
            assert_eq!(Glob::new(OsStr::new(bad)), None, "{bad}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let glob = "*a".repeat(50) + "b";
        assert!(!is_match(&glob, &"a".repeat(250)));
    }
}
