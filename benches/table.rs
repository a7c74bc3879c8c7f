//! The results: a table for people, a JSON file for programs.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::rounds::Figure;

/// All that was measured, in the order of measuring.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    rows: Vec<Row>,
    skipped: Vec<Skipped>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    measurement: String,
    what: String,
    unit: String,
    #[serde(flatten)]
    figure: Figure,
    target: Option<Target>,
    met: Option<bool>,
}

/// What the median has to be.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

#[derive(Debug, Serialize, Deserialize)]
struct Skipped {
    measurement: String,
    why: String,
}

impl Results {
    /// What an earlier run printed.
    pub(crate) fn read(path: &Path) -> Result<Results> {
        let read = || anyhow::Ok(serde_json::from_slice(&fs::read(path)?)?);
        read().with_context(|| format!("cannot read `{}`", path.display()))
    }

    pub(crate) fn to_json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.skipped.is_empty()
    }

    /// Forgets what the measurement found before.
    pub(crate) fn begin(&mut self, measurement: &str) {
        self.rows.retain(|row| row.measurement != measurement);
        self.skipped.retain(|skipped| skipped.measurement != measurement);
    }

    /// A figure that is reported as it is.
    pub(crate) fn report(
        &mut self,
        measurement: &str,
        what: impl Into<String>,
        unit: &str,
        figure: Figure,
    ) {
        self.add(measurement, what.into(), unit, figure, None);
    }

    /// A figure that has to be good enough.
    pub(crate) fn expect(
        &mut self,
        measurement: &str,
        what: impl Into<String>,
        unit: &str,
        figure: Figure,
        target: Target,
    ) {
        self.add(measurement, what.into(), unit, figure, Some(target));
    }

    fn add(
        &mut self,
        measurement: &str,
        what: String,
        unit: &str,
        figure: Figure,
        target: Option<Target>,
    ) {
        self.rows.push(Row {
            measurement: measurement.to_owned(),
            what,
            unit: unit.to_owned(),
            figure,
            target,
            met: target.map(|target| target.is_met_by(figure.median)),
        });
    }

    /// What the measurement found, a line each.
    pub(crate) fn rows_of(
        &self,
        measurement: &str,
    ) -> impl Iterator<Item = &impl fmt::Display> {
        self.rows.iter().filter(move |row| row.measurement == measurement)
    }

    /// What a measurement found until it could not go on stays.
    pub(crate) fn skip(&mut self, measurement: &str, why: String) {
        let measurement = measurement.to_owned();
        self.skipped.push(Skipped { measurement, why });
    }

    /// A measurement that was skipped has not shown that its targets are met.
    pub(crate) fn missed(&self) -> usize {
        let missed = self.rows.iter().filter(|row| row.met == Some(false));
        missed.count() + self.skipped.len()
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { measurement, what, unit, .. } = self;
        let Figure { median, min, max } = self.figure;
        let [median, min, max] = [median, min, max].map(number);
        write!(f, "{measurement}: {what}: {median} {unit} ({min} to {max})")
    }
}

/// Where a C program misses a target that only makes the same requests, no
/// other can meet it: the limit is the kernel's. So much of what that reaches
/// will do.
const OF_LIMIT: f64 = 0.9;

impl Target {
    /// So much, or nearly as much as C reaches where that is less.
    pub(crate) fn at_least(least: f64, limit: Figure) -> Target {
        Target::AtLeast(least.min(OF_LIMIT * limit.median))
    }

    /// So much, or little more than C where that is more.
    pub(crate) fn at_most(most: f64, limit: Figure) -> Target {
        Target::AtMost(most.max(limit.median / OF_LIMIT))
    }

    fn is_met_by(self, median: f64) -> bool {
        match self {
            Target::AtLeast(least) => median >= least,
            Target::AtMost(most) => median <= most,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::AtLeast(least) => write!(f, "≥ {}", number(*least)),
            Target::AtMost(most) => write!(f, "≤ {}", number(*most)),
        }
    }
}

/// Markdown, so that a page can show it as it is: first what has a target, then
/// all else.
impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (expected, others): (Vec<&Row>, Vec<&Row>) =
            self.rows.iter().partition(|row| row.target.is_some());
        if !expected.is_empty() {
            table(f, &expected, &["target", ""])?;
        }
        if !others.is_empty() {
            writeln!(f)?;
            table(f, &others, &[])?;
        }
        for Skipped { measurement, why } in &self.skipped {
            writeln!(f, "\n{measurement}: skipped: {why}")?;
        }
        Ok(())
    }
}

impl Row {
    /// What a table says of it.
    fn cells(&self) -> Vec<String> {
        let Figure { median, min, max } = self.figure;
        let mut cells = vec![
            format!("{}: {}", self.measurement, self.what),
            number(median),
            number(min),
            number(max),
            self.unit.clone(),
        ];
        if let (Some(target), Some(met)) = (self.target, self.met) {
            let met = if met { "met" } else { "MISSED" };
            cells.extend([target.to_string(), met.to_owned()]);
        }
        cells
    }
}

fn table(
    f: &mut fmt::Formatter<'_>,
    rows: &[&Row],
    further: &[&str],
) -> fmt::Result {
    let head = ["what", "median", "min", "max", "unit"];
    let head = head.iter().chain(further).map(|&title| title.to_owned());
    let mut lines: Vec<Vec<String>> = vec![head.collect()];
    lines.extend(rows.iter().map(|row| row.cells()));
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..lines[0].len()).map(width).collect();
    for (i, line) in lines.iter().enumerate() {
        write!(f, "|")?;
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            match column {
                1..=3 => write!(f, " {cell:>width$} |")?,
                _ => write!(f, " {cell:<width$} |")?,
            }
        }
        writeln!(f)?;
        if i == 0 {
            let rules = widths.iter().map(|width| "-".repeat(*width));
            writeln!(f, "| {} |", rules.collect::<Vec<_>>().join(" | "))?;
        }
    }
    Ok(())
}

/// Three digits say all that such a figure can say.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        ..0.1 => format!("{value:.4}"),
        ..1.0 => format!("{value:.3}"),
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
