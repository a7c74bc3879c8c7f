//! Cases that fail, and what of them is essential.

use std::collections::BTreeSet;

use mchk::CaseRng;

/// How a run of a part of the case ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Passes,
    /// The action at this place makes no sense without one that is missing.
    Invalid(usize),
    /// The bug of this number shows.
    Fails(u8),
}

/// What makes a part of the actions `0..n` fail. The last one always does:
/// every case is cut at the action at which it failed.
#[derive(Clone, Debug)]
pub enum Rule {
    /// All of these are needed.
    Monotone(Vec<usize>),
    /// All of these are needed, and some actions make no sense without an
    /// earlier one.
    Dependent { essential: Vec<usize>, needs: Vec<Option<usize>> },
    /// All of these are needed, and of each pair both or none.
    Pairs { essential: Vec<usize>, pairs: Vec<(usize, usize)> },
    /// All of these are needed, and even then it fails only sometimes.
    Flaky { essential: Vec<usize>, rate: f64 },
    /// All of these are needed, and without the first of them another bug
    /// shows instead.
    TwoBugs(Vec<usize>),
    /// An action can go only once the next one has gone.
    Chain,
}

/// A rule at work on a case of `n` actions, counting what it is asked.
#[derive(Debug)]
pub struct Oracle {
    pub n: usize,
    pub rule: Rule,
    pub evaluations: usize,
    pub applied: usize,
    rng: CaseRng,
}

impl Oracle {
    pub fn new(n: usize, rule: Rule, seed: u64) -> Oracle {
        let rng = CaseRng::new(seed);
        Oracle { n, rule, evaluations: 0, applied: 0, rng }
    }

    /// Runs a part of the case.
    pub fn run(&mut self, part: &[usize]) -> Outcome {
        self.evaluations += 1;
        let outcome = self.outcome(part);
        self.applied += match outcome {
            Outcome::Invalid(place) => place,
            _ => part.len(),
        };
        outcome
    }

    /// Runs a part, leaving out what is invalid: what took part, if it fails
    /// by the first bug.
    pub fn run_leniently(&mut self, part: &[usize]) -> Option<Vec<usize>> {
        self.evaluations += 1;
        let mut part = part.to_vec();
        self.applied += part.len();
        loop {
            match self.outcome(&part) {
                Outcome::Fails(1) => return Some(part),
                Outcome::Invalid(place) => _ = part.remove(place),
                _ => return None,
            }
        }
    }

    fn outcome(&mut self, part: &[usize]) -> Outcome {
        let has = |action: &usize| part.binary_search(action).is_ok();
        let has_all = |actions: &[usize]| actions.iter().all(has);
        let fails = match &self.rule {
            Rule::Monotone(essential) => has_all(essential),
            Rule::Dependent { essential, needs } => {
                let lacks = |action: &usize| {
                    needs[*action].is_some_and(|needed| !has(&needed))
                };
                if let Some(place) = part.iter().position(lacks) {
                    return Outcome::Invalid(place);
                }
                has_all(essential)
            }
            Rule::Pairs { essential, pairs } => {
                let whole = |(a, b): &(usize, usize)| has(a) == has(b);
                has_all(essential) && pairs.iter().all(whole)
            }
            Rule::Flaky { essential, rate } => {
                has_all(essential)
                    && (self.rng.below(1 << 32) as f64) < rate * 2f64.powi(32)
            }
            Rule::TwoBugs(essential) => {
                if has_all(&essential[1..]) && !has(&essential[0]) {
                    return Outcome::Fails(2);
                }
                has_all(essential)
            }
            Rule::Chain => {
                let last = part.len().saturating_sub(1);
                let front = &part[..last];
                part.ends_with(&[self.n - 1])
                    && front.iter().copied().eq(0..last)
            }
        };
        if fails { Outcome::Fails(1) } else { Outcome::Passes }
    }

    /// The only smallest case.
    pub fn minimal(&self) -> Vec<usize> {
        match &self.rule {
            Rule::Monotone(essential)
            | Rule::Pairs { essential, .. }
            | Rule::Flaky { essential, .. }
            | Rule::TwoBugs(essential) => essential.clone(),
            Rule::Dependent { essential, needs } => {
                let mut all: BTreeSet<usize> =
                    essential.iter().copied().collect();
                for mut action in essential.iter().copied() {
                    while let Some(needed) = needs[action] {
                        all.insert(needed);
                        action = needed;
                    }
                }
                all.into_iter().collect()
            }
            Rule::Chain => vec![self.n - 1],
        }
    }
}

/// Where the essential actions are.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    Scattered,
    Clustered,
    Prefix,
}

/// `k` essential ones of `n` actions, the last among them.
pub fn essential(
    n: usize,
    k: usize,
    shape: Shape,
    rng: &mut CaseRng,
) -> Vec<usize> {
    let others = k - 1;
    let mut all: BTreeSet<usize> = match shape {
        Shape::Scattered => {
            let mut all = BTreeSet::new();
            while all.len() < others {
                all.insert(rng.range(0..n - 1));
            }
            all
        }
        Shape::Clustered => {
            let first = rng.range(0..n - others);
            (first..first + others).collect()
        }
        Shape::Prefix => (0..others).collect(),
    };
    all.insert(n - 1);
    all.into_iter().collect()
}

/// A need for half of the actions: one of the ten before it.
pub fn needs(n: usize, rng: &mut CaseRng) -> Vec<Option<usize>> {
    (0..n)
        .map(|action| {
            let near = action.saturating_sub(10)..action;
            (action > 0 && rng.one_in(2)).then(|| rng.range(near))
        })
        .collect()
}

/// The least number of runs that can tell which `k` of `n` actions are
/// essential, the last being one of them: each answers one bit.
pub fn bound(n: usize, k: usize) -> f64 {
    (0..k - 1)
        .map(|i| ((n - 1 - i) as f64 / (k - 1 - i) as f64).log2())
        .fold(0.0, |sum, bits| sum + bits)
}
