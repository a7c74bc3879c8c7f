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
        let texts: Vec<&str> =
            lines.iter().map(|line| line.text.as_ref()).collect();
        let shown = excerpt(&texts, message, ESSENCE_LINES_MAX);
        Failure {
            at: lines.first().map_or(0, |line| line.number),
            essence: shown.flatten().map(|text| (*text).to_owned()).collect(),
            ..Failure::new(class, message)
        }
    }

    pub(crate) fn is_at(&mut self, place: Place<'_>) {
        self.file = place.file.to_owned();
        self.line = Some(place.line);
    }
}

/// As many lines as may be shown, in one or two parts: the first ones; or, if
/// the message is not among them, the very first one and those around it.
pub(crate) fn excerpt<'a, T: AsRef<str>>(
    lines: &'a [T],
    message: &str,
    max: usize,
) -> impl Iterator<Item = &'a [T]> {
    // What may differ is left out of it.
    let parts = message.split('…').map(str::trim);
    let known = parts.max_by_key(|part| part.len()).unwrap_or_default();
    let is_it = |line: &T| !known.is_empty() && line.as_ref().contains(known);
    let at = lines.iter().position(is_it).unwrap_or(0);
    let (first, from) = match at {
        _ if at < max => (0, 0),
        _ => (1, (at - 1).min(lines.len() - (max - 1))),
    };
    let rest = &lines[from..lines.len().min(from + max - first)];
    let parts = [&lines[..first], rest];
    parts.into_iter().filter(|part| !part.is_empty())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_among_the_lines_that_are_shown() {
        let lines: Vec<String> =
            (0..40).map(|i| format!("line {i:02}")).collect();
        let shown = |message| {
            let parts = excerpt(&lines, message, 4);
            let words = parts.map(|part| part.concat().replace("line ", ""));
            words.collect::<Vec<_>>().join(" … ")
        };
        assert_eq!(shown("line 03"), "00010203");
        assert_eq!(shown("line 04"), "00 … 030405");
        assert_eq!(shown("… 20"), "00 … 192021");
        assert_eq!(shown("line 39"), "00 … 373839");
        assert_eq!(shown("elsewhere"), "00010203");
        assert_eq!(shown(""), "00010203");
    }
}
