//! Rounds: ours and its rival take turns, so that whatever slows the machine
//! for a while slows both.

use anyhow::Result;
use serde::{Deserialize, Serialize};

/// One figure over all rounds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Figure {
    pub(crate) fn of(values: &[f64]) -> Figure {
        assert!(!values.is_empty(), "a figure needs a round");
        Figure {
            median: quantile(values, 0.5),
            min: quantile(values, 0.0),
            max: quantile(values, 1.0),
        }
    }
}

/// What both sides needed, round by round.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    pub(crate) ours: Vec<f64>,
    pub(crate) rival: Vec<f64>,
}

impl Rounds {
    /// Runs both sides so often; who goes first changes with each round.
    pub(crate) fn take(
        count: usize,
        mut ours: impl FnMut() -> Result<f64>,
        mut rival: impl FnMut() -> Result<f64>,
    ) -> Result<Rounds> {
        let mut rounds = Rounds::default();
        for round in 0..count {
            if round % 2 == 0 {
                rounds.ours.push(ours()?);
                rounds.rival.push(rival()?);
            } else {
                rounds.rival.push(rival()?);
                rounds.ours.push(ours()?);
            }
        }
        Ok(rounds)
    }

    /// How many times as much the rival needed.
    pub(crate) fn rival_over_ours(&self) -> Figure {
        let pairs = self.rival.iter().zip(&self.ours);
        let ratios: Vec<f64> =
            pairs.map(|(rival, ours)| rival / ours).collect();
        Figure::of(&ratios)
    }
}

/// The value below which that share of the values lies; of two neighbours,
/// the mean by distance.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = share * (sorted.len() - 1) as f64;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * at.fract()
}
