//! What is believed of the distance to the next essential action.
//!
//! Minimising is decoding: the case hides the gaps between its essential
//! actions, and each run of the oracle answers one bit. A run is worth most
//! when both answers are equally likely, so the belief about the next gap is
//! kept as a mixture of geometric distributions, and every block is chosen at
//! the point that halves what is still possible. A gallop, a bisection and
//! single steps in dense cases all follow from that one rule.

/// Densities considered run from 1 − 1/8 down to about one in 2^16.
const SCALES: usize = 34;

/// The share of the belief that returns to the prior after each gap, so that
/// a cluster of essential actions, and its end, are noticed.
const FORGET: f64 = 0.03;

/// A mixture of geometric distributions over the length of the next gap.
#[derive(Clone, Debug)]
pub(crate) struct Gaps {
    prior: [f64; SCALES],
    weights: [f64; SCALES],
}

impl Gaps {
    /// Nothing is known: the case has `len` actions, few of them essential.
    pub(crate) fn unknown(len: usize) -> Gaps {
        Gaps::leaning(len, 0.25)
    }

    /// The case was reduced before, so nearly every action is essential.
    pub(crate) fn dense(len: usize) -> Gaps {
        Gaps::leaning(len, -1.0)
    }

    /// Weighs each scale 2^`lean` times as much as the denser one before it.
    fn leaning(len: usize, lean: f64) -> Gaps {
        let gap_max = 3.0 * len as f64;
        let mut prior = [0.0; SCALES];
        for (scale, weight) in prior.iter_mut().enumerate() {
            if scale == 0 || 1.0 / density(scale) <= gap_max {
                *weight = 2f64.powf(lean * scale as f64);
            }
        }
        let total: f64 = prior.iter().sum();
        prior.iter_mut().for_each(|weight| *weight /= total);
        Gaps { prior, weights: prior }
    }

    /// The probability that the next gap has at least `len` actions.
    fn survival(&self, len: usize) -> f64 {
        let term = |(scale, weight): (usize, &f64)| {
            weight * (1.0 - density(scale)).powf(len as f64)
        };
        self.weights.iter().enumerate().map(term).sum()
    }

    /// How many actions to remove next.
    ///
    /// The gap is known to have at least `passed` actions; when `bound` is
    /// given, it is less than `passed + bound`. At most `left` are there to
    /// be removed. The block is the largest that can be removed with a
    /// probability of at least `odds`.
    pub(crate) fn block(
        &self,
        passed: usize,
        bound: Option<usize>,
        left: usize,
        odds: f64,
    ) -> usize {
        let top = self.survival(passed);
        let bottom = match bound {
            Some(bound) => self.survival(passed + bound),
            None => 0.0,
        };
        let most = bound.map_or(left, |bound| (bound - 1).min(left));
        let chance = |block: usize| {
            (self.survival(passed + block) - bottom) / (top - bottom)
        };
        // The chance falls with the block: bisect for where it crosses.
        let (mut low, mut high) = (1, most.max(1));
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if chance(middle) >= odds {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        // The next size up may lie nearer to the wanted odds.
        if low < most && odds - chance(low + 1) < chance(low) - odds {
            low += 1;
        }
        low
    }

    /// Takes into account that an essential action followed `gap` others.
    pub(crate) fn learn(&mut self, gap: usize) {
        for (scale, weight) in self.weights.iter_mut().enumerate() {
            let density = density(scale);
            *weight *= density * (1.0 - density).powf(gap as f64);
        }
        let total: f64 = self.weights.iter().sum();
        for (weight, prior) in self.weights.iter_mut().zip(self.prior) {
            let learned = if total > 0.0 { *weight / total } else { prior };
            *weight = (1.0 - FORGET) * learned + FORGET * prior;
        }
    }
}

/// The share of essential actions at a scale: two scales per octave.
fn density(scale: usize) -> f64 {
    0.875 * 0.5f64.powf(scale as f64 / 2.0)
}
