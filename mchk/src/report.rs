//! What a check did: a pass is worth as much as what was tried.

use std::collections::BTreeMap;
use std::fmt;

/// What was run without a failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The seed of the first run, from which those of the others follow.
    pub seed: Option<u64>,
    /// How many runs were made, replayed cases among them.
    pub runs: u64,
    /// How many actions were applied.
    pub actions: u64,
    /// How many actions made no sense, and did nothing.
    pub invalid: u64,
    /// How many actions there were of each kind, without the invalid ones.
    pub labels: BTreeMap<String, u64>,
}

impl Report {
    /// Counts an action that was applied.
    pub(crate) fn count(&mut self, label: String) {
        self.actions += 1;
        *self.labels.entry(label).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Report) {
        self.seed = self.seed.or(other.seed);
        self.runs += other.runs;
        self.actions += other.actions;
        self.invalid += other.invalid;
        for (label, count) in &other.labels {
            *self.labels.entry(label.clone()).or_default() += count;
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { runs, actions, invalid, .. } = self;
        write!(f, "{runs} runs, {actions} actions, {invalid} invalid")?;
        if let Some(seed) = self.seed {
            write!(f, ", seed {seed:#018x}")?;
        }
        let width = self.labels.keys().map(|label| label.len()).max();
        for (label, count) in &self.labels {
            write!(
                f,
                "\n  {label:width$} {count}",
                width = width.unwrap_or(0)
            )?;
        }
        Ok(())
    }
}
