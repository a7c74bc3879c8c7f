//! Exact intervals for a failure rate.

use statrs::function::beta::beta_reg;

/// Halvings of a range of 1: far below what a rate is ever shown with.
const HALVINGS: u32 = 64;

/// A range of failure rates, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Interval {
    /// After so many failures, the last of which ended it, in so many runs.
    /// Exact: the sample is negative-binomial.
    pub(super) fn up_to_failure(
        fails: u64,
        runs: u64,
        confidence: f64,
    ) -> Interval {
        let (k, passes) = (fails as f64, (runs - fails) as f64);
        let tail = (1.0 - confidence) / 2.0;
        Interval {
            low: quantile(k, passes + 1.0, tail),
            // With nothing but failures, nothing speaks against always.
            high: quantile(k, passes, 1.0 - tail),
        }
    }

    /// After so many failures in so many runs, where something else ended it.
    /// Clopper and Pearson's: exact for a number of runs that was fixed
    /// before, and conservative for any other rule.
    pub(super) fn up_to_run(
        fails: u64,
        runs: u64,
        confidence: f64,
    ) -> Interval {
        let (k, passes) = (fails as f64, (runs - fails) as f64);
        let tail = (1.0 - confidence) / 2.0;
        Interval {
            low: quantile(k, passes + 1.0, tail),
            high: quantile(k + 1.0, passes, 1.0 - tail),
        }
    }
}

/// The beta distribution's. Halves its way there: statrs's own quantile goes by
/// Newton's method, which for the parameters of a hundred million runs never
/// ends.
fn quantile(a: f64, b: f64, probability: f64) -> f64 {
    // Where one parameter is 0, all of the distribution is at one end.
    if a == 0.0 {
        return 0.0;
    }
    if b == 0.0 {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        match beta_reg(a, b, middle) < probability {
            true => low = middle,
            false => high = middle,
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chance of at most so many failures in so many runs.
    fn binomial(fails: u64, runs: u64, p: f64) -> f64 {
        let mut term = (1.0 - p).powf(runs as f64);
        let mut sum = term;
        for k in 1..=fails {
            term *= (runs - k + 1) as f64 / k as f64 * p / (1.0 - p);
            sum += term;
        }
        sum
    }

    fn assert_near(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-9, "{a} is not {b}");
    }

    #[test]
    fn the_limits_are_the_rates_at_which_a_tail_has_its_share() {
        for (k, n) in [(1, 2), (1, 10), (3, 214), (7, 9), (12, 4000)] {
            let fixed = Interval::up_to_run(k, n, 0.95);
            assert_near(1.0 - binomial(k - 1, n, fixed.low), 0.025);
            assert_near(binomial(k, n, fixed.high), 0.025);
            let sequential = Interval::up_to_failure(k, n, 0.95);
            assert_near(sequential.low, fixed.low);
            // The k-th failure at run n or later.
            assert_near(binomial(k - 1, n - 1, sequential.high), 0.025);
        }
    }

    #[test]
    fn at_the_ends_it_reaches_to_never_and_always() {
        assert_eq!(Interval::up_to_failure(3, 3, 0.95).high, 1.0);
        assert_eq!(Interval::up_to_run(3, 3, 0.95).high, 1.0);
        assert_eq!(Interval::up_to_run(0, 3, 0.95).low, 0.0);
        let nothing = Interval { low: 0.0, high: 1.0 };
        assert_eq!(Interval::up_to_run(0, 0, 0.95), nothing);
        // "At most 3 in n" leaves 5 % on its one side.
        let three = Interval::up_to_run(0, 1000, 0.90).high * 1000.0;
        assert!((2.98..3.0).contains(&three), "{three}");
    }

    #[test]
    fn many_runs_are_no_trouble() {
        let n = 1_000_000_000;
        let rare = Interval::up_to_run(0, n, 0.95);
        assert!((3.68e-9..3.70e-9).contains(&rare.high), "{rare:?}");
        let even = Interval::up_to_failure(100_000, 200_000, 0.95);
        assert!((even.low - 0.497_806).abs() < 1e-5, "{even:?}");
        assert!((even.high - 0.502_191).abs() < 1e-5, "{even:?}");
    }

    /// What made this interval necessary.
    #[test]
    fn of_hunts_that_a_failure_ends_the_exact_one_covers_as_it_says() {
        let p: f64 = 0.01;
        let covered = |interval: fn(u64, u64, f64) -> Interval| {
            let covers = |n: &u64| {
                let Interval { low, high } = interval(1, *n, 0.95);
                low <= p && p <= high
            };
            let chance = |n: u64| p * (1.0 - p).powf(n as f64 - 1.0);
            (1..2000).filter(covers).map(chance).sum::<f64>()
        };
        let exact = covered(Interval::up_to_failure);
        assert!((0.95..0.96).contains(&exact), "{exact}");
        let clopper_pearson = covered(Interval::up_to_run);
        assert!((0.974..0.977).contains(&clopper_pearson));
    }
}
