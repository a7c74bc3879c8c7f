//! Tests: what real logs are read as, each beside its log.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;

use super::group::{Group, group};
use super::signature::{Signature, sign};
use super::*;

const LOGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/triage/logs");
/// Of what is shown of a failure, this many lines are compared.
const LINES_COMPARED_MAX: usize = 9;

/// The logs of the corpus: each a name, and the outputs of one attempt.
pub(super) fn corpus() -> Vec<(String, Vec<Vec<u8>>)> {
    logs(Path::new(LOGS))
}

fn logs(directory: &Path) -> Vec<(String, Vec<Vec<u8>>)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension().is_some_and(|e| e == "log" || e == "xml")
        })
        .filter(|path| !path.to_string_lossy().ends_with(".stderr.log"))
        .collect();
    paths.sort();
    let with_stderr = |path: &Path| {
        let stderr = path.with_extension("stderr.log");
        [path, &stderr].iter().filter_map(|p| fs::read(p).ok()).collect()
    };
    let name = |path: &Path| {
        let name = path.file_name().unwrap().to_str();
        name.map(|name| name.trim_end_matches(".log").to_owned())
    };
    paths.iter().map(|p| (name(p).unwrap(), with_stderr(p))).collect()
}

pub(super) fn signatures(outputs: &[Vec<u8>]) -> Vec<Signature> {
    let outputs: Vec<&[u8]> = outputs.iter().map(Vec::as_slice).collect();
    match outputs[0].starts_with(b"<?xml") {
        true => sign(read_junit(outputs[0]).failures),
        false => sign(read(&outputs)),
    }
}

fn told(signature: &Signature) -> String {
    let Signature { failure, times, systemic, .. } = signature;
    let mut text = format!("{} {}", signature.class(), signature.id);
    let place = match failure.line {
        Some(line) => format!("{}:{line}", failure.file),
        None => failure.file.clone(),
    };
    let systemic = systemic.map(|count| format!("{count} packages"));
    let flaky = if failure.is_flaky { "yes" } else { "" };
    for (name, value) in [
        ("package", failure.package.as_str()),
        ("test", &failure.test),
        ("message", &failure.message),
        ("function", &failure.function),
        ("place", &place),
        ("flaky", flaky),
        ("systemic", systemic.as_deref().unwrap_or("")),
    ] {
        if !value.is_empty() {
            write!(text, "\n  {name:9}{value}").unwrap();
        }
    }
    write!(text, "\n  at line  {}, {times} times\n", failure.at).unwrap();
    for line in failure.essence.iter().take(LINES_COMPARED_MAX) {
        writeln!(text, "  | {line}").unwrap();
    }
    let more = failure.essence.len().saturating_sub(LINES_COMPARED_MAX);
    if more > 0 {
        writeln!(text, "  | and {more} more").unwrap();
    }
    text
}

#[test]
fn what_was_killed_for_its_time_failed_for_that() {
    let said: [&[u8]; 2] = [b"one\n", b"bash: line 1: 2638 Quit   sleep 20\n"];
    let failures = read_with(&said, &[], true);
    let [failure] = &failures[..] else { panic!("{failures:?}") };
    assert_eq!(
        (failure.class.word(), &*failure.message),
        ("timeout", "timed out")
    );
    // Where it has stacks, they say more.
    let hang = fs::read(Path::new(LOGS).join("go-quit.log")).unwrap();
    let told = |is_timed_out| {
        let failures = read_with(&[&hang], &[], is_timed_out);
        sign(failures)[0].id.clone()
    };
    assert_eq!(told(true), told(false));
}

#[test]
fn logs_of_what_passed_have_nothing_to_explain_but_what_is_flaky() {
    for (name, outputs) in logs(&Path::new(LOGS).join("passed")) {
        let outputs: Vec<&[u8]> = outputs.iter().map(Vec::as_slice).collect();
        assert!(passed(&outputs), "{name}");
        let flaky = flaky(&outputs, &[]).into_iter();
        let tests: Vec<String> = flaky.map(|failure| failure.test).collect();
        let expected: &[&str] = match &*name {
            "nextest-flaky" => &["passes_the_second_time"],
            _ => &[],
        };
        assert_eq!(tests, expected, "{name}");
    }
    for (name, outputs) in corpus() {
        let outputs: Vec<&[u8]> = outputs.iter().map(Vec::as_slice).collect();
        assert!(!passed(&outputs), "{name}");
    }
}

#[test]
fn real_logs_are_read_as_people_read_them() {
    let corpus = corpus();
    assert!(corpus.len() > 20, "only {} logs", corpus.len());
    for (name, outputs) in corpus {
        let told: String = signatures(&outputs)
            .iter()
            .map(told)
            .collect::<Vec<_>>()
            .join("\n");
        expect_file![format!("{LOGS}/{name}.expect")].assert_eq(&told);
    }
}

#[test]
fn failures_of_all_logs_are_grouped() {
    let corpus = corpus();
    let logs: Vec<_> = corpus.iter().map(|(_, log)| signatures(log)).collect();
    let mut told = String::new();
    for group in group(&logs) {
        let names = group.logs.iter().map(|log| corpus[*log].0.as_str());
        let names = names.collect::<Vec<_>>().join(" ");
        let Group { id, .. } = &group;
        writeln!(told, "{} {id}: {}", group.class(), group.title()).unwrap();
        writeln!(told, "  {names}").unwrap();
    }
    expect_file![format!("{LOGS}/groups.expect")].assert_eq(&told);
}
