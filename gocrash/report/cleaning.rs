//! What goes when hunts are cleaned up after.

use std::io::{self, Write};

use serde::Serialize;

use super::{printed, safe};
use crate::cli::after::CleanArgs;
use crate::refusal::Refusal;
use crate::slate::Left;
use crate::slate::clean::Plan;

/// Says what goes on standard output, and what does not on standard error.
#[derive(Debug)]
pub(crate) struct Cleaning {
    is_verbose: bool,
    /// What is said on standard output in the end, instead of lines.
    json: Option<Told>,
    /// Something stays that was to go.
    left_any: bool,
    /// So many hunts are not to be touched.
    passed_over: u64,
}

/// What `gocrash clean --json` prints: docs/sessions.md.
#[derive(Debug, Default, Serialize)]
struct Told {
    v: u32,
    dry_run: bool,
    gone: Vec<Gone>,
    left: Vec<Kept>,
    errors: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Gone {
    id: String,
    name: String,
}

#[derive(Debug, Serialize)]
struct Kept {
    name: String,
    why: String,
}

impl Cleaning {
    pub(crate) fn new(is_verbose: bool) -> Cleaning {
        Cleaning { is_verbose, json: None, left_any: false, passed_over: 0 }
    }

    /// As JSON, where that is asked for.
    pub(crate) fn asked_for(args: &CleanArgs) -> Cleaning {
        let dry_run = args.dry_run;
        let told = Told { v: printed::VERSION, dry_run, ..Told::default() };
        let json = args.json.then_some(told);
        Cleaning { json, ..Cleaning::new(args.verbose) }
    }

    /// All has been said but what is said as a whole.
    ///
    /// # Errors
    /// Where standard output can't be written to.
    pub(crate) fn end(&self) -> anyhow::Result<()> {
        self.json.as_ref().map_or(Ok(()), printed::json)
    }

    /// Whether everything went that was to go.
    pub(crate) fn is_done(&self) -> bool {
        !self.left_any
    }

    /// Before anything goes; `is_all`: nothing will.
    pub(crate) fn planned(&mut self, id: &str, plan: &Plan, is_all: bool) {
        let word = if is_all { "would destroy" } else { "to be destroyed:" };
        for piece in &plan.go {
            match &mut self.json {
                None => line(format_args!("{id}: {word} {}", piece.name)),
                Some(told) if is_all => told.went(id, &piece.name),
                Some(_) => {}
            }
        }
        if is_all {
            for left in &plan.stay {
                self.left(left);
            }
        }
    }

    /// Asks whoever is at the terminal; `wait` tells whether an answer comes.
    pub(crate) fn ask(&mut self, wait: impl FnOnce() -> bool) -> bool {
        let mut err = io::stderr();
        let _ = write!(err, "Destroy all of this? [y/N] ");
        let _ = err.flush();
        if !wait() {
            return false;
        }
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
    }

    pub(crate) fn gone(&mut self, id: &str, name: &str) {
        match &mut self.json {
            None if self.is_verbose => line(format_args!("destroyed {name}")),
            None => {}
            Some(told) => told.went(id, name),
        }
    }

    pub(crate) fn cleaned(&mut self, id: &str, count: u64, name: &str) {
        if self.json.is_some() {
            return;
        }
        let things = if count == 1 { "thing" } else { "things" };
        line(format_args!("{id}: destroyed {count} {things} ({name})"));
    }

    pub(crate) fn left(&mut self, left: &Left) {
        self.left_any = true;
        match &mut self.json {
            None => error(format_args!("left {left}")),
            Some(told) => {
                let (name, why) = (left.name.clone(), left.why.clone());
                told.left.push(Kept { name, why });
            }
        }
    }

    /// One of all that is not to be touched.
    pub(crate) fn passed_over(&mut self, refusal: &Refusal, is_error: bool) {
        self.left_any |= is_error;
        self.passed_over += 1;
        if let (true, Some(told)) = (is_error, &mut self.json) {
            told.errors.push(refusal.to_string());
        } else if is_error || self.is_verbose {
            error(format_args!("left alone: {refusal}"));
        }
    }

    /// Of all hunts, none can be cleaned up after.
    pub(crate) fn nothing(&self) {
        if self.json.is_some() {
            return;
        }
        let others = match self.passed_over {
            0 => String::new(),
            _ if self.is_verbose => String::new(),
            1 => "; 1 hunt is left alone, and -v says why".to_owned(),
            hunts => format!("; {hunts} hunts are left alone, and -v says why"),
        };
        error(format_args!("there is nothing to clean up{others}"));
    }

    pub(crate) fn interrupted(&mut self) {
        self.fail("ended by a signal: the rest is still there".to_owned());
    }

    pub(crate) fn unseen(&mut self, what: &str) {
        self.fail(what.to_owned());
    }

    pub(crate) fn failed(&mut self, name: &str, why: &anyhow::Error) {
        self.fail(format!("`{name}`: {why:#}"));
    }

    fn fail(&mut self, what: String) {
        self.left_any = true;
        match &mut self.json {
            None => error(format_args!("error: {what}")),
            Some(told) => told.errors.push(what),
        }
    }
}

impl Told {
    fn went(&mut self, id: &str, name: &str) {
        self.gone.push(Gone { id: id.to_owned(), name: name.to_owned() });
    }
}

fn line(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{}", safe::text(&line.to_string()));
}

fn error(line: std::fmt::Arguments<'_>) {
    let line = safe::text(&line.to_string());
    let _ = writeln!(io::stderr(), "gocrash: {line}");
}
