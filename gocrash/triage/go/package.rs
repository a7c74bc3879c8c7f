//! What one package said, from the end of the one before it to its own.

use std::collections::HashMap;

use super::{crash, line, line::Kind, race};
use crate::triage::class::Class;
use crate::triage::failure::{ESSENCE_LINES_MAX, Failure};
use crate::triage::text::Line;

/// So many tests may have said something before they failed.
const SPEAKERS_MAX: usize = 10_000;
/// Lines that are remembered of each.
const SAID_LINES_MAX: usize = 12;
const PREFACE_LINES_MAX: usize = 4;
const OPEN_MAX: usize = 1000;
/// Parts of parts of a test.
const PARTS_MAX: usize = 16;
/// What the framework says of a test that the race detector has reported.
const RACED: &str = "race detected during execution of test";

/// What is known before the package is.
#[derive(Debug, Default)]
pub(super) struct Package {
    open: Vec<Failure>,
    /// With -v, what each test said comes before the word that it failed.
    said: HashMap<String, Vec<(usize, String)>>,
    speaker: String,
    /// What the runtime said last, before an end that may come.
    preface: Vec<String>,
    /// The first line that says anything, if nothing has a better reason.
    first_said: Option<(usize, String)>,
    /// How it ended, and where that is said.
    status: Option<(usize, String)>,
    has_failed: bool,
    has_crashed: bool,
}

impl Package {
    pub(super) fn speaks(&mut self, test: &str) {
        test.clone_into(&mut self.speaker);
    }

    pub(super) fn preface(&mut self, line: &Line<'_>) {
        self.says(line);
        if self.preface.len() < PREFACE_LINES_MAX {
            self.preface.push(line.text.to_string());
        }
    }

    /// A line that is no sign of anything by itself.
    pub(super) fn says(&mut self, line: &Line<'_>) {
        let text = line.text.as_ref();
        if text.starts_with("exit status ") || text.starts_with("signal: ") {
            self.status.get_or_insert((line.number, text.to_owned()));
            return;
        }
        self.first_said.get_or_insert((line.number, text.to_owned()));
        let is_known = self.said.contains_key(&self.speaker);
        if is_known || self.said.len() < SPEAKERS_MAX {
            let said = self.said.entry(self.speaker.clone()).or_default();
            if said.len() == SAID_LINES_MAX {
                said.remove(0);
            }
            said.push((line.number, text.to_owned()));
        }
    }

    pub(super) fn failed(&mut self) {
        self.has_failed = true;
    }

