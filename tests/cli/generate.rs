//! Man pages and completions.

use std::fs;
use std::process::Command;

use expect_test::expect_file;

use crate::{gocrash, text};

#[test]
fn every_command_has_a_man_page() {
    let dir = tempfile::tempdir().unwrap();
    let output = gocrash(&["generate", "man", dir.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = |name: &str| {
        fs::read_to_string(dir.path().join(format!("{name}.1"))).unwrap()
    };
    // As the short help names them.
    let help = text(&gocrash(&["-h"]).stdout);
    let (_, commands) =
        help.split_once("After a hunt, or beside it:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    let names = commands
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    let mut count = 0;
    for name in names {
        let page = page(&format!("gocrash-{name}"));
        assert!(page.contains(".SH DESCRIPTION"), "{name}: {page}");
        count += 1;
    }
    assert!(count >= 3, "{help}");
    let main = page("gocrash");
    for part in [".SH EXIT STATUS", "\\-\\-concurrency", "gocrash\\-report"] {
        assert!(main.contains(part), "{part} is not in {main}");
    }
    let expected =
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/gocrash-report.1");
    expect_file![expected].assert_eq(&page("gocrash-report"));
}

#[test]
fn three_shells_complete_every_option() {
    for shell in ["bash", "zsh", "fish"] {
        let output = gocrash(&["generate", "completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = text(&output.stdout);
        for word in ["concurrency", "progress", "report", "completions"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

/// Not what is cut, and taken for whole.
#[test]
#[cfg(target_os = "linux")]
fn what_a_full_disk_cannot_take_is_an_error() {
    let log =
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/triage/logs/go-nil.log");
    let asked: [&[&str]; 3] = [
        &["generate", "completions", "bash"],
        &["triage", "--json", log],
        &["triage", log],
    ];
    for args in asked {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_gocrash"));
        let output = command.args(args).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(125), "{args:?}");
        let said = text(&output.stderr);
        assert!(said.contains("cannot write to standard output"), "{said}");
    }
}
