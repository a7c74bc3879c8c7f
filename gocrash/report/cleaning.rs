//! What goes when hunts are cleaned up after.

use std::io::{self, Write};

use super::safe;
use crate::refusal::Refusal;
use crate::slate::Left;
use crate::slate::clean::Plan;

/// Says what goes on standard output, and what does not on standard error.
#[derive(Debug)]
pub(crate) struct Cleaning {
    is_verbose: bool,
    /// Something stays that was to go.
    left_any: bool,
    /// So many hunts are not to be touched.
    passed_over: u64,
}

impl Cleaning {
    pub(crate) fn new(is_verbose: bool) -> Cleaning {
        Cleaning { is_verbose, left_any: false, passed_over: 0 }
    }

    /// Whether everything went that was to go.
    pub(crate) fn is_done(&self) -> bool {
        !self.left_any
    }

    /// Before anything goes; `is_all`: nothing will.
    pub(crate) fn planned(&mut self, id: &str, plan: &Plan, is_all: bool) {
        let word = if is_all { "would destroy" } else { "to be destroyed:" };
        for piece in &plan.go {
            line(format_args!("{id}: {word} {}", piece.name));
        }
        if is_all {
            for left in &plan.stay {
                self.left(left);
            }
        }
    }

    /// Asks whoever is at the terminal.
    pub(crate) fn ask(&mut self) -> bool {
        let mut err = io::stderr();
        let _ = write!(err, "Destroy all of this? [y/N] ");
        let _ = err.flush();
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
    }

    pub(crate) fn gone(&mut self, name: &str) {
        if self.is_verbose {
            line(format_args!("destroyed {name}"));
        }
    }

    pub(crate) fn cleaned(&mut self, id: &str, count: u64, name: &str) {
        let things = if count == 1 { "thing" } else { "things" };
        line(format_args!("{id}: destroyed {count} {things} ({name})"));
    }

    pub(crate) fn left(&mut self, left: &Left) {
        self.left_any = true;
        error(format_args!("left {left}"));
    }

    /// One of all that is not to be touched.
    pub(crate) fn passed_over(&mut self, refusal: &Refusal, is_error: bool) {
        self.left_any |= is_error;
        self.passed_over += 1;
        if is_error || self.is_verbose {
            error(format_args!("left alone: {refusal}"));
        }
    }

    /// Of all hunts, none can be cleaned up after.
    pub(crate) fn nothing(&self) {
        let others = match self.passed_over {
            0 => String::new(),
            _ if self.is_verbose => String::new(),
            1 => "; 1 hunt is left alone, and -v says why".to_owned(),
            hunts => format!("; {hunts} hunts are left alone, and -v says why"),
        };
        error(format_args!("there is nothing to clean up{others}"));
    }

    pub(crate) fn unseen(&mut self, what: &str) {
        self.left_any = true;
        error(format_args!("error: {what}"));
    }

    pub(crate) fn failed(&mut self, name: &str, why: &anyhow::Error) {
        self.left_any = true;
        error(format_args!("error: `{name}`: {why:#}"));
    }
}

fn line(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{}", safe::text(&line.to_string()));
}

fn error(line: std::fmt::Arguments<'_>) {
    let line = safe::text(&line.to_string());
    let _ = writeln!(io::stderr(), "gocrash: {line}");
}
