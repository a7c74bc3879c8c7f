//! What is refused before ZFS is asked anything: always with status 129, which
//! `git bisect run` takes for the end of the bisection, and a remedy.

use expect_test::expect_file;

use crate::{gocrash, text};

const SNAPSHOT: &str = "tank/go@initial";

/// What gocrash answers to each of these, under the command line.
fn refused(lines: &[&[&str]]) -> String {
    let mut answers = String::new();
    for args in lines {
        let output = gocrash(args);
        assert_eq!(output.status.code(), Some(129), "{args:?}");
        assert_eq!(text(&output.stdout), "", "{args:?}");
        let answer = text(&output.stderr);
        answers += &format!("$ gocrash {}\n{answer}\n", args.join(" "));
    }
    answers
}

#[test]
fn what_was_typed_cannot_be_meant() {
    let expected = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/typed.txt");
    expect_file![expected].assert_eq(&refused(&[
        &["tank/go"],
        &["lists"],
        &["tests"],
        &["report", "latest", "--junit", "same", "--html", "same"],
        &["report", "latest", "--html", "-", "--json"],
        &["-p3", "list"],
        &["./tree"],
        &["tank/go@a@b"],
        &["tank//go@a"],
        &["tank/go@"],
        &["--parent", "tank@now", SNAPSHOT],
        &["--parent", "other/work", SNAPSHOT],
        &["--concurrency", "0", SNAPSHOT],
        &["-j", "100000", SNAPSHOT],
        &["--stop-after", "0", SNAPSHOT],
        &["--max-runs", "0", SNAPSHOT],
        &["--max-fails", "some", SNAPSHOT],
        &["--max-time", "90", SNAPSHOT],
        &["--pace", "fast", SNAPSHOT],
        &["--fail", "(", SNAPSHOT],
        &["--quota", "lots", SNAPSHOT],
        &["--quota", "1K", SNAPSHOT],
        &["--min-free", "5 %", SNAPSHOT],
        &["--min-free", "120%", SNAPSHOT],
        &["--quota", "1G", "/tmp"],
        &["--prepare", "make", "/tmp"],
        &["--at", "src", SNAPSHOT],
        &["--at", "/", SNAPSHOT],
        &["--at", "/no/such/dir", SNAPSHOT],
        &["--cwd", "/usr", SNAPSHOT],
        &["--cwd", "goroot/../..", SNAPSHOT],
        &["--results", "/tmp/junit.xml", SNAPSHOT],
        &["--results", "../junit.xml", SNAPSHOT],
        &["--env", "GOGC", SNAPSHOT],
        &["--env", "=off", SNAPSHOT],
        &[SNAPSHOT, "--", "", "-c", "true"],
        &["--user", "no-such-user", SNAPSHOT],
    ]));
}

#[test]
fn a_name_longer_than_zfs_allows_is_refused() {
    let long = format!("tank/{}@a", "x".repeat(260));
    assert!(refused(&[&[&long]]).contains("at most 255"));
}

#[test]
fn bad_usage_has_the_status_of_a_refusal_too() {
    let expected = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/usage.txt");
    expect_file![expected].assert_eq(&refused(&[
        &[],
        &["--concurency", "2", SNAPSHOT],
        &["-p", "two", SNAPSHOT],
        &[SNAPSHOT, "bash", "all.bash"],
        &["help", "shwo"],
        &["reprot", "latest"],
        &["lits", "--json"],
        &["verify", "./src"],
        &["show", "latset"],
        &["generate", "man", "/no/such/dir"],
    ]));
}

/// Whatever is repeated, by gocrash or by clap: nothing of it writes to the
/// terminal as it likes, or looks like a line of gocrash's.
#[test]
fn words_that_were_typed_are_shown_and_nothing_else() {
    const FOREIGN: &str = "no\x1b[31m\u{202e}\ngocrash: all is well\r";
    let option = format!("--{FOREIGN}");
    let answers = [
        gocrash(&["show", FOREIGN]),
        gocrash(&["triage", FOREIGN]),
        gocrash(&["--rules", FOREIGN, SNAPSHOT]),
        gocrash(&["--user", FOREIGN, SNAPSHOT]),
        gocrash(&["--max-runs", FOREIGN, SNAPSHOT]),
        gocrash(&[FOREIGN]),
        gocrash(&["help", FOREIGN]),
        gocrash(&["-p", FOREIGN, SNAPSHOT]),
        gocrash(&[&option, SNAPSHOT]),
    ];
    for output in answers {
        assert_ne!(output.status.code(), Some(0));
        let said = String::from_utf8(output.stderr).unwrap();
        let is_foreign =
            |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!said.contains(is_foreign), "{said:?}");
        assert!(!said.contains("\ngocrash: all"), "{said:?}");
        assert!(said.contains("all is well"), "{said:?}");
    }
}
