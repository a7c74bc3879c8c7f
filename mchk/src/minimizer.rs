//! Finds the smallest part of a list that still fails, given only an oracle.
//!
//! One backward scan removes blocks of the size that is worth most (see
//! [`gaps`](crate::gaps)); then scans in turning directions certify, one
//! action at a time unless removals succeed again, that no single action can
//! be removed; then pairs are tried.

use crate::gaps::Gaps;

/// How a list is minimised. Usable alone, on any slice and oracle.
///
/// ```
/// use mchk::Minimizer;
///
/// let case: Vec<u32> = (0..1000).collect();
/// let found = Minimizer::new().minimize(&case, |part| {
///     part.contains(&17) && part.contains(&640)
/// });
/// assert_eq!(found.case, [17, 640]);
/// assert!(found.evaluations < 50);
/// ```
#[derive(Clone, Debug)]
pub struct Minimizer {
    last_is_essential: bool,
    pairs_max: usize,
    evaluations_max: usize,
    retries: usize,
    rate: f64,
}

/// What a [`Minimizer`] found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Minimized<T> {
    /// The smallest failing list found.
    pub case: Vec<T>,
    /// How often the oracle was asked.
    pub evaluations: usize,
    /// Whether no single element can be removed: false only when the limit
    /// on evaluations ended the search.
    pub complete: bool,
}

impl Minimizer {
    /// A minimiser for a failure that always shows.
    pub fn new() -> Minimizer {
        Minimizer {
            last_is_essential: false,
            pairs_max: 64,
            evaluations_max: 20_000,
            retries: 1,
            rate: 1.0,
        }
    }

    /// Says that the list ends with the element at which it failed: what
    /// comes before was seen to pass, so the last is never tried.
    pub fn last_is_essential(mut self, yes: bool) -> Minimizer {
        self.last_is_essential = yes;
        self
    }

    /// How many pairs of elements may be tried after no single element can
    /// be removed, nearest pairs first; 64 unless told.
    pub fn pairs_max(mut self, pairs: usize) -> Minimizer {
        self.pairs_max = pairs;
        self
    }

    /// How often the oracle may be asked in all; 20 000 unless told.
    pub fn evaluations_max(mut self, evaluations: usize) -> Minimizer {
        self.evaluations_max = evaluations;
        self
    }

    /// The share of runs in which the whole list fails, when it fails only
    /// sometimes. A removal counts as rejected only after so many passes in
    /// a row that a failure of this rate would have shown in 99 of 100, or
    /// after 100.
    ///
    /// # Panics
    ///
    /// Unless `rate` is above 0 and at most 1.
    pub fn failure_rate(mut self, rate: f64) -> Minimizer {
        assert!(rate > 0.0 && rate <= 1.0, "a rate is in (0, 1]: {rate}");
        self.retries = retries(rate);
        self.rate = rate;
        self
    }

    /// Minimises `case`, of which `fails` is known to be true.
    pub fn minimize<T: Clone>(
        &self,
        case: &[T],
        mut fails: impl FnMut(&[T]) -> bool,
    ) -> Minimized<T> {
        let pick = |kept: &[usize]| -> Vec<T> {
            kept.iter().map(|&index| case[index].clone()).collect()
        };
        let found = self.minimize_indices(case.len(), |kept| {
            fails(&pick(kept)).then(|| kept.to_vec())
        });
        Minimized {
            case: pick(&found.case),
            evaluations: found.evaluations,
            complete: found.complete,
        }
    }

    /// Minimises the list `0..len`, of which the whole is known to fail.
    ///
    /// The oracle gets the indices to keep, in order. It answers `None` when
    /// they pass; when they fail, those that took part: fewer than it got
    /// where it failed early or had to leave some out. What it did not get
    /// cannot take part, and is ignored.
    pub fn minimize_indices(
        &self,
        len: usize,
        oracle: impl FnMut(&[usize]) -> Option<Vec<usize>>,
    ) -> Minimized<usize> {
        let mut search = Search {
            limits: self,
            oracle,
            case: (0..len).collect(),
            odds: odds(self.rate, self.retries),
            tested: vec![0; len],
            version: 1,
            evaluations: 0,
        };
        let complete = search.run().is_some();
        Minimized {
            case: search.case,
            evaluations: search.evaluations,
            complete,
        }
    }
}

impl Default for Minimizer {
    fn default() -> Minimizer {
        Minimizer::new()
    }
}

/// What of a part is also in an answer about it, in the same order. All of an
/// honest answer; with any other the search ends too.
fn common(mut part: Vec<usize>, answer: &[usize]) -> Vec<usize> {
    let mut answer = answer.iter().peekable();
    part.retain(|index| {
        while answer.next_if(|&answered| answered < index).is_some() {}
        answer.next_if_eq(&index).is_some()
    });
    part
}

/// How many passes in a row reject a removal when failures show at `rate`.
pub(crate) fn retries(rate: f64) -> usize {
    const DOUBT: f64 = 0.01;
    const RETRIES_MAX: f64 = 100.0;
    let runs = DOUBT.ln() / (-rate).ln_1p();
    runs.ceil().clamp(1.0, RETRIES_MAX) as usize
}

