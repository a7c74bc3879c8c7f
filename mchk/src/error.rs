//! How a check ends when it does not pass.

use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::path::PathBuf;

use crate::rate::Rate;
use crate::stop::{EnvError, Failure};

/// Why a check did not pass. `Debug` prints as `Display` does, so that
/// `unwrap` and `main` show the case to be pasted.
pub enum CheckErr<P> {
    /// The system failed, and this is how.
    Failed(Box<RunErr<P>>),
    /// The surroundings failed: no verdict.
    Env(EnvError),
    /// Nothing is shown by this check: it could not try what it was asked
    /// to try.
    Unproven(String),
}

impl<P> CheckErr<P> {
    /// The failure, if it is one.
    pub fn failed(self) -> Option<RunErr<P>> {
        match self {
            CheckErr::Failed(run) => Some(*run),
            CheckErr::Env(_) | CheckErr::Unproven(_) => None,
        }
    }
}

impl<P> From<EnvError> for CheckErr<P> {
    fn from(error: EnvError) -> CheckErr<P> {
        CheckErr::Env(error)
    }
}

impl<P> Display for CheckErr<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckErr::Failed(run) => Display::fmt(run, f),
            CheckErr::Env(error) => {
                write!(f, "the surroundings failed, not the system: {error}")
            }
            CheckErr::Unproven(why) => write!(f, "nothing is shown: {why}"),
        }
    }
}

impl<P> Debug for CheckErr<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl<P> Error for CheckErr<P> {}

/// The actions that lead to an error, and the error.
#[non_exhaustive]
pub struct RunErr<P> {
    /// The smallest case found, verified from a fresh state.
    pub minimal: Vec<P>,
    /// What the minimal case fails with.
    pub failure: Failure,
    /// The case as first found, up to the action at which it failed.
    pub original: Vec<P>,
    /// What the original case failed with.
    pub original_failure: Failure,
    /// The seed of the run that found it; `None` if the case was given.
    pub seed: Option<u64>,
    /// How often the minimal case failed when it was run again.
    pub rate: Rate,
    /// How many runs minimising took.
    pub evaluations: usize,
    /// How many actions were applied by them.
    pub applied: usize,
    /// What stands in the way of a better case, if anything does.
    pub trouble: Option<String>,
    /// The minimal case as one line of JSON, if the checker knows how.
    pub json: Option<String>,
    /// The file that keeps the minimal case, if the checker keeps files.
    pub file: Option<PathBuf>,
    /// Why there is no such file, if there should be one.
    pub unkept: Option<String>,
    /// The minimal case as Rust source, an action a line.
    pub(crate) source: Vec<String>,
}

impl<P> RunErr<P> {
    /// Says whether and where the minimal case is kept.
    pub(crate) fn keep_in(&mut self, file: Result<Option<PathBuf>, String>) {
        (self.file, self.unkept) = match file {
            Ok(file) => (file, None),
            Err(why) => (None, Some(why)),
        };
    }
}

impl<P> Display for RunErr<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.failure)?;
        writeln!(f, "  at {}", self.failure.location())?;
        if self.rate.runs > 0 {
            writeln!(f, "  failed again in {}", self.rate)?;
        }
        if self.evaluations > 0 {
            writeln!(
                f,
                "  minimised from {} to {} actions by {} runs, {} actions",
                self.original.len(),
                self.minimal.len(),
                self.evaluations,
                self.applied
            )?;
        }
        if let Some(trouble) = &self.trouble {
            writeln!(f, "  {trouble}")?;
        }
        writeln!(f, "\nthe case, for `run_case`:\n\n    &[")?;
        for line in &self.source {
            writeln!(f, "        {line},")?;
        }
        writeln!(f, "    ]")?;
        if let Some(json) = &self.json {
            writeln!(
                f,
                "\nfor `run_case_json`, or `MCHK_CASE`:\n\n    {json}"
            )?;
        }
        if let Some(file) = &self.file {
            writeln!(f, "\nkept in {}", file.display())?;
        }
        if let Some(why) = &self.unkept {
            writeln!(f, "\nnot kept: {why}")?;
        }
        if let Some(seed) = self.seed {
            writeln!(f, "\nthe run that found it: MCHK_SEED={seed:#018x}")?;
        }
        Ok(())
    }
}

impl<P> Debug for RunErr<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}
