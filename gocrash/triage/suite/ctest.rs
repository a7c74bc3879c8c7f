//! What CTest prints: the tests that failed, and how, at the end.

use std::collections::HashMap;

use super::FAILURES_MAX;
use crate::triage::class::Class;
use crate::triage::failure::Failure;
use crate::triage::text::Line;

const SAID_LINES_MAX: usize = 12;

pub(super) fn read(outputs: &[Vec<Line<'_>>]) -> Vec<Failure> {
    let results: HashMap<&str, &[Line<'_>]> =
        outputs.iter().flat_map(|lines| results(lines)).collect();
    let mut failures = Vec::new();
    // It may be on another stream than what tests said.
    for lines in outputs {
        let is_head =
            |line: &Line<'_>| line.text == "The following tests FAILED:";
        let Some(head) = lines.iter().position(is_head) else { continue };
        let listed = lines[head + 1..].iter();
        let listed = listed.map_while(|line| Some((line, listed_one(line)?)));
        for (line, (name, how)) in listed.take(FAILURES_MAX) {
            let said = results.get(name).map(|lines| said(lines));
            let mut failure =
                Failure::of_lines(class(how), how, std::slice::from_ref(line));
            name.clone_into(&mut failure.test);
            if let Some(said) = said {
                failure.essence.extend(said);
            }
            failures.push(failure);
        }
    }
    failures
}

/// `\t  3 - breaks (SEGFAULT)`; labels may follow.
fn listed_one<'a>(line: &'a Line<'_>) -> Option<(&'a str, &'a str)> {
    let (number, rest) = line.text.trim_start().split_once(" - ")?;
    number.parse::<u32>().ok()?;
    let (name, rest) = rest.rsplit_once(" (")?;
    Some((name.trim(), rest.split_once(')')?.0))
}

fn class(how: &str) -> Class {
    match how {
        "Timeout" => Class::Timeout,
        "SEGFAULT" | "ILLEGAL" | "BUS" => Class::Corruption,
        "Not Run" | "BAD_COMMAND" => Class::Build,
        how if how.contains("aborted") || how == "NUMERICAL" => Class::Panic,
        how => Class::of_message(how),
    }
}

/// What is below each ` 2/6 Test #2: fails ....***Failed`, by the test.
fn results<'a>(
    lines: &'a [Line<'_>],
) -> impl Iterator<Item = (&'a str, &'a [Line<'a>])> {
    lines.iter().enumerate().filter_map(|(at, line)| {
        let (_, rest) = line.text.split_once(" Test ")?;
        let (_, rest) = rest.split_once(": ")?;
        let name = rest.split(" .").next()?;
        rest.contains("***").then_some((name, &lines[at..]))
    })
}

fn said(lines: &[Line<'_>]) -> Vec<String> {
    let said = lines.iter().take(SAID_LINES_MAX);
    let said = said.take_while(|line| !line.is_blank());
    said.map(|line| line.text.to_string()).collect()
}
