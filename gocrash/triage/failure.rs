//! One failure that a log tells of, as far as it tells.

use crate::triage::class::Class;
use crate::triage::text::Line;

/// So many lines are shown of one failure.
pub(crate) const ESSENCE_LINES_MAX: usize = 24;

/// Where something is not known, it is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) class: Class,
    /// Of a Go package, or what comes closest: a crate, a file, a class.
    pub(crate) package: String,
    pub(crate) test: String,
    /// One line.
    pub(crate) message: String,
    pub(crate) function: String,
    /// Without its directory, which is another one in each slate.
    pub(crate) file: String,
    pub(crate) line: Option<u32>,
    /// The lines to show, as they are in the log.
    pub(crate) essence: Vec<String>,
    /// Where in the log it begins, from 1; 0 if it has no place there.
    pub(crate) at: usize,
    /// The test passed when it was run again.
    pub(crate) is_flaky: bool,
}

impl Failure {
    pub(crate) fn new(class: Class, message: &str) -> Failure {
        Failure {
            class,
            package: String::new(),
            test: String::new(),
            message: message.trim().to_owned(),
            function: String::new(),
            file: String::new(),
            line: None,
            essence: Vec::new(),
            at: 0,
            is_flaky: false,
        }
    }

    /// One that these lines tell of.
    pub(crate) fn of_lines(
        class: Class,
        message: &str,
        lines: &[Line<'_>],
    ) -> Failure {
        let shown = lines.iter().take(ESSENCE_LINES_MAX);
        Failure {
            at: lines.first().map_or(0, |line| line.number),
            essence: shown.map(|line| line.text.to_string()).collect(),
            ..Failure::new(class, message)
        }
    }

    pub(crate) fn is_at(&mut self, place: Place<'_>) {
        self.file = place.file.to_owned();
        self.line = Some(place.line);
    }
}

/// A place in a source file, as tools print it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// Without its directory.
    pub(crate) file: &'a str,
    pub(crate) line: u32,
}

impl<'a> Place<'a> {
    /// Reads `dir/file.go:12` or `dir/file.go:12:34`, up to where it ends, and
    /// gives what follows.
    pub(crate) fn read(
        text: &'a str,
        extension: &str,
    ) -> Option<(Place<'a>, &'a str)> {
        let end = text.find(extension)? + extension.len();
        let rest = text[end..].strip_prefix(':')?;
        let digits = rest.find(|char: char| !char.is_ascii_digit());
        let (number, mut rest) = rest.split_at(digits.unwrap_or(rest.len()));
        let line = number.parse().ok()?;
        // A column.
        if let Some(column) = rest.strip_prefix(':') {
            let after = column.trim_start_matches(|c: char| c.is_ascii_digit());
            if after.len() < column.len() {
                rest = after;
            }
        }
        let file = base(&text[..end]);
        (!file.is_empty()).then_some((Place { file, line }, rest))
    }
}

/// The last part of a path.
pub(crate) fn base(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