/// The chance of success at which a removal is worth most, given what the
/// two answers cost: a failure shows after 1/rate runs, a pass is believed
/// after `retries`. Half when both cost one run.
fn odds(rate: f64, retries: usize) -> f64 {
    let (accept, reject) = (1.0 / rate, retries as f64);
    let (mut low, mut high) = (0.5, 1.0);
    for _ in 0..30 {
        let middle: f64 = (low + high) / 2.0;
        if middle.ln() / accept < (1.0 - middle).ln() / reject {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// The limit on evaluations was reached: `None` travels up by `?`.
type Step<T> = Option<T>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Backward,
    Forward,
}

struct Search<'a, F> {
    limits: &'a Minimizer,
    oracle: F,
    /// What is kept, as ascending indices into the original.
    case: Vec<usize>,
    odds: f64,
    /// For each index, the version of the case in which removing it alone
    /// was seen to pass.
    tested: Vec<usize>,
    version: usize,
    evaluations: usize,
}

impl<F: FnMut(&[usize]) -> Option<Vec<usize>>> Search<'_, F> {
    fn run(&mut self) -> Step<()> {
        let mut direction = Direction::Backward;
        let mut gaps = Gaps::unknown(self.case.len());
        loop {
            // The order matters where an action can go only after another
            // has gone, so the scans turn.
            while !self.is_certified() {
                self.scan(direction, gaps)?;
                gaps = Gaps::dense(self.case.len());
                direction = match direction {
                    Direction::Backward => Direction::Forward,
                    Direction::Forward => Direction::Backward,
                };
            }
            if !self.remove_a_pair()? {
                return Some(());
            }
        }
    }

    /// How many elements at the front of the case may be removed.
    fn open(&self) -> usize {
        let fixed = usize::from(self.limits.last_is_essential);
        self.case.len().saturating_sub(fixed)
    }

    fn is_certified(&self) -> bool {
        let open = &self.case[..self.open()];
        open.iter().all(|&index| self.tested[index] == self.version)
    }

    /// Goes once over the case and removes what can be removed.
    fn scan(&mut self, direction: Direction, mut gaps: Gaps) -> Step<()> {
        // Everything beyond the frontier, as an original index, is settled.
        let mut frontier = match direction {
            Direction::Backward => usize::MAX,
            Direction::Forward => 0,
        };
        let mut passed = 0;
        let mut bound: Option<usize> = None;
        loop {
            let (from, to) = match direction {
                Direction::Backward => {
                    let to = self.case.partition_point(|&i| i < frontier);
                    (0, to.min(self.open()))
                }
                Direction::Forward => {
                    let from = self.case.partition_point(|&i| i < frontier);
                    (from.min(self.open()), self.open())
                }
            };
            if from == to {
                return Some(());
            }
            let next = match direction {
                Direction::Backward => self.case[to - 1],
                Direction::Forward => self.case[from],
            };
            let essential =
                bound == Some(1) || self.tested[next] == self.version;
            if !essential {
                let size = gaps.block(passed, bound, to - from, self.odds);
                let (start, end) = match direction {
                    Direction::Backward => (to - size, to),
                    Direction::Forward => (from, from + size),
                };
                if self.remove(start, end, |_| false)? {
                    passed += size;
                    bound = bound.map(|bound| bound - size);
                } else {
                    bound = Some(size);
                }
                continue;
            }
            gaps.learn(passed);
            (passed, bound) = (0, None);
            frontier = match direction {
                Direction::Backward => next,
                Direction::Forward => next + 1,
            };
        }
    }

    /// Tries pairs, nearest first, until one can be removed.
    fn remove_a_pair(&mut self) -> Step<bool> {
        let mut left = self.limits.pairs_max;
        for distance in 1..self.open() {
            for first in (0..self.open() - distance).rev() {
                if left == 0 {
                    return Some(false);
                }
                left -= 1;
                let second = first + distance;
                let inside = |place| place != first && place != second;
                if self.remove(first, second + 1, inside)? {
                    return Some(true);
                }
            }
        }
        Some(false)
    }

    /// Whether the case still fails without the elements from `start` to
    /// `end`, apart from those to `keep`. If it does, they are gone.
    fn remove(
        &mut self,
        start: usize,
        end: usize,
        keep: impl Fn(usize) -> bool,
    ) -> Step<bool> {
        let kept = |&(place, _): &(usize, &usize)| {
            place < start || place >= end || keep(place)
        };
        let part: Vec<usize> = self
            .case
            .iter()
            .enumerate()
            .filter(kept)
            .map(|(_, &index)| index)
            .collect();
        for _ in 0..self.limits.retries {
            if self.evaluations == self.limits.evaluations_max {
                return None;
            }
            self.evaluations += 1;
            if let Some(failing) = (self.oracle)(&part) {
                self.case = common(part, &failing);
                self.version += 1;
                return Some(true);
            }
        }
        if end - start == 1 {
            self.tested[self.case[start]] = self.version;
        }
        Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_as_patient_as_a_rate_asks_for() {
        let rates = [1.0, 0.9, 0.5, 0.2, 0.1, 0.01, 1e-18, 1e-300];
        let runs = rates.map(retries);
        assert_eq!(runs, [1, 2, 7, 21, 44, 100, 100, 100]);
    }
}
