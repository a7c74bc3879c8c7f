//! How often runs failed in one way: with a signature, or a class of them.

use std::collections::{BTreeMap, BTreeSet};

use super::alike::{Flaky, Group, classes};
use super::digest::Digest;
use crate::attempt::name::AttemptName;
use crate::stats::Rate;

impl Digest<'_> {
    /// Of the runs that the hunt's rate is about, those that are in the group.
    pub(super) fn rate_of(&self, group: &Group<'_>) -> Rate {
        self.rate_of_some(group.failures.iter().map(|failure| failure.name))
    }

    /// Of the same runs, those in which a test was flaky. Where results could
    /// not be read, nobody knows whether it was.
    pub(super) fn rate_of_flaky(&self, test: &Flaky<'_>) -> Rate {
        let attempts = &self.session.history.attempts;
        let is_known = |name: AttemptName| {
            let exit = attempts[&name].exit.as_ref();
            exit.is_none_or(|exit| exit.results_unread.is_none())
        };
        let ones: BTreeSet<AttemptName> = test.runs.iter().copied().collect();
        self.sample.rate_among(is_known, |name| ones.contains(&name))
    }

    /// The same for each class that any failure is of, the most frequent
    /// first.
    pub(super) fn rates_of_classes(&self) -> Vec<(&str, Rate)> {
        let mut ones: BTreeMap<&str, Vec<AttemptName>> = BTreeMap::new();
        for (name, attempt) in &self.session.history.attempts {
            let exit = attempt.exit.as_ref().filter(|exit| exit.is_failure());
            for class in exit.into_iter().flat_map(classes) {
                ones.entry(class).or_default().push(*name);
            }
        }
        let mut rates: Vec<(&str, Rate)> = ones
            .into_iter()
            .map(|(class, ones)| (class, self.rate_of_some(ones)))
            .collect();
        rates.sort_by_key(|(_, rate)| std::cmp::Reverse(rate.fails));
        rates
    }

    fn rate_of_some(
        &self,
        ones: impl IntoIterator<Item = AttemptName>,
    ) -> Rate {
        let ones: BTreeSet<AttemptName> = ones.into_iter().collect();
        self.sample.rate_of(|name| ones.contains(&name))
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
            let go = json!({
                "t_ns": attempt,
                "event": "go",
                "thread": 0,
                "attempt": attempt,
            });
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
            log += &format!("{go}\n{exit}\n");
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
        // The last failure of all ended it: that of `b`.
        let told = [
            "race: 2 of 3 runs, 67% (95% CI 9–99%)",
            "a: 1 of 3 runs, 33% (95% CI 0.8–91%)",
            "b: 1 of 3 runs, 33% (95% CI 0.8–84%)",
        ];
        assert_eq!(rates(&hunt(&runs, Some(2))), told);
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
