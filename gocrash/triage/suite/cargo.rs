//! What `cargo test` prints, on one stream or on two.

use super::panicked;
use crate::triage::class::Class;
use crate::triage::failure::Failure;
use crate::triage::text::Line;

/// The word of a process that only says that its tests failed.
const TESTS_FAILED: &str = "exit status: 101";

pub(super) fn read(outputs: &[Vec<Line<'_>>]) -> Vec<Failure> {
    let targets: Vec<&str> =
        outputs.iter().flatten().filter_map(|l| target(&l.text)).collect();
    let mut failures = Vec::new();
    // The streams have no order, but each has its targets in the same one.
    let mut begun = 0_usize;
    for output in outputs {
        let mut at = 0;
        while at < output.len() && failures.len() < super::FAILURES_MAX {
            let text = output[at].text.as_ref();
            if is_beginning(text) {
                begun += 1;
            }
            let package =
                targets.get(begun.saturating_sub(1)).copied().unwrap_or("");
            if let Some(test) = failed(text) {
                failures.push(unexplained(test, package, &output[at]));
            } else if let Some(test) = explained(text) {
                let end = section_end(output, at);
                explain(&mut failures, test, package, &output[at..end]);
                at = end;
                continue;
            } else if let Some(failure) = ended(&output[at]) {
                failures.push(failure);
            }
            at += 1;
        }
    }
    failures
}

/// What runs, of `     Running tests/x.rs (target/debug/deps/x-0123…)`.
fn target(text: &str) -> Option<&str> {
    let text = text.trim_start();
    if let Some(package) = text.strip_prefix("Doc-tests ") {
        return Some(package.trim());
    }
    let path = text.strip_prefix("Running ")?.strip_suffix(')')?;
    let (_, path) = path.rsplit_once('(')?;
    Some(name_of(path))
}

/// `x` of `target/debug/deps/x-0123456789abcdef`.
fn name_of(path: &str) -> &str {
    let name = crate::triage::failure::base(path);
    match name.rsplit_once('-') {
        Some((name, hash)) if hash.len() == 16 => name,
        _ => name,
    }
}

/// `running 4 tests`; what is indented is of another program's report.
fn is_beginning(text: &str) -> bool {
    let count = text.strip_prefix("running ").and_then(|rest| {
        rest.strip_suffix(" tests").or_else(|| rest.strip_suffix(" test"))
    });
    count.is_some_and(|count| count.bytes().all(|b| b.is_ascii_digit()))
}

/// The test of `test x ... FAILED`.
fn failed(text: &str) -> Option<&str> {
    let test = text.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
    Some(test.strip_suffix(" - should panic").unwrap_or(test))
}

/// The test of `---- x stdout ----`.
fn explained(text: &str) -> Option<&str> {
    text.strip_prefix("---- ")?.strip_suffix(" stdout ----")
}

fn section_end(lines: &[Line<'_>], at: usize) -> usize {
    let ends = |line: &Line<'_>| {
        line.text == "failures:"
            || explained(&line.text).is_some()
            || line.text.starts_with("test result: ")
    };
    let rest = &lines[at + 1..];
    at + 1 + rest.iter().position(ends).unwrap_or(rest.len())
}

fn unexplained(test: &str, package: &str, line: &Line<'_>) -> Failure {
    let mut failure =
        Failure::of_lines(Class::Assert, "", std::slice::from_ref(line));
    test.clone_into(&mut failure.test);
    package.clone_into(&mut failure.package);
    failure
}

/// Fills in what is known of the test, if it did fail.
fn explain(
    failures: &mut Vec<Failure>,
    test: &str,
    package: &str,
    section: &[Line<'_>],
) {
    let said: Vec<&str> =
        section[1..].iter().map(|line| line.text.as_ref()).collect();
    let reason = panicked::read(&said).unwrap_or_else(|| {
        let first = said.iter().find(|line| !line.trim().is_empty());
        let message = first.copied().unwrap_or("");
        Failure::new(Class::of_message(message), message)
    });
    let shown = Failure::of_lines(reason.class, &reason.message, section);
    let known = failures
        .iter_mut()
        .rev()
        .find(|failure| failure.test == test && failure.package == package);
    // Without a verdict beside it, a section is there for a failure too.
    let failure = match known {
        Some(known) => known,
        None => {
            failures.push(unexplained(test, package, &section[0]));
            failures.last_mut().expect("it was pushed")
        }
    };
    failure.essence = shown.essence;
    failure.class = reason.class;
    failure.message = reason.message;
    failure.file = reason.file;
    failure.line = reason.line;
}

/// `process didn't exit successfully: …`: a test took the process with it.
fn ended(line: &Line<'_>) -> Option<Failure> {
    let text = line.text.trim_start();
    let rest = text.strip_prefix("process didn't exit successfully: `")?;
    let (command, how) = rest.rsplit_once("` (")?;
    let how = how.trim_end_matches(')');
    if how == TESTS_FAILED {
        return None;
    }
    let class = match Class::of_message(how) {
        Class::Assert => Class::Panic,
        class => class,
    };
    let program = command.split(' ').next().unwrap_or(command);
    let mut failure = Failure::of_lines(class, how, std::slice::from_ref(line));
    name_of(program).clone_into(&mut failure.package);
    Some(failure)
}
