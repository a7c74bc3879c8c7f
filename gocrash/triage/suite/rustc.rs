//! What Rust's compiler complains of, through cargo.

use crate::triage::class::Class;
use crate::triage::failure::{ESSENCE_LINES_MAX, Failure, Place};
use crate::triage::text::Line;

/// How far below a complaint its place may be.
const PLACE_LINES_MAX: usize = 3;

/// The first complaint of each package that could not be compiled.
pub(super) fn read(outputs: &[Vec<Line<'_>>]) -> Vec<Failure> {
    let mut failures: Vec<Failure> = Vec::new();
    for output in outputs {
        let mut first: Option<Failure> = None;
        for (at, line) in output.iter().enumerate() {
            if let Some(package) = uncompiled(&line.text) {
                let failure = first.take().unwrap_or_else(|| {
                    let line = std::slice::from_ref(line);
                    Failure::of_lines(Class::Build, &line[0].text, line)
                });
                // A library is compiled with its tests, and without them.
                let is_new = failures.iter().all(|f| f.package != package);
                if is_new && failures.len() < super::FAILURES_MAX {
                    let package = package.to_owned();
                    failures.push(Failure { package, ..failure });
                }
            } else if first.is_none() {
                first = complaint(&output[at..]);
            }
        }
    }
    failures
}

/// The package of ``error: could not compile `x` (lib)…``.
fn uncompiled(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("error: could not compile `")?;
    Some(rest.split_once('`')?.0)
}

fn complaint(lines: &[Line<'_>]) -> Option<Failure> {
    let text = lines[0].text.as_ref();
    let rest = text.strip_prefix("error")?;
    let message = match rest.strip_prefix("[E") {
        Some(rest) => rest.split_once("]: ")?.1,
        None => rest.strip_prefix(": ")?,
    };
    let near = &lines[1..lines.len().min(1 + PLACE_LINES_MAX)];
    let place = near.iter().find_map(|line| {
        let place = line.text.trim_start().strip_prefix("--> ")?;
        Place::read(place, ".rs")
    });
    let (place, _) = place?;
    let shown = &lines[..lines.len().min(ESSENCE_LINES_MAX)];
    let end = shown.iter().position(Line::is_blank).unwrap_or(shown.len());
    let mut failure = Failure::of_lines(Class::Build, message, &lines[..end]);
    failure.is_at(place);
    Some(failure)
}
