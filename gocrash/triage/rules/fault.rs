//! What is wrong with rules, where, and what would help.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// From 1.
    pub(crate) line: usize,
    /// In characters, from 1.
    pub(crate) column: usize,
    /// The line that has it.
    text: String,
    what: String,
    pub(crate) help: String,
}

impl Fault {
    /// One at this byte of the text.
    pub(super) fn new(
        text: &str,
        at: usize,
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> Fault {
        let before = &text[..at];
        let begin = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[begin..].lines().next().unwrap_or("");
        Fault {
            line: before.matches('\n').count() + 1,
            column: text[begin..at].chars().count() + 1,
            text: line.to_owned(),
            what: what.into(),
            help: help.into(),
        }
    }
}

/// What is wrong, then the line, and a mark below its place.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.text.chars().take(self.column - 1);
        // A tab moves the mark as far as it moves the text.
        let blank: String =
            before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let Fault { text, what, .. } = self;
        write!(f, "{what}\n    {text}\n    {blank}^")
    }
}
