//! Kept states of the beginnings of a case, so that a run need apply only
//! what comes after.

use crate::system::Snapshot;

/// Snapshots of prefixes of one case, the best one so far.
pub(crate) struct Shelf<'a, T> {
    case: Vec<usize>,
    /// The length of a prefix and its state, shortest first.
    kept: Vec<(usize, Snapshot<'a, T>)>,
    kept_max: usize,
}

impl<'a, T> Shelf<'a, T> {
    pub(crate) fn new(kept_max: usize) -> Shelf<'a, T> {
        Shelf { case: Vec::new(), kept: Vec::new(), kept_max }
    }

    /// Makes another case the best one. What it shares with the old one
    /// stays.
    pub(crate) fn follow(&mut self, case: &[usize]) {
        let shared = self.shared(case);
        self.kept.retain(|&(len, _)| len <= shared);
        self.case = case.to_vec();
    }

    /// How many actions of `case` are also the beginning of the best one.
    pub(crate) fn shared(&self, case: &[usize]) -> usize {
        self.case.iter().zip(case).take_while(|(a, b)| a == b).count()
    }

    /// The longest kept state among the beginnings of up to `len` actions.
    pub(crate) fn longest(
        &self,
        len: usize,
    ) -> Option<(usize, &Snapshot<'a, T>)> {
        let kept = self.kept.iter().rfind(|&&(kept, _)| kept <= len)?;
        Some((kept.0, &kept.1))
    }

    /// How far apart states should be kept on the way from a kept one at
    /// `from` to `to`: half of the shelf is for the part looked at now.
    pub(crate) fn stride(&self, from: usize, to: usize) -> usize {
        (to - from).div_ceil((self.kept_max / 2).max(1)).max(1)
    }

    /// Whether the state after `len` actions should be kept.
    pub(crate) fn wants(&self, len: usize) -> bool {
        let is_kept = self.longest(len).is_some_and(|(kept, _)| kept == len);
        len > 0 && self.kept_max > 0 && !is_kept
    }

    /// Keeps the state after `len` actions. The longest ones make room: the
    /// minimiser works its way to the front.
    pub(crate) fn keep(&mut self, len: usize, snapshot: Snapshot<'a, T>) {
        if self.kept.len() >= self.kept_max {
            self.kept.pop();
        }
        let place = self.kept.partition_point(|&(kept, _)| kept < len);
        self.kept.insert(place, (len, snapshot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(shelf: &mut Shelf<'_, usize>, lens: &[usize]) {
        for &len in lens {
            shelf.keep(len, Snapshot::new(move || Ok(len)));
        }
    }

    fn longest(shelf: &Shelf<'_, usize>, len: usize) -> Option<usize> {
        shelf.longest(len).map(|(len, _)| len)
    }

    #[test]
    fn gives_the_longest_beginning_that_is_kept() {
        let mut shelf = Shelf::new(3);
        shelf.follow(&[0, 1, 2, 3, 4]);
        keep(&mut shelf, &[1, 3]);
        assert_eq!(longest(&shelf, 0), None);
        assert_eq!(longest(&shelf, 2), Some(1));
        assert_eq!(longest(&shelf, 5), Some(3));
        assert!(shelf.wants(2) && !shelf.wants(3) && !shelf.wants(0));
        // The longest makes room.
        keep(&mut shelf, &[4, 2]);
        assert_eq!(longest(&shelf, 5), Some(3));
    }

    #[test]
    fn drops_what_is_no_beginning_any_more() {
        let mut shelf = Shelf::new(9);
        shelf.follow(&[0, 1, 2, 3, 4]);
        keep(&mut shelf, &[1, 2, 3, 4]);
        shelf.follow(&[0, 1, 3, 4]);
        assert_eq!(longest(&shelf, 4), Some(2));
    }
}
