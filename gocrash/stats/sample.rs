//! The runs that a rate is about, and how often they failed in one way.

use super::{Fate, Rate};

/// Runs in the order of their starts, up to the one that ended the hunt.
#[derive(Debug)]
pub(crate) struct Sample<Name> {
    runs: Vec<Name>,
    /// The last of them is the failure that met the limit.
    is_up_to_failure: bool,
    is_approximate: bool,
}

impl<Name: Copy> Sample<Name> {
    /// Of all runs in the order of their starts, those that the rate of the
    /// hunt is about, which a number of failures ended, or something else.
    pub(crate) fn new(
        runs: impl IntoIterator<Item = (Name, Fate)>,
        fails_max: Option<u64>,
        rate: Option<&Rate>,
    ) -> Sample<Name> {
        let verdicts = runs.into_iter().filter(|(_, fate)| {
            matches!(fate, Fate::Passed | Fate::Failed | Fate::Excused)
        });
        let count = rate.map_or(0, |rate| rate.runs);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let mut names = Vec::new();
        let mut fails = 0;
        let mut last = None;
        for (name, fate) in verdicts.take(count) {
            names.push(name);
            fails += u64::from(fate == Fate::Failed);
            last = Some(fate);
        }
        let is_met = fails_max.is_some_and(|max| fails >= max);
        Sample {
            runs: names,
            is_up_to_failure: is_met && last == Some(Fate::Failed),
            is_approximate: rate.is_none_or(|rate| rate.is_approximate),
        }
    }

    /// How often a run is one of these.
    pub(crate) fn rate_of(&self, is_one: impl Fn(Name) -> bool) -> Rate {
        self.rate_among(|_| true, is_one)
    }

    /// The same, of those runs alone of which that is known.
    pub(crate) fn rate_among(
        &self,
        is_known: impl Fn(Name) -> bool,
        is_one: impl Fn(Name) -> bool,
    ) -> Rate {
        let known = || self.runs.iter().filter(|name| is_known(**name));
        let ones = known().filter(|name| is_one(**name)).count();
        let [ones, runs] = [ones, known().count()]
            .map(|count| u64::try_from(count).unwrap_or(u64::MAX));
        let is_last = self.runs.last().is_some_and(|last| is_one(*last));
        let rate = match self.is_up_to_failure && is_last {
            true => Rate::up_to_failure(ones, runs),
            false => Rate::up_to_run(ones, runs),
        };
        Rate { is_approximate: self.is_approximate, ..rate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Fate::{CutOff, Excused, Failed, Nothing, Passed};

    #[test]
    fn what_ended_the_hunt_ends_the_sample_of_its_own_kind_alone() {
        let fates = [Passed, Failed, Nothing, Passed, Failed, Failed];
        let of_all = Rate::up_to_failure(2, 4);
        let sample = Sample::new((0..).zip(fates), Some(2), Some(&of_all));
        assert_eq!(sample.rate_of(|run| run == 4), Rate::up_to_failure(1, 4));
        assert_eq!(sample.rate_of(|run| run == 1), Rate::up_to_run(1, 4));
        // It came after that.
        assert_eq!(sample.rate_of(|run| run == 5), Rate::up_to_run(0, 4));
    }

    #[test]
    fn a_failure_that_counts_for_no_limit_ends_nothing() {
        let fates = [Excused, Passed, CutOff, Excused];
        let of_all = Rate::up_to_run(2, 3);
        let sample = Sample::new((0..).zip(fates), Some(2), Some(&of_all));
        assert_eq!(sample.rate_of(|run| run != 1), Rate::up_to_run(2, 3));
        let approximate = Rate { is_approximate: true, ..of_all };
        let sample = Sample::new((0..).zip(fates), None, Some(&approximate));
        assert!(sample.rate_of(|_| true).is_approximate);
    }
}
