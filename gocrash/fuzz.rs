//! Tests: bytes that nobody meant. Real ones are changed, in the same ways in
//! every run; for so many FUZZ_SECONDS, in ways that no run has had before.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long each reader is tried, instead of the times it is tried otherwise.
const VARIABLE: &str = "FUZZ_SECONDS";
const SEED: u64 = 0x2545_f491_4f6c_dd1d;
/// Changes of one original, and how long what is moved or removed may be.
const CHANGES_MAX: usize = 9;
const PIECE_BYTES_MAX: usize = 200;

/// xorshift: the same numbers for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 8).unwrap() % end.max(1)
    }

    fn change(&mut self, bytes: &mut Vec<u8>, words: &[&str]) {
        let at = self.below(bytes.len());
        let end = (at + self.below(PIECE_BYTES_MAX)).min(bytes.len());
        match self.below(6) {
            0 if !bytes.is_empty() => {
                bytes[at] = u8::try_from(self.below(256)).unwrap()
            }
            1 => drop(bytes.drain(at..end)),
            2 => bytes.truncate(at),
            3 => {
                let piece = bytes[at..end].to_vec();
                let to = self.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => {
                let word = words[self.below(words.len())].bytes();
                bytes.splice(at..at, word);
            }
        }
    }
}

/// Says what was read when it made somebody panic.
struct Input<'a>(&'a [u8]);

impl Drop for Input<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("read: \"{}\"", self.0.escape_ascii());
        }
    }
}

/// Calls `check` with changed originals, each so many times. Words are what
/// means something to who reads them.
pub(crate) fn fuzz(
    originals: &[Vec<u8>],
    words: &[&str],
    times: usize,
    mut check: impl FnMut(&[u8], &mut Dice),
) {
    let seconds = std::env::var(VARIABLE).ok();
    let limit = seconds.map(|text| Duration::from_secs(text.parse().unwrap()));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut dice = Dice(match limit {
        Some(_) => SEED ^ u64::from(now.subsec_nanos()) << 20,
        None => SEED,
    });
    let begin = Instant::now();
    let mut round = 0;
    while limit.map_or(round < times, |limit| begin.elapsed() < limit) {
        for original in originals {
            let mut bytes = original.clone();
            for _ in 0..=dice.below(CHANGES_MAX) {
                dice.change(&mut bytes, words);
            }
            let input = Input(&bytes);
            check(input.0, &mut dice);
        }
        round += 1;
    }
}
