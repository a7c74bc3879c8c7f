//! How many runs without a failure make it sure that a failure is fixed.

use statrs::function::beta::ln_beta;

/// More than anybody will run; no answer is better then.
const RUNS_MAX: u64 = 1_000_000_000;

/// The least number of runs such that, were nothing fixed, all of them would
/// pass by a chance of at most `1 - confidence`, after so many failures in so
/// many runs; `None` where no number of runs that can be done is enough.
///
/// The rate is not known, so the chance is over all that it may be: the
/// posterior predictive distribution, from Jeffreys's prior. `(1 - k/n)^m`,
/// which takes the rate for known, gives a quarter of it.
pub(crate) fn runs_until_sure(
    fails: u64,
    runs: u64,
    confidence: f64,
) -> Option<u64> {
    if fails == 0 {
        return None;
    }
    let (a, b) = (fails as f64 + 0.5, (runs - fails) as f64 + 0.5);
    let enough = (1.0 - confidence).ln();
    // The more runs, the less likely do all of them pass.
    let is_enough =
        |more: u64| ln_beta(a, b + more as f64) - ln_beta(a, b) <= enough;
    if !is_enough(RUNS_MAX) {
        return None;
    }
    let (mut too_few, mut will_do) = (0, RUNS_MAX);
    while too_few + 1 < will_do {
        let middle = too_few + (will_do - too_few) / 2;
        match is_enough(middle) {
            true => will_do = middle,
            false => too_few = middle,
        }
    }
    Some(will_do)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_far_more_runs_than_the_rate_seems_to_say() {
        let sure = |k, n| runs_until_sure(k, n, 0.99);
        assert_eq!(sure(1, 10), Some(201));
        assert_eq!(sure(1, 200), Some(4104));
        assert_eq!(sure(3, 200), Some(543));
        assert_eq!(sure(10, 200), Some(108));
    }

    #[test]
    fn what_never_failed_cannot_be_shown_to_be_fixed() {
        assert_eq!(runs_until_sure(0, 200, 0.99), None);
        assert_eq!(runs_until_sure(1, 1_000_000_000, 0.999_999), None);
    }

    #[test]
    fn what_always_fails_is_soon_seen_to_be_fixed() {
        assert!(runs_until_sure(5, 5, 0.99).is_some_and(|runs| runs < 6));
        // Surer than sure takes more.
        let sure = |confidence| runs_until_sure(1, 10, confidence);
        assert!(sure(0.9) < sure(0.99) && sure(0.99) < sure(0.999));
    }
}
