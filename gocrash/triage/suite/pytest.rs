//! What pytest prints: sections on each failure, and a summary.

use std::collections::HashMap;

use crate::triage::class::Class;
use crate::triage::failure::{Failure, Place};
use crate::triage::text::Line;

pub(super) fn read(outputs: &[Vec<Line<'_>>]) -> Vec<Failure> {
    let mut sections: HashMap<String, Failure> = HashMap::new();
    let mut order = Vec::new();
    let mut failures = Vec::new();
    for lines in outputs {
        let is_pytest = lines.iter().any(|line| {
            line.text.starts_with("====") && line.text.ends_with("====")
        });
        if !is_pytest {
            continue;
        }
        let mut in_summary = false;
        let mut in_passes = false;
        for (at, line) in lines.iter().enumerate() {
            if line.text.starts_with("====") {
                in_summary = line.text.contains("= short test summary info =");
                in_passes = line.text.contains("= PASSES =");
            } else if in_passes {
                // What tests said that passed, where that was asked for.
            } else if in_summary {
                failures.extend(summed_up(line, &mut sections));
            } else if let Some(name) = heading(&line.text)
                .filter(|_| sections.len() < super::FAILURES_MAX)
            {
                let end = section_end(lines, at);
                let failure = section(name, &lines[at..end]);
                if sections.insert(name.to_owned(), failure).is_none() {
                    order.push(name.to_owned());
                }
            }
        }
    }
    // Of those that no summary names, the sections tell.
    let left = order.into_iter().filter_map(|name| sections.remove(&name));
    failures.extend(left);
    failures
}

/// `____ TestQueue.test_length ____`
fn heading(text: &str) -> Option<&str> {
    let name = text.strip_prefix("___")?.strip_suffix('_')?;
    let name = name.trim_matches('_').trim();
    let name = name
        .strip_prefix("ERROR collecting ")
        .or_else(|| name.strip_prefix("ERROR at setup of "))
        .or_else(|| name.strip_prefix("ERROR at teardown of "))
        .unwrap_or(name);
    (!name.is_empty()).then_some(name)
}

fn section_end(lines: &[Line<'_>], at: usize) -> usize {
    let ends = |line: &Line<'_>| {
        line.text.starts_with("====") || heading(&line.text).is_some()
    };
    let rest = &lines[at + 1..];
    at + 1 + rest.iter().position(ends).unwrap_or(rest.len())
}

fn section(name: &str, lines: &[Line<'_>]) -> Failure {
    let said = lines.iter().find_map(|line| {
        line.text.strip_prefix("E  ").map(|said| (said.trim(), line))
    });
    let message = said.map_or("", |(message, _)| message);
    let near = lines.iter().filter(|line| {
        line.text.starts_with(['E', '>']) || line.text.contains(".py:")
    });
    let near: Vec<Line<'_>> = near.cloned().collect();
    let mut failure =
        Failure::of_lines(Class::of_message(message), message, &near);
    failure.at = lines[0].number;
    failure.test = name.replace('.', "::");
    let place = lines.iter().rev().find_map(|line| {
        let (place, rest) = Place::read(&line.text, ".py")?;
        rest.starts_with(": ").then_some(place)
    });
    if let Some(place) = place {
        failure.is_at(place);
    }
    failure
}

/// `FAILED test_queue.py::TestQueue::test_length - AssertionError: …`
fn summed_up(
    line: &Line<'_>,
    sections: &mut HashMap<String, Failure>,
) -> Option<Failure> {
    let (word, rest) = line.text.split_once(' ')?;
    if !["FAILED", "ERROR"].contains(&word) {
        return None;
    }
    let (id, message) = split_id(rest);
    let (file, test) = id.split_once("::").unwrap_or((id, ""));
    let name = match test.is_empty() {
        true => file.to_owned(),
        false => test.replace("::", "."),
    };
    let mut failure = sections.remove(&name).unwrap_or_else(|| {
        let line = std::slice::from_ref(line);
        Failure::of_lines(Class::of_message(message), message, line)
    });
    if test.is_empty() && failure.class == Class::Assert {
        // The file could not even be imported.
        failure.class = Class::Build;
    }
    file.clone_into(&mut failure.package);
    test.clone_into(&mut failure.test);
    Some(failure)
}

/// Parameters of a test may hold ` - ` as well; a message begins after the last
/// bracket, if there is one.
fn split_id(rest: &str) -> (&str, &str) {
    let from = match (rest.find('['), rest.find(" - ")) {
        (Some(open), Some(dash)) if open < dash => {
            rest.find("] - ").map_or(0, |at| at + 1)
        }
        _ => 0,
    };
    match rest[from..].find(" - ") {
        Some(at) => (&rest[..from + at], rest[from + at + 3..].trim()),
        None => (rest.trim(), ""),
    }
}
