//! The last words of a Go program, with its stacks.

use super::line::{self, Kind};
use super::trace::{self, Cause, Stack};
use crate::triage::class::Class;
use crate::triage::failure::{ESSENCE_LINES_MAX, Failure};
use crate::triage::text::Line;

/// What a panic says may have many lines.
const HEADER_LINES_MAX: usize = 100;
/// So many of the first lines are shown, before the stack.
const HEADER_SHOWN_MAX: usize = 8;

/// Reads it from its first line on; gives where it ends.
pub(super) fn read(
    lines: &[Line<'_>],
    at: usize,
    preface: &[String],
) -> (Failure, usize) {
    let header_end = header_end(lines, at);
    let header = &lines[at..header_end];
    let (stacks, end) = trace::read(lines, header_end);
    let message = message(header);
    let class = Class::of_go_crash(&message);
    let cause = match class {
        Class::Timeout | Class::Hang => trace::of_hang(&stacks),
        _ => trace::of_crash(&stacks, message.contains("stack overflow")),
    };
    let mut failure = Failure::new(class, &message);
    failure.at = header[0].number;
    failure.essence = essence(lines, header, preface, cause.stack);
    apply(&mut failure, &cause, header);
    (failure, end)
}

fn apply(failure: &mut Failure, cause: &Cause<'_, '_>, header: &[Line<'_>]) {
    if let Some(frame) = cause.frame {
        failure.function = frame.function.to_owned();
        if let Some(place) = frame.place {
            failure.is_at(place);
        }
    }
    if let Some(test) = cause.test {
        let (package, function) = trace::split(test);
        failure.package = package.to_owned();
        let name = function.split('.').next().unwrap_or(function);
        failure.test = name.to_owned();
    }
    if let Some(test) = running(header) {
        failure.test = test.to_owned();
    }
}

/// The first test of the list that newer releases print:
/// `running tests:`, then `<tab>TestX (2s)`.
fn running<'a>(header: &'a [Line<'_>]) -> Option<&'a str> {
    let mut lines = header.iter().map(|line| line.text.as_ref());
    lines.find(|line| *line == "running tests:")?;
    let test = lines.next()?.trim();
    Some(test.split_once(" (").map_or(test, |(name, _)| name))
}

/// Where the stacks begin; without any, where something else does.
fn header_end(lines: &[Line<'_>], at: usize) -> usize {
    let limit = lines.len().min(at + HEADER_LINES_MAX);
    let mut end = at + 1;
    while end < limit {
        let text = &lines[end].text;
        if trace::is_header(text) {
            return end;
        }
        match line::kind(text) {
            // Two threads may fail alike, and one failure has two names: all
            // of that is next to each other.
            Kind::Crash if end - at > 2 => break,
            Kind::Crash | Kind::Preface | Kind::Other => {}
            Kind::Nothing if lines[end].is_blank() => {}
            _ => break,
        }
        end += 1;
    }
    // Whatever that was, it has no stacks: only what is next to it is of it.
    let is_more = |i: &usize| {
        lines[*i].text.starts_with("\tpanic: ")
            || lines[*i].text.starts_with("[signal ")
    };
    (at + 1..end).take_while(is_more).last().map_or(at + 1, |i| i + 1)
}

/// Of all names that it has, the one that says most.
fn message(header: &[Line<'_>]) -> String {
    let first = header[0].text.as_ref();
    // `unexpected fault address 0x…`, `fatal error: fault`: the second is what
    // all of that kind have in common, the first what they differ in.
    let named = match first.starts_with("unexpected fault address ") {
        true => header
            .iter()
            .map(|line| line.text.as_ref())
            .find(|text| text.starts_with("fatal error: ")),
        false => None,
    };
    let message = named.unwrap_or(first);
    let message = message.split(" [recovered").next().unwrap_or(message);
    // `panic: ` may be all that its first line says.
    match (message.trim_end(), header.get(1)) {
        ("panic:", Some(second)) => format!("panic: {}", second.text.trim()),
        (message, _) => message.to_owned(),
    }
}

fn essence(
    lines: &[Line<'_>],
    header: &[Line<'_>],
    preface: &[String],
    stack: Option<&Stack<'_>>,
) -> Vec<String> {
    let shown = header.iter().filter(|line| !line.is_blank());
    let shown = shown.take(HEADER_SHOWN_MAX).map(|line| line.text.to_string());
    let stack = stack.map_or(&[][..], |stack| &lines[stack.begin..stack.end]);
    preface
        .iter()
        .cloned()
        .chain(shown)
        .chain(stack.iter().map(|line| line.text.to_string()))
        .take(ESSENCE_LINES_MAX)
        .collect()
}
