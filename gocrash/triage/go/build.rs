//! What a compiler, a linker or vet says of one package.

use super::line::{self, Kind};
use crate::triage::class::Class;
use crate::triage::failure::{ESSENCE_LINES_MAX, Failure, Place};
use crate::triage::text::Line;

/// The lines under `# pkg`.
#[derive(Debug, Default)]
pub(super) struct Build {
    at: usize,
    lines: Vec<String>,
}

/// Reads the lines under a header; gives where they end.
pub(super) fn read(lines: &[Line<'_>], at: usize) -> (Build, usize) {
    let mut build = Build { at: lines[at].number, lines: Vec::new() };
    let mut end = at + 1;
    while end < lines.len() {
        let line = &lines[end];
        if line::kind(&line.text) != Kind::Other {
            break;
        }
        if build.lines.len() < ESSENCE_LINES_MAX {
            build.lines.push(line.text.to_string());
        }
        end += 1;
    }
    (build, end)
}

impl Build {
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether any line looks like a compiler's complaint.
    pub(super) fn has_error(&self) -> bool {
        self.lines.iter().any(|line| error(line).is_some())
    }

    /// `number` is of the line that says so, where nothing else does.
    pub(super) fn failure(self, package: &str, number: usize) -> Failure {
        let first = self.lines.iter().find_map(|line| error(line));
        let message = match (first, self.lines.first()) {
            (Some((_, message)), _) => message,
            (None, Some(line)) => line,
            (None, None) => "the package could not be built",
        };
        let mut failure = Failure::new(build_class(message), message);
        if let Some((place, _)) = first {
            failure.is_at(place);
        }
        failure.package = package.to_owned();
        failure.at = if self.at > 0 { self.at } else { number };
        failure.essence = self.lines;
        failure
    }
}

/// A compiler may find no room, too.
fn build_class(message: &str) -> Class {
    match Class::of_message(message) {
        Class::Infra => Class::Infra,
        Class::Corruption => Class::Corruption,
        _ => Class::Build,
    }
}

fn error(line: &str) -> Option<(Place<'_>, &str)> {
    line::said(line.strip_prefix("vet: ").unwrap_or(line))
}
