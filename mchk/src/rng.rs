//! The random numbers of a case: the same everywhere for the same seed.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

/// A random number generator with a fixed algorithm, xoshiro256** seeded by
/// SplitMix64 (both by Vigna and others), so that a seed means the same case
/// on every machine and in every release.
#[derive(Clone, Debug)]
pub struct CaseRng {
    state: [u64; 4],
    /// Decides which kinds of action this run may take; `None`: all.
    swarm: Option<u64>,
}

impl CaseRng {
    /// A generator for the case of this seed.
    pub fn new(seed: u64) -> CaseRng {
        let mut counter = seed;
        let state = std::array::from_fn(|_| split_mix(&mut counter));
        CaseRng { state, swarm: None }
    }

    /// Makes [`kind`](CaseRng::kind) leave out about half of the kinds, the
    /// same ones throughout the run.
    pub(crate) fn swarming(mut self) -> CaseRng {
        self.swarm = Some(self.next_u64());
        self
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let result = self.state[1].wrapping_mul(5).rotate_left(7);
        let shifted = self.state[1] << 17;
        self.state[2] ^= self.state[0];
        self.state[3] ^= self.state[1];
        self.state[1] ^= self.state[2];
        self.state[0] ^= self.state[3];
        self.state[2] ^= shifted;
        self.state[3] = self.state[3].rotate_left(45);
        result.wrapping_mul(9)
    }

    /// A number below `end`, every one equally likely.
    ///
    /// # Panics
    ///
    /// If `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        assert!(end > 0, "no number is below 0");
        // The rejected numbers are those that would make some results more
        // likely than others; fewer than one in two are, so this ends.
        let reject_below = end.wrapping_neg() % end;
        loop {
            let wide = u128::from(self.next_u64()) * u128::from(end);
            if wide as u64 >= reject_below {
                return (wide >> 64) as u64;
            }
        }
    }

    /// A number within the range.
    ///
    /// # Panics
    ///
    /// If the range is empty.
    pub fn range(&mut self, range: Range<usize>) -> usize {
        assert!(range.start < range.end, "the range {range:?} is empty");
        range.start + self.below((range.end - range.start) as u64) as usize
    }

    /// True once in `times`.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of the items, or `None` if there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() {
            return None;
        }
        Some(&items[self.range(0..items.len())])
    }

    /// One of the items, each as likely as its weight says.
    ///
    /// # Panics
    ///
    /// If the weights add up to 0.
    pub fn weighted<T: Copy>(&mut self, items: &[(T, u32)]) -> T {
        let total = items.iter().map(|&(_, weight)| u64::from(weight)).sum();
        let mut ticket = self.below(total);
        for &(item, weight) in items {
            match ticket.checked_sub(u64::from(weight)) {
                None => return item,
                Some(left) => ticket = left,
            }
        }
        unreachable!("the ticket is below the sum of the weights")
    }

    /// One of the kinds of action, each as likely as its weight says.
    ///
    /// Where the checker [swarms](crate::Checker::swarm), a run takes only a
    /// random half of the kinds: what one kind undoes another can then pile
    /// up. Kinds that a state leaves no choice about are always taken.
    ///
    /// # Panics
    ///
    /// If the weights add up to 0.
    pub fn kind<'a>(&mut self, kinds: &[(&'a str, u32)]) -> &'a str {
        let allowed: Vec<(&str, u32)> = kinds
            .iter()
            .copied()
            .filter(|&(name, weight)| weight > 0 && self.allows(name))
            .collect();
        self.weighted(if allowed.is_empty() { kinds } else { &allowed })
    }

    fn allows(&self, kind: &str) -> bool {
        let Some(swarm) = self.swarm else { return true };
        let mut mixed = swarm ^ fnv(kind.as_bytes());
        split_mix(&mut mixed) & 1 == 1
    }
}

/// A seed nobody chose.
pub(crate) fn seed_from_system() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// The seed of one run out of many; the first has the seed given, so that a
/// printed seed leads straight to its run.
pub(crate) fn seed_of_run(seed: u64, run: u64) -> u64 {
    if run == 0 {
        return seed;
    }
    let mut counter = seed ^ run.wrapping_mul(0xd134_2543_de82_ef95);
    split_mix(&mut counter)
}

/// A hash that is the same everywhere (FNV-1a, 64 bits).
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn split_mix(counter: &mut u64) -> u64 {
    *counter = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *counter;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_published_numbers() {
        let mut rng = CaseRng { state: [1, 2, 3, 4], swarm: None };
        let expected = [
            11520,
            0,
            1509978240,
            1215971899390074240,
            1216172134540287360,
            607988272756665600,
            16172922978634559625,
            8476171486693032832,
            10595114339597558777,
            2904607092377533576,
        ];
        assert_eq!(expected.map(|_| rng.next_u64()), expected);
    }

    #[test]
    fn seeds_by_the_published_numbers() {
        let expected = [
            6457827717110365317,
            3203168211198807973,
            9817491932198370423,
            4593380528125082431,
        ];
        assert_eq!(CaseRng::new(1234567).state, expected);
    }

    #[test]
    fn draws_every_number_equally_often() {
        let mut rng = CaseRng::new(1);
        let mut counts = [0u32; 5];
        for _ in 0..50_000 {
            counts[rng.below(5) as usize] += 1;
        }
        // Five standard deviations around 10 000.
        assert!(counts.iter().all(|count| (9550..10450).contains(count)));

        // A quarter of all 64 bits must be drawn again, or every third
        // number comes twice as often.
        let mut thirds = [0u32; 3];
        for _ in 0..30_000 {
            thirds[(rng.below(3 << 62) % 3) as usize] += 1;
        }
        assert!(thirds.iter().all(|count| (9590..10410).contains(count)));
    }

    #[test]
    fn swarming_leaves_out_the_same_kinds_all_along() {
        let kinds = ["a", "b", "c", "d", "e", "f"].map(|name| (name, 1));
        let mut rng = CaseRng::new(3).swarming();
        let seen: std::collections::BTreeSet<&str> =
            (0..1000).map(|_| rng.kind(&kinds)).collect();
        assert!(!seen.is_empty() && seen.len() < kinds.len(), "{seen:?}");
        let left_out = kinds.iter().find(|(name, _)| !seen.contains(name));
        let (only, _) = left_out.expect("one was left out");
        assert_eq!(rng.kind(&[(only, 1)]), *only);
    }
}
