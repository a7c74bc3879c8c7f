//! How often runs failed in one way: with a signature, or a class of them.

use std::collections::BTreeMap;

use super::digest::{Digest, Group};
use crate::stats::{Limits, Rate};

impl Digest<'_> {
    /// Of all runs with a verdict, those that are in the group.
    pub(super) fn rate_of(&self, group: &Group<'_>) -> Rate {
        self.rate_of_some(group.failures.len())
    }

    /// The same for each class that any failure is of, the most frequent
    /// first.
    pub(super) fn rates_of_classes(&self) -> Vec<(&str, Rate)> {
        let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
        for group in &self.groups {
            if let Some(signature) = group.signature {
                *classes.entry(&signature.class).or_default() +=
                    group.failures.len();
            }
        }
        let mut rates: Vec<(&str, Rate)> = classes
            .into_iter()
            .map(|(class, fails)| (class, self.rate_of_some(fails)))
            .collect();
        rates.sort_by_key(|(_, rate)| std::cmp::Reverse(rate.fails));
        rates
    }

    /// Exact where the number of runs was fixed before: then runs that failed
    /// in another way are runs like those that passed. Where failures or time
    /// ended the hunt, what it came to depends on all of them.
    fn rate_of_some(&self, fails: usize) -> Rate {
        let fails = u64::try_from(fails).unwrap_or(u64::MAX);
        let rate = Rate::counted(fails, self.counts.runs());
        let manifest = self.session.manifest.as_ref();
        let limits = manifest.map(|manifest| manifest.options.limits());
        let is_fixed = limits.is_ok_and(|Limits { fails, time, .. }| {
            (fails, time) == (None, None)
        });
        let over = self.session.history.over.as_ref();
        let by_rule = over
            .is_some_and(|over| over.signal.is_none() && over.why.is_none());
        let was_cut_off =
            self.session.history.attempts.values().any(|attempt| {
                let exit = attempt.exit.as_ref();
                exit.is_some_and(|exit| exit.outcome == "interrupted")
            });
        let is_approximate = !is_fixed || !by_rule || was_cut_off;
        Rate { is_approximate, ..rate }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::record::manifest::Manifest;
    use crate::record::read::{History, Session};
    use crate::report::digest::Digest;
    use crate::report::logs::Logs;

    /// Of four runs, two failed with signatures of one class.
    fn rates(max_fails: Option<u64>) -> Vec<String> {
        let runs = [(0, "a"), (1, ""), (2, "b"), (3, "")];
        let exits = runs.map(|(attempt, id)| {
            let signature = json!({ "id": id, "class": "race", "title": id });
            json!({
                "t_ns": attempt,
                "event": "exit",
                "thread": 0,
                "attempt": attempt,
                "outcome": if id.is_empty() { "passed" } else { "failed" },
                "duration_ns": 1,
                "kept": true,
                "signatures": if id.is_empty() {
                    json!([])
                } else {
                    json!([signature])
                },
            })
        });
        let over = json!({
            "t_ns": 9,
            "event": "over",
            "verdict": "reproduced",
            "rule": "max_runs",
        });
        let lines = exits.iter().chain([&over]);
        let log: String = lines.map(|line| format!("{line}\n")).collect();
        let mut manifest = Manifest::default();
        manifest.options.halt = "soon".to_owned();
        manifest.options.max_runs = Some(4);
        manifest.options.max_fails = max_fails;
        let history = History::read(log.as_bytes()).unwrap();
        let session = Session { manifest: Ok(manifest), history };
        let digest = Digest::new(&session, &Logs::default());
        let classes = digest.rates_of_classes();
        let mut told: Vec<String> = classes
            .into_iter()
            .map(|(class, rate)| format!("{class}: {rate}"))
            .collect();
        let groups = digest.groups.iter();
        told.extend(groups.map(|group| digest.rate_of(group).to_string()));
        told
    }

    #[test]
    fn each_way_to_fail_has_a_rate_of_its_own() {
        let one = "1 of 4 runs, 25% (95% CI 0.6–81%)";
        let class = "race: 2 of 4 runs, 50% (95% CI 7–93%)";
        assert_eq!(rates(None), [class, one, one]);
        let approximate = |told: &str| told.replace("%)", "%, approximate)");
        let told = [class, one, one].map(approximate);
        assert_eq!(rates(Some(2)), told);
    }
}