    /// Reads what a test says below the word that it failed.
    pub(super) fn test_failed(
        &mut self,
        test: &str,
        lines: &[Line<'_>],
        at: usize,
    ) -> usize {
        let end = body_end(lines, at);
        let mut essence = vec![(lines[at].number, lines[at].text.to_string())];
        let body = &lines[at + 1..end];
        let below = body.iter().filter(|line| !line.is_blank());
        let said = self.said.remove(test).unwrap_or_default();
        essence.extend(said);
        essence.extend(below.map(|line| (line.number, line.text.to_string())));
        let mut failure = of_test(&essence);
        failure.at = lines[at].number;
        failure.test = test.to_owned();
        self.push(failure);
        end
    }

    pub(super) fn crashed(&mut self, lines: &[Line<'_>], at: usize) -> usize {
        let preface = std::mem::take(&mut self.preface);
        let (mut failure, end) = crash::read(lines, at, &preface);
        // The framework names a test that panics right before.
        let is_named = self.open.last().is_some_and(|last| {
            last.message.is_empty() && last.class == Class::Assert
        });
        if is_named {
            let named = self.open.pop().expect("it was the last one");
            failure.test = named.test;
        }
        if failure.test.is_empty() {
            failure.test.clone_from(&self.speaker);
        }
        // With GOTRACEBACK=crash, a program that breaks sends this signal to
        // each of its threads, so that they show their stacks.
        let has_crashed = std::mem::replace(&mut self.has_crashed, true);
        if !(has_crashed && failure.message.starts_with("SIGQUIT")) {
            self.push(failure);
        }
        end
    }

    pub(super) fn raced(&mut self, lines: &[Line<'_>], at: usize) -> usize {
        let (mut failure, end) = race::read(lines, at);
        failure.test.clone_from(&self.speaker);
        self.push(failure);
        end
    }

    pub(super) fn ran_too_long(&mut self, line: &Line<'_>) {
        let lines = std::slice::from_ref(line);
        let text = line.text.trim_start_matches('*').trim();
        self.push(Failure::of_lines(Class::Timeout, text, lines));
    }

    fn push(&mut self, failure: Failure) {
        if self.open.len() < OPEN_MAX {
            self.open.push(failure);
        }
    }

    /// All that failed in it.
    pub(super) fn end(self, package: &str) -> Vec<Failure> {
        let Package { mut open, first_said, status, has_failed, .. } = self;
        name_races(&mut open);
        drop_parents(&mut open);
        if open.is_empty() && has_failed {
            open.extend(unexplained(first_said, status));
        }
        for failure in &mut open {
            if !package.is_empty() {
                package.clone_into(&mut failure.package);
            }
        }
        open
    }
}

/// Where what a test says below its name ends.
fn body_end(lines: &[Line<'_>], at: usize) -> usize {
    let indent = lines[at].indent();
    let is_body = |line: &Line<'_>| {
        let is_inside = line.indent() > indent
            && matches!(line::kind(&line.text), Kind::Other);
        line.is_blank() || is_inside
    };
    let rest = &lines[at + 1..];
    let count = rest.iter().take_while(|line| is_body(line)).count();
    // Blank lines at the end are no part of it.
    let blank = rest[..count].iter().rev().take_while(|l| l.is_blank()).count();
    at + 1 + count - blank
}

/// What a test said last, with a place, is why it failed.
fn of_test(essence: &[(usize, String)]) -> Failure {
    let said = essence[1..].iter().enumerate().rev();
    let mut said =
        said.filter_map(|(i, (_, text))| Some((i, line::said(text)?)));
    let last = said.next();
    let message = match last {
        // The words may begin in the next line.
        Some((i, (_, ""))) => essence.get(i + 2).map_or("", |(_, text)| text),
        Some((_, (_, message))) => message,
        None => essence.get(1).map_or("", |(_, text)| text),
    };
    let mut failure = Failure::new(Class::of_message(message), message);
    if let Some((_, (place, _))) = last {
        failure.is_at(place);
    }
    // The head with the name, and then the end, where the reason is.
    let skip = (essence.len() - 1).saturating_sub(ESSENCE_LINES_MAX - 1);
    let shown = essence.iter().take(1).chain(essence[1..].iter().skip(skip));
    failure.essence = shown.map(|(_, text)| text.clone()).collect();
    failure
}

/// A race is reported without the test's name, and the test then fails for
/// having one: together they are one failure.
fn name_races(open: &mut Vec<Failure>) {
    let mut unnamed: Vec<usize> = Vec::new();
    let mut names: Vec<(usize, String)> = Vec::new();
    for (i, failure) in open.iter().enumerate() {
        if failure.class == Class::Race && failure.test.is_empty() {
            unnamed.push(i);
        } else if failure.message == RACED {
            names.extend(unnamed.drain(..).map(|u| (u, failure.test.clone())));
        }
    }
    let has_reports = open.iter().any(|failure| failure.message != RACED);
    for (i, test) in names {
        open[i].test = test;
    }
    open.retain(|failure| failure.message != RACED || !has_reports);
}

/// A test that has failed parts failed for them.
fn drop_parents(open: &mut Vec<Failure>) {
    let mut parents: Vec<String> = Vec::new();
    for failure in open.iter() {
        let slashes = failure.test.match_indices('/').take(PARTS_MAX);
        parents.extend(slashes.map(|(at, _)| failure.test[..at].to_owned()));
    }
    parents.sort_unstable();
    parents.dedup();
    let is_parent = |failure: &Failure| {
        failure.class == Class::Assert
            && parents.binary_search(&failure.test).is_ok()
    };
    open.retain(|failure| !is_parent(failure));
}

/// A package that failed without any sign that is known.
fn unexplained(
    first_said: Option<(usize, String)>,
    status: Option<(usize, String)>,
) -> Option<Failure> {
    let (at, message) = match (first_said, status) {
        (Some(said), _) => said,
        (None, Some(status)) => status,
        (None, None) => (0, "the package failed".to_owned()),
    };
    let mut failure = Failure::new(Class::of_message(&message), &message);
    failure.at = at;
    failure.essence = vec![message];
    Some(failure)
}
