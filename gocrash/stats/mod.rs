//! How often it fails, and how sure that is: exact intervals for how a hunt was
//! stopped. Nothing here knows what a hunt is; runs go in, figures come out.
//!
//! A hunt is a walk: each run goes one step right (it passed) or one step up
//! (it failed). Every stop rule is a line from the upper left to the lower
//! right that the walk ends on: so many failures, so many runs, so much time,
//! or whichever comes first. Of two ends on such a line, the one with more
//! failures has no more passes, so the ends have one order, in which a higher
//! failure rate makes higher ends likelier. The walk ends at k failures in n
//! runs or higher just when its first n runs have k failures or more: a
//! binomial tail. The interval is made of the rates for which neither tail is
//! below 2.5 %.
//!
//! The same holds for failures of one kind, with all other runs as steps to the
//! right. Which of those fail too, and so bring the end nearer, says nothing of
//! when a step up comes: however that is, it draws a line that goes down to the
//! right, one step down for a step to the right at most. Nor does it say
//! anything which steps up count for the limit: see [`Sample`].
//!
//! That order and this use of it are Armitage's (Numerical studies in the
//! sequential estimation of a binomial parameter, Biometrika 45, 1958) and
//! Jennison and Turnbull's (Confidence intervals for a binomial parameter
//! following a multistage test, Technometrics 25, 1983). What makes it hold for
//! several threads and runs of unequal length is which runs are the sample: see
//! [`Tally`].

mod interval;
pub(crate) mod percent;
mod rate;
mod sample;
#[cfg(test)]
mod simulation;
mod sure;
mod tally;

pub(crate) use rate::Rate;
pub(crate) use sample::Sample;
pub(crate) use tally::{Fate, Limits, Tally};

/// What is claimed of every interval.
pub(crate) const CONFIDENCE: f64 = 0.95;
/// How sure people want to be that a failure is fixed.
pub(crate) const SURE: f64 = 0.99;
