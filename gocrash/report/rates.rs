//! How often runs failed in one way: with a signature, or a class of them.

use std::collections::BTreeMap;

use super::alike::{Flaky, Group, classes};
use super::digest::Digest;
use crate::stats::{Limits, Rate};

impl Digest<'_> {
    /// Of all runs with a verdict, those that are in the group.
    pub(super) fn rate_of(&self, group: &Group<'_>) -> Rate {
        self.rate_of_some(group.failures.len())
    }

    /// Of all runs with a verdict, those in which a test was flaky.
    pub(super) fn rate_of_flaky(&self, test: &Flaky<'_>) -> Rate {
        self.rate_of_some(test.runs)
    }

    /// The same for each class that any failure is of, the most frequent
    /// first.
    pub(super) fn rates_of_classes(&self) -> Vec<(&str, Rate)> {
        let attempts = self.session.history.attempts.values();
        let exits = attempts.filter_map(|attempt| attempt.exit.as_ref());
        let failures = exits.filter(|exit| exit.is_failure());
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for class in failures.flat_map(classes) {
            *counts.entry(class).or_default() += 1;
        }
        let mut rates: Vec<(&str, Rate)> = counts
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
    use serde_json::{Value, json};

    use crate::record::manifest::Manifest;
    use crate::record::read::{History, Session};
    use crate::report::digest::Digest;
    use crate::report::logs::Logs;

    fn signature(id: &str, title: &str, flaky: bool) -> Value {
        json!({ "id": id, "class": "race", "title": title, "flaky": flaky })
    }

    /// Of runs with these signatures; those without any passed, and so did
    /// those that have only flaky ones, unless that is said.
    fn hunt(runs: &[(&str, &[Value])], max_fails: Option<u64>) -> Session {
        let mut log = String::new();
        for (attempt, (outcome, signatures)) in runs.iter().enumerate() {
            let exit = json!({
                "t_ns": attempt,
                "event": "exit",
                "thread": 0,
                "attempt": attempt,
                "outcome": outcome,
                "duration_ns": 1,
                "kept": true,
                "signatures": signatures,
            });
            log += &format!("{exit}\n");
        }
        let over = json!({
            "t_ns": 99,
            "event": "over",
            "verdict": "reproduced",
            "rule": "max_runs",
        });
        log += &format!("{over}\n");
        let mut manifest = Manifest::default();
        manifest.options.halt = "soon".to_owned();
        manifest.options.max_runs = u64::try_from(runs.len()).ok();
        manifest.options.max_fails = max_fails;
        let history = History::read(log.as_bytes()).unwrap();
        Session { manifest: Ok(manifest), history }
    }

    /// The rates of classes, of groups, and of what is flaky.
    fn rates(session: &Session) -> Vec<String> {
        let digest = Digest::new(session, &Logs::default());
        let classes = digest.rates_of_classes();
        let mut told: Vec<String> = classes
            .into_iter()
            .map(|(class, rate)| format!("{class}: {rate}"))
            .collect();
        told.extend(digest.groups.iter().map(|group| {
            format!("{}: {}", group.title, digest.rate_of(group))
        }));
        told.extend(digest.flaky.iter().map(|test| {
            format!("flaky {}: {}", test.title, digest.rate_of_flaky(test))
        }));
        told
    }

    #[test]
    fn each_way_to_fail_has_a_rate_of_its_own() {
        let (a, b) = (signature("a", "a", false), signature("b", "b", false));
        let runs: [(&str, &[Value]); 4] = [
            ("failed", &[a]),
            ("passed", &[]),
            ("failed", &[b]),
            ("passed", &[]),
        ];
        let one = "1 of 4 runs, 25% (95% CI 0.6–81%)";
        let class = "race: 2 of 4 runs, 50% (95% CI 7–93%)";
        let told = [class.to_owned(), format!("a: {one}"), format!("b: {one}")];
        assert_eq!(rates(&hunt(&runs, None)), told);
        let approximate = |told: String| told.replace("%)", "%, approximate)");
        assert_eq!(rates(&hunt(&runs, Some(2))), told.map(approximate));
    }

    #[test]
    fn a_run_counts_once_for_each_way_in_which_it_failed() {
        let a = |title| signature("a", title, false);
        let b = signature("b", "bee", false);
        let runs: [(&str, &[Value]); 4] = [
            ("failed", &[a("got 12, want 7"), b.clone()]),
            ("failed", &[b.clone(), b.clone(), a("got 13, want 7")]),
            ("failed", &[b]),
            ("passed", &[]),
        ];
        let told = [
            "race: 3 of 4 runs, 75% (95% CI 19–>99%)",
            "bee: 3 of 4 runs, 75% (95% CI 19–>99%)",
            "got … want 7: 2 of 4 runs, 50% (95% CI 7–93%)",
        ];
        assert_eq!(rates(&hunt(&runs, None)), told);
    }

    #[test]
    fn what_is_flaky_is_told_and_blamed_for_no_failure() {
        let late = || signature("late", "late", true);
        let heap = signature("heap", "heap", false);
        let runs: [(&str, &[Value]); 4] = [
            ("failed", &[late(), heap]),
            ("passed", &[late(), late()]),
            ("passed", &[late()]),
            ("infra", &[late()]),
        ];
        let told = [
            "race: 1 of 3 runs, 33% (95% CI 0.8–91%)",
            "heap: 1 of 3 runs, 33% (95% CI 0.8–91%)",
            "flaky late: 3 of 3 runs, 100% (95% CI 29–100%)",
        ];
        assert_eq!(rates(&hunt(&runs, None)), told);
    }
}
