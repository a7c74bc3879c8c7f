//! What gocrash says of itself.

use expect_test::expect_file;

use crate::{gocrash, text};

#[test]
fn short_help_fits_a_screen() {
    let output = gocrash(&["-h"]);
    assert_eq!(output.status.code(), Some(0));
    let expected = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/help.txt");
    expect_file![expected].assert_eq(&text(&output.stdout));
}

#[test]
fn long_help_tells_all() {
    let output = gocrash(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let expected =
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/long-help.txt");
    expect_file![expected].assert_eq(&text(&output.stdout));
}

#[test]
fn the_version_names_commit_and_libzfs() {
    let output = gocrash(&["--version"]);
    assert_eq!(output.status.code(), Some(0));
    let version = text(&output.stdout);
    let rest = version
        .strip_prefix(concat!("gocrash ", env!("CARGO_PKG_VERSION"), " "))
        .unwrap();
    let rest = rest.strip_prefix("(commit ").unwrap();
    let (commit, libzfs) = rest.split_once(", libzfs ").unwrap();
    let is_hash = commit.len() >= 12
        && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_hash || commit == "unknown", "{version}");
    assert!(libzfs.ends_with(")\n") && libzfs.contains('.'), "{version}");
}
