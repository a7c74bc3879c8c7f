//! Logs that are given by name, triaged.

use std::fs;

use expect_test::expect_file;
use serde_json::Value;

use crate::{gocrash, text};

/// The path of a log of the corpus, relative to the checkout.
fn log(name: &str) -> String {
    format!("{}/tests/triage/logs/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Without what only this checkout has in it.
fn plain(printed: &[u8]) -> String {
    text(printed).replace(concat!(env!("CARGO_MANIFEST_DIR"), "/"), "")
}

const KNOWN: &str = "\
# What is known.
ignore <- pkg == \"example.org/flaky/assert\" && class == \"assert\"
infra  <- `no space left`
";

#[test]
fn failures_of_foreign_logs_are_grouped() {
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("rules");
    fs::write(&rules, KNOWN).unwrap();
    let logs = ["go-assert.log", "go-json.log", "go-many.log", "nextest.xml"];
    let mut args = vec!["triage", "--rules", rules.to_str().unwrap()];
    let logs = logs.map(log);
    args.extend(logs.iter().map(String::as_str));
    let output = gocrash(&args);
    assert_eq!(output.status.code(), Some(0));
    let expected = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/triage.txt");
    expect_file![expected].assert_eq(&plain(&output.stdout));
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn programs_read_the_same() {
    let output = gocrash(&["triage", "--json", &log("go-bad-pointer.log")]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["v"], &told["triage"]), (&1.into(), &1.into()));
    let group = &told["groups"][0];
    assert_eq!(group["class"], "corruption");
    assert_eq!(group["test"], "TestBadPointer");
    assert_eq!(group["logs"][0], told["logs"][0]["name"]);
    assert_eq!(told["logs"][0]["signatures"][0], group["id"]);
    assert_eq!(told["logs"][0]["action"], Value::Null);
}

/// The schema that people read tells every word.
#[test]
fn the_schema_of_triage_tells_every_member() {
    let schema =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/triage.md"));
    let output = gocrash(&["triage", "--json", &log("go-many.log")]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let members = [&told, &told["logs"][0], &told["groups"][0]];
    let members = members.map(|member| member.as_object().unwrap());
    for name in members.iter().flat_map(|member| member.keys()) {
        assert!(schema.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn in_a_log_that_passed_nothing_failed() {
    let dir = tempfile::tempdir().unwrap();
    for (name, said) in [("go", "PASS\nok  \tnet\t0.1s\n"), ("empty", "")] {
        let path = dir.path().join(name);
        fs::write(&path, said).unwrap();
        let output = gocrash(&["triage", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0));
        let expected = format!("no failure is found in {}\n", path.display());
        assert_eq!(text(&output.stdout), expected);
    }
}

#[test]
fn what_is_no_log_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().to_str().unwrap();
    let output = gocrash(&["triage", empty, &log("go-nil.log")]);
    assert_eq!(output.status.code(), Some(125));
    assert!(text(&output.stdout).contains("in 1 of 1 log"));
    let said = text(&output.stderr);
    assert!(said.contains("test_run_stdout`: No such file"), "{said}");
}

/// One that is missing keeps nobody from reading the others.
#[test]
fn what_is_missing_is_said_and_the_others_are_read() {
    let logs = ["/no/such/log", &log("go-nil.log"), "no-such-hunt"];
    let args = [&["triage"], &logs[..]].concat();
    let output = gocrash(&args);
    assert_eq!(output.status.code(), Some(125));
    assert!(text(&output.stdout).contains("in 1 of 1 log"));
    let said = text(&output.stderr);
    assert!(
        said.starts_with(
            "gocrash: error: cannot read `/no/such/log`: No such file or \
             directory (os error 2), and there is no hunt `/no/such/log`\n\
             gocrash: error: cannot read `no-such-hunt`: "
        ),
        "{said}"
    );
    assert!(said.contains("\n  help: name a file, or a hunt: "), "{said}");

    let output = gocrash(&["triage", "--json", "/no/such/log"]);
    assert_eq!(output.status.code(), Some(125));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["unread"].as_array().unwrap().len(), 1);
}

#[test]
fn rules_that_mean_nothing_are_refused_at_their_place() {
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("rules");
    fs::write(&rules, "# known\nignore <- packge == \"net\"\ncount <-\n")
        .unwrap();
    let rules = rules.to_str().unwrap();
    let output = gocrash(&["--rules", rules, "tank/go@initial"]);
    assert_eq!(output.status.code(), Some(129));
    let said = text(&output.stderr).replace(rules, "FILE");
    assert_eq!(
        said,
        "gocrash: error: `--rules FILE`, line 2, column 11: there is no field \
         `packge`\n    ignore <- packge == \"net\"\n              ^\n  \
         help: did you mean `pkg`?\n  line 3, column 9: a pattern is missing \
         here\n    count <-\n            ^\n  help: compare a field, as in \
         `pkg == \"net\"`, or write a regular expression for what the failure \
         printed in `backquotes`\n"
    );
    fs::write(rules, b"# known\n# \xff\n").unwrap();
    let output = gocrash(&["--rules", rules, "tank/go@initial"]);
    assert_eq!(output.status.code(), Some(129));
    let said = text(&output.stderr).replace(rules, "FILE");
    assert_eq!(
        said,
        "gocrash: error: `--rules FILE`, line 2, column 3: that is not \
         UTF-8\n    # \u{fffd}\n      ^\n  help: save the file as UTF-8\n"
    );
}
