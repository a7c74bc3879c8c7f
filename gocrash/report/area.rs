//! A few rows that stay at the bottom of a terminal while lines scroll by
//! above them.
//!
//! Between two paintings the cursor is at the first column of the first row. A
//! terminal that becomes narrower may break rows in two, or may not: from
//! there, one sequence clears all of them in either case, so nobody has to
//! know. Lines above the rows, and the rows themselves, are one write: what
//! the eye could catch in between is not there.

use std::fmt::Write;

use super::status::Row;

/// A terminal that knows these shows nothing between them; others skip them.
const HOLD: &str = "\x1b[?2026h";
const SHOW: &str = "\x1b[?2026l";
/// From the cursor to the end of the screen, or of the row.
const CLEAR_BELOW: &str = "\x1b[J";
const CLEAR_RIGHT: &str = "\x1b[K";

/// How many columns and rows a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// What is on the terminal.
#[derive(Debug)]
pub(super) struct Area {
    is_coloured: bool,
    painted: Vec<Row>,
    size: Option<Size>,
}

impl Area {
    pub(super) fn new(is_coloured: bool) -> Area {
        Area { is_coloured, painted: Vec::new(), size: None }
    }

    /// What to write so that these lines are above these rows; nothing, where
    /// that is on the screen already.
    pub(super) fn paint(
        &mut self,
        lines: &str,
        rows: Vec<Row>,
        size: Size,
    ) -> String {
        let is_same = self.painted == rows && self.size == Some(size);
        if lines.is_empty() && is_same {
            return String::new();
        }
        let mut text = format!("{HOLD}\r");
        let is_less = rows.len() < self.painted.len();
        if !lines.is_empty() || is_less || self.size != Some(size) {
            text += CLEAR_BELOW;
        }
        text += lines;
        for (i, row) in rows.iter().enumerate() {
            if i > 0 {
                text += "\r\n";
            }
            // The last column is left free: what a terminal does after it has
            // been written to is its own affair.
            self.push(&mut text, row, size.columns.saturating_sub(1));
            text += CLEAR_RIGHT;
        }
        text += "\r";
        if rows.len() > 1 {
            // Writing to a string can't fail.
            let _ = write!(text, "\x1b[{}A", rows.len() - 1);
        }
        text += SHOW;
        self.painted = rows;
        self.size = Some(size);
        text
    }

    /// What to write so that nothing of it is there.
    pub(super) fn clear(&mut self) -> String {
        self.size = None;
        match std::mem::take(&mut self.painted).is_empty() {
            true => String::new(),
            false => format!("\r{CLEAR_BELOW}"),
        }
    }

    fn push(&self, text: &mut String, row: &Row, columns_max: usize) {
        let mut columns = 0;
        for (style, piece) in &row.0 {
            let left = columns_max - columns;
            let piece: String = piece.chars().take(left).collect();
            columns += piece.chars().count();
            // Writing to a string can't fail.
            let _ = match self.is_coloured {
                true => write!(text, "{style}{piece}{style:#}"),
                false => write!(text, "{piece}"),
            };
        }
    }
}
