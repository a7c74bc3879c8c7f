//! Whether some order of overlapping calls explains all of their answers.

use std::collections::HashSet;
use std::hash::Hash;

/// How many pairs of a set of calls and a model the search may visit.
const VISITED_MAX: usize = 1_000_000;

/// The calls of one history are the bits of a mask.
pub(crate) const CALLS_MAX: usize = 128;

/// A call and when it was under way, by a clock that ticks at every begin
/// and end.
#[derive(Clone, Debug)]
pub(crate) struct Call<P, A> {
    pub(crate) branch: u8,
    pub(crate) params: P,
    pub(crate) answer: A,
    pub(crate) begin: usize,
    pub(crate) end: usize,
}

/// The search visited more than it may.
pub(crate) struct TooManyOrders;

/// Searches for an order in which a model gives every call its answer, and
/// no call comes before one that had ended when it began.
///
/// The search is that of Wing and Gong with the memory of Lowe: two ways
/// that did the same calls and left the same model have the same future.
pub(crate) fn has_order<P, A, M: Clone + Eq + Hash>(
    model: M,
    calls: &[Call<P, A>],
    step: impl Fn(&mut M, &P, &A) -> bool,
) -> Result<bool, TooManyOrders> {
    assert!(calls.len() <= CALLS_MAX, "limited by who made the calls");
    let is_done = |done: u128, call: usize| done >> call & 1 == 1;
    let mut visited = HashSet::new();
    let mut open = vec![(0u128, model)];
    while let Some((done, model)) = open.pop() {
        let pending = || (0..calls.len()).filter(|&i| !is_done(done, i));
        // Who began after another one ended cannot come before it.
        let Some(horizon) = pending().map(|i| calls[i].end).min() else {
            return Ok(true);
        };
        for next in pending().filter(|&i| calls[i].begin < horizon) {
            let mut after = model.clone();
            let Call { params, answer, .. } = &calls[next];
            if step(&mut after, params, answer) {
                let way = (done | 1 << next, after);
                if visited.insert(way.clone()) {
                    open.push(way);
                }
            }
        }
        if visited.len() > VISITED_MAX {
            return Err(TooManyOrders);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls of a register: `Some` writes, `None` reads; the answer is what
    /// it held. As (begin, end, params, answer).
    fn register(calls: &[(usize, usize, Option<u32>, u32)]) -> bool {
        let calls: Vec<_> = calls
            .iter()
            .map(|&(begin, end, params, answer)| Call {
                branch: 1,
                params,
                answer,
                begin,
                end,
            })
            .collect();
        let step = |held: &mut u32, params: &Option<u32>, answer: &u32| {
            let before = *held;
            *held = params.unwrap_or(before);
            before == *answer
        };
        has_order(0, &calls, step).is_ok_and(|found| found)
    }

    #[test]
    fn overlapping_calls_may_come_in_any_order() {
        assert!(register(&[(0, 3, Some(1), 0), (1, 2, None, 0)]));
        assert!(register(&[(0, 3, Some(1), 0), (1, 2, None, 1)]));
    }

    #[test]
    fn what_ended_comes_before_what_began_later() {
        assert!(register(&[(0, 1, Some(1), 0), (2, 3, None, 1)]));
        assert!(!register(&[(0, 1, Some(1), 0), (2, 3, None, 0)]));
        // A new value was read: the old one must not come back.
        assert!(!register(&[
            (0, 5, Some(1), 0),
            (1, 2, None, 1),
            (3, 4, None, 0)
        ]));
    }

    #[test]
    fn two_calls_cannot_both_be_the_first() {
        assert!(!register(&[(0, 2, Some(1), 0), (1, 3, Some(2), 0)]));
        assert!(register(&[(0, 2, Some(1), 0), (1, 3, Some(2), 1)]));
    }

    #[test]
    fn remembers_where_it_was() {
        // Twelve overlapping reads in any order: 12! ways without a memory,
        // and the last call makes all of them fail.
        let mut calls: Vec<_> = (0..12).map(|i| (i, 100, None, 0)).collect();
        calls.push((101, 102, None, 9));
        assert!(!register(&calls));
    }
}
