//! A log as lines of text that can be read: bounded, whatever is in it.

use std::borrow::Cow;
use std::collections::VecDeque;

/// What is beyond this in a line tells nothing that groups failures.
const LINE_BYTES_MAX: usize = 2000;
/// So many lines of the beginning are read, and so many of the end.
const HEAD_LINES_MAX: usize = 100_000;
const TAIL_LINES_MAX: usize = 300_000;

/// One line of a log, without what a terminal would not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: usize,
    pub(crate) text: Cow<'a, str>,
}

impl Line<'_> {
    /// How many blanks it begins with; a tab is one.
    pub(crate) fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start().len()
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// Cuts a log into lines. Of blank lines in a row there is one.
pub(crate) fn lines(log: &[u8]) -> Vec<Line<'_>> {
    let mut head = Vec::new();
    let mut tail = VecDeque::new();
    let mut was_blank = false;
    for (i, bytes) in log.split(|byte| *byte == b'\n').enumerate() {
        let line = Line { number: i + 1, text: readable(bytes) };
        let is_blank = line.is_blank();
        if is_blank && was_blank {
            continue;
        }
        was_blank = is_blank;
        if head.len() < HEAD_LINES_MAX {
            head.push(line);
            continue;
        }
        if tail.len() == TAIL_LINES_MAX {
            tail.pop_front();
        }
        tail.push_back(line);
    }
    head.extend(tail);
    head
}

/// A line as a person saw it: what a carriage return went back over is gone,
/// and so are colours.
fn readable(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let seen = bytes.rsplit(|byte| *byte == b'\r').next().unwrap_or(bytes);
    let cut = &seen[..seen.len().min(LINE_BYTES_MAX)];
    let text = String::from_utf8_lossy(cut);
    match text.contains(|char: char| char.is_control() && char != '\t') {
        true => Cow::Owned(without_controls(&text)),
        false => text,
    }
}

fn without_controls(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char == '\u{1b}' && chars.next_if_eq(&'[').is_some() {
            // Parameters, then the letter that ends it.
            while chars.next_if(|c| ('\u{20}'..'\u{40}').contains(c)).is_some()
            {
            }
            chars.next();
        } else if char == '\t' || !char.is_control() {
            plain.push(char);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(log: &[u8]) -> Vec<String> {
        lines(log).into_iter().map(|line| line.text.into_owned()).collect()
    }

    #[test]
    fn a_line_is_what_a_person_saw() {
        let log =
            b"\x1b[1;31mred\x1b[0m\r\n10%\r50%\rdone\n\xff\x00ok\n\n\n\n!";
        assert_eq!(texts(log), ["red", "done", "\u{fffd}ok", "", "!"]);
    }

    #[test]
    fn a_log_without_end_has_an_end() {
        let log = b"x\n".repeat(HEAD_LINES_MAX + TAIL_LINES_MAX + 7);
        let lines = lines(&log);
        assert_eq!(lines.len(), HEAD_LINES_MAX + TAIL_LINES_MAX);
        assert_eq!(lines.last().unwrap().text, "");
        let long = vec![b'y'; 3 * LINE_BYTES_MAX];
        assert_eq!(texts(&long)[0].len(), LINE_BYTES_MAX);
    }
}
