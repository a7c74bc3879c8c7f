//! The Test Anything Protocol, and what Perl's tests say beside it.

use crate::triage::class::Class;
use crate::triage::failure::Failure;
use crate::triage::text::Line;

/// A directive of tests that may fail, put together: the word is a mark here.
const MAY_FAIL: &str = concat!("TO", "DO");
const ESSENCE_LINES_MAX: usize = 10;

pub(super) fn read(outputs: &[Vec<Line<'_>>]) -> Vec<Failure> {
    let mut failures: Vec<(usize, Failure)> = Vec::new();
    for lines in outputs {
        let mut last_said: Option<&Line<'_>> = None;
        for (at, line) in lines.iter().enumerate() {
            let text = line.text.trim_start();
            if let Some(test) = not_ok(text) {
                // A test that has failed parts failed for them.
                let inner = failures.last().is_some_and(|(indent, last)| {
                    *indent > line.indent() && last.at < line.number
                });
                if !inner {
                    let failure = failure(test, &lines[at..]);
                    add(&mut failures, line.indent(), failure);
                }
            } else if let Some(test) = said_to_fail(text) {
                let mut failure = failure(test, &lines[at..]);
                locate(&mut failure, &lines[at + 1..]);
                add(&mut failures, line.indent(), failure);
            } else if text.starts_with("# Looks like your test exited with ") {
                let message = last_said.map_or(text, |line| &line.text);
                let line = last_said.unwrap_or(line);
                let failure = Failure::of_lines(
                    Class::of_message(message),
                    message,
                    std::slice::from_ref(line),
                );
                add(&mut failures, 0, failure);
            } else if !text.is_empty() && !is_protocol(text) {
                last_said = Some(line);
            }
        }
    }
    let parents = parents(&failures);
    let failures = failures.into_iter().enumerate();
    let own = failures.filter(|(i, _)| !parents.contains(i));
    own.map(|(_, (_, failure))| failure).collect()
}

/// Whether as many tests as were planned have passed, or may fail; `None` where
/// no plan is.
pub(in crate::triage) fn tap_passed(lines: &[Line<'_>]) -> Option<bool> {
    let texts = || lines.iter().map(|line| line.text.as_ref());
    let is_test = |text: &&str| {
        text.strip_prefix("not ").unwrap_or(text).starts_with("ok ")
    };
    if texts().any(|text| text == "All tests successful.") {
        return Some(true);
    }
    let planned = texts().find_map(|text| {
        let count = text.strip_prefix("1..")?.split(' ').next()?;
        count.parse::<usize>().ok()
    });
    let has_failed = texts().any(|text| not_ok(text).is_some());
    planned.map(|planned| {
        texts().filter(is_test).count() == planned && !has_failed
    })
}

/// The name in `not ok 3 - name`, or the number, if it may not fail.
fn not_ok(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("not ok")?;
    if !(rest.is_empty() || rest.starts_with(' ')) {
        return None;
    }
    let (name, directive) = rest.rsplit_once(" # ").unwrap_or((rest, ""));
    if directive.to_uppercase().starts_with(MAY_FAIL) {
        return None;
    }
    let name = name.trim();
    Some(name.split_once("- ").map_or(name, |(_, name)| name.trim()))
}

/// `#   Failed test 'name'`, on standard error, where the protocol is read by
/// another program.
fn said_to_fail(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('#')?.trim_start();
    let name = rest.strip_prefix("Failed test '")?;
    name.strip_suffix('\'')
}

fn failure(test: &str, lines: &[Line<'_>]) -> Failure {
    let more = lines[1..].iter().take(ESSENCE_LINES_MAX);
    let more = more.take_while(|line| {
        let text = line.text.trim_start();
        text.starts_with('#')
            && said_to_fail(text).is_none_or(|t| t == test)
            && !text.starts_with("# Looks like")
            && !text.starts_with("# Sub")
    });
    let shown = &lines[..1 + more.count()];
    let mut failure = Failure::of_lines(Class::Assert, "", shown);
    test.clone_into(&mut failure.test);
    failure
}

/// `#   at queue.t line 7.`
fn locate(failure: &mut Failure, lines: &[Line<'_>]) {
    let Some(line) = lines.first() else { return };
    let text = line.text.trim_start().trim_start_matches('#').trim();
    let Some(rest) = text.strip_prefix("at ") else { return };
    let Some((file, number)) = rest.rsplit_once(" line ") else { return };
    crate::triage::failure::base(file).clone_into(&mut failure.file);
    failure.package.clone_from(&failure.file);
    failure.line = number.trim_end_matches('.').parse().ok();
}

/// The two ways to say it are one failure.
fn add(failures: &mut Vec<(usize, Failure)>, indent: usize, failure: Failure) {
    let has_room = failures.len() < super::FAILURES_MAX;
    let same = failures.iter_mut().rev().find(|(_, known)| {
        known.test == failure.test
            && !known.test.is_empty()
            && (known.file.is_empty()
                || failure.file.is_empty()
                || known.file == failure.file)
    });
    match same {
        Some((_, known)) if known.file.is_empty() => {
            known.file = failure.file;
            known.line = failure.line;
            known.package = failure.package;
        }
        Some(_) => {}
        None if has_room => {
            failures.push((indent, failure));
        }
        None => {}
    }
}

/// Those that follow a failed part of theirs.
fn parents(failures: &[(usize, Failure)]) -> Vec<usize> {
    let pairs = failures.windows(2).enumerate();
    let is_parent = |pair: &[(usize, Failure)]| pair[0].0 > pair[1].0;
    pairs.filter(|(_, pair)| is_parent(pair)).map(|(i, _)| i + 1).collect()
}

fn is_protocol(text: &str) -> bool {
    text.starts_with('#')
        || text.starts_with("ok")
        || text.starts_with("TAP version")
        || text.split_once("..").is_some_and(|(a, b)| {
            a.parse::<u32>().is_ok() && b.parse::<u32>().is_ok()
        })
}
