//! The house rules that no compiler checks, over every file of the checkout.

use std::fs;
use std::path::{Path, PathBuf};

/// One file of the checkout.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn is(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|e| e == extension)
    }

    /// Whether the file becomes part of what is installed.
    fn is_shipped(&self) -> bool {
        self.is("rs")
            && ["gocrash/", "zfs-rs/src/", "libzfs-sys/src/", "mchk/src/"]
                .iter()
                .any(|room| self.path.starts_with(room))
    }
}

/// What the rules are not about: what is built, fetched or recorded.
const LEFT_OUT: [&str; 5] =
    [".git", "target", "Cargo.lock", "LICENSE-APACHE", "recorded.rs"];

fn sources() -> Vec<Source> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).expect("the checkout is readable") {
            let path = entry.expect("the checkout is readable").path();
            let name = path.file_name().expect("an entry has a name");
            if LEFT_OUT.iter().any(|left_out| name == *left_out) {
                continue;
            }
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    walk(root, &mut paths);
    paths.sort();
    paths
        .into_iter()
        .filter_map(|path| {
            let text = fs::read_to_string(&path).ok()?;
            let path = path.strip_prefix(root).ok()?.to_str()?.to_owned();
            Some(Source { path, text })
        })
        .collect()
}

/// Fails with one line for each place that breaks the rule.
fn check(rule: &str, broken: impl FnMut(&Source) -> Vec<String>) {
    let sources = sources();
    assert!(sources.len() > 20, "only {} files found", sources.len());
    let places: Vec<String> = sources.iter().flat_map(broken).collect();
    assert!(places.is_empty(), "{rule}:\n  {}\n", places.join("\n  "));
}

/// The lines of a file that a rule forbids, as `path:number: line`.
fn lines(source: &Source, forbidden: impl Fn(&str) -> bool) -> Vec<String> {
    source
        .text
        .lines()
        .enumerate()
        .filter(|(_, line)| forbidden(line))
        .map(|(i, line)| format!("{}:{}: {}", source.path, i + 1, line.trim()))
        .collect()
}

#[test]
fn every_file_says_in_its_first_line_what_it_is() {
    check("the first line of a Rust file starts with `//!`", |source| {
        // A piece that a test pastes into a program is no file of its own.
        let is_pasted = source.path.contains("/paste/");
        if source.is("rs") && !is_pasted && !source.text.starts_with("//! ") {
            return vec![source.path.clone()];
        }
        Vec::new()
    });
}

#[test]
fn no_file_is_long() {
    check("a Rust file has at most 500 lines", |source| {
        let count = source.text.lines().count();
        if source.is("rs") && count > 500 {
            return vec![format!("{}: {count} lines", source.path)];
        }
        Vec::new()
    });
}

#[test]
fn lines_are_short() {
    check("a line of Rust has at most 80 columns", |source| {
        if !source.is("rs") {
            return Vec::new();
        }
        lines(source, |line| {
            line.chars().count() > 80 && !line.contains("http")
        })
    });
}

#[test]
fn nothing_is_left_for_later() {
    // Put together, so that this file does not break its own rule.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
    check("no mark for later work", |source| {
        if !source.is("rs") {
            return Vec::new();
        }
        lines(source, |line| marks.iter().any(|mark| line.contains(mark)))
    });
}

#[test]
fn unsafe_code_has_two_rooms() {
    check("C is called in zfs-rs and gocrash/attempt/sys only", |source| {
        let allowed = ["libzfs-sys/", "zfs-rs/", "gocrash/attempt/sys"]
            .iter()
            .any(|room| source.path.starts_with(room));
        if allowed || !source.is_shipped() {
            return Vec::new();
        }
        lines(source, |line| line.contains("unsafe"))
    });
}

#[test]
fn no_shipped_code_starts_a_zfs_command() {
    check("zfs, zpool, mount and umount are never started", |source| {
        if !source.is_shipped() {
            return Vec::new();
        }
        lines(source, |line| {
            ["zfs", "zpool", "mount", "umount"].iter().any(|program| {
                line.contains(&format!("Command::new(\"{program}\")"))
                    || line.contains(&format!("/sbin/{program}"))
            })
        })
    });
}

#[test]
fn an_ignored_test_says_why() {
    check("#[ignore] has a reason", |source| {
        lines(source, |line| line.trim() == "#[ignore]")
    });
}

#[test]
fn every_package_takes_the_lints_of_the_workspace() {
    check("a manifest has `[lints] workspace = true`", |source| {
        let is_manifest = source.path.ends_with("Cargo.toml");
        let has = source.text.contains("[lints]\nworkspace = true");
        // Outside of the workspace there is nothing to take.
        let is_outside = source.text.contains("\n[workspace]\n")
            && source.path != "Cargo.toml";
        if is_manifest && !has && !is_outside {
            return vec![source.path.clone()];
        }
        Vec::new()
    });
}

#[test]
fn the_map_names_rooms_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let map = fs::read_to_string(root.join("ARCHITECTURE.md"))
        .expect("ARCHITECTURE.md is there");
    let named: Vec<&str> = map
        .lines()
        .filter_map(|line| line.strip_prefix("- `"))
        .filter_map(|line| line.split('`').next())
        .filter(|name| name.contains('/') || name.contains('.'))
        .collect();
    assert!(named.len() >= 8, "the map names only {named:?}");
    for name in named {
        assert!(root.join(name).exists(), "`{name}` is not there");
    }
}
