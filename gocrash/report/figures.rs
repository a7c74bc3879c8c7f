//! What a hunt amounts to, in the words of its header and its closing lines.

use std::time::Duration;

use super::safe;
use crate::config::{Config, Halt, Verification, shown};
use crate::hunt::{Hunt, Rule};
use crate::stats::percent::chosen;
use crate::stats::{Limits, SURE};

/// When the hunt is to stop.
pub(super) fn stop(config: &Config) -> String {
    let Limits { fails, runs, time } = config.stop.limits;
    let each = config.stop_after.map(|runs| match runs {
        1 => "after all threads do 1 run".to_owned(),
        runs => format!("after all threads do {runs} runs"),
    });
    let fails = match (fails, config.stop_after) {
        // As it always was: that goes without saying.
        (Some(1), Some(_)) => None,
        (Some(1), None) => Some("after any run fails".to_owned()),
        (fails, _) => fails.map(|fails| format!("after {fails} runs fail")),
    };
    let runs = runs.map(|runs| match runs {
        1 => "after 1 run".to_owned(),
        runs => format!("after {runs} runs"),
    });
    let time = time.map(|time| format!("after {}", shown(time)));
    let mut rules: Vec<String> =
        [each, fails, runs, time].into_iter().flatten().collect();
    if rules.is_empty() {
        rules.push("never".to_owned());
    }
    let halt = match config.stop.halt {
        Halt::Soon => "",
        Halt::Now => "; kill what runs then",
    };
    format!("{}{halt}", rules.join(", or "))
}

/// How many runs there are to be, if nothing ends the hunt before; `None` for
/// one without an end, and for one that was resumed, whose first runs are not
/// counted now.
pub(super) fn runs_wanted(config: &Config) -> Option<u64> {
    let threads = u64::from(config.concurrency);
    let each = config.stop_after.map(|runs| runs.saturating_mul(threads));
    let all = [each, config.stop.limits.runs].into_iter().flatten().min();
    all.filter(|_| config.resumed.is_none())
}

/// What it is to show, where that is that something is fixed: titles and texts.
pub(super) fn verification(config: &Config) -> Vec<(&'static str, String)> {
    let Some(wanted) = &config.verification else { return Vec::new() };
    let Verification {
        baseline, rate, confidence, runs, expected, forced, ..
    } = wanted;
    let percent = chosen(*confidence);
    let last = match expected {
        Some(time) => format!(", about {}", shown(rounded(*time))),
        None => String::new(),
    };
    let mut lines = vec![
        ("baseline:", format!("{rate}, in {baseline}")),
        (
            "to be sure:",
            format!("{runs} runs without a failure, for {percent}{last}"),
        ),
    ];
    lines.extend(forced.iter().map(|f| ("forced:", safe::line(&f.what))));
    lines
}

/// To whole seconds, and to minutes where nobody counts seconds.
fn rounded(time: Duration) -> Duration {
    let seconds = time.as_secs();
    match seconds {
        0 => Duration::from_secs(1),
        1..600 => Duration::from_secs(seconds),
        _ => Duration::from_secs(seconds / 60 * 60),
    }
}

/// Whether it is fixed now.
fn verified(wanted: &Verification, hunt: &Hunt) -> String {
    let sure = chosen(wanted.confidence);
    let done = hunt.runs_in_all();
    let verdict = if hunt.has_failed() {
        let Verification { baseline, signatures, .. } = wanted;
        if signatures.iter().any(|id| hunt.has_signature(id)) {
            format!("not fixed: a run failed as one of {baseline} did")
        } else if signatures.is_empty() {
            format!("not fixed: a run failed; so did one of {baseline}")
        } else {
            // Whether that is another bug is for a person to say.
            format!(
                "not fixed: a run failed, with no signature that a failure of \
                 {baseline} had"
            )
        }
    } else if hunt.lacks_runs() {
        let more = wanted.runs.saturating_sub(done);
        format!(
            "{more} more runs without a failure until {sure} sure that it is \
             fixed"
        )
    } else {
        format!("fixed: {done} runs without a failure, {sure} sure")
    };
    match &wanted.forced {
        None => verdict,
        Some(forced) => format!("{verdict}; forced: {}", forced.note),
    }
}

/// Which rule ended it, how often it failed, and how long it may not until that
/// is over.
pub(super) fn closing(config: &Config, hunt: &Hunt) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(hunt.rule().map(|rule| {
        let rule = match (rule, &config.verification) {
            // Nobody typed that one.
            (Rule::MaxRuns(runs), Some(wanted)) => {
                let sure = chosen(wanted.confidence);
                format!("{runs} runs, enough for {sure} confidence")
            }
            (Rule::StopAfter(runs), _) if config.is_times => {
                format!("--times {runs}")
            }
            (rule, _) => rule.to_string(),
        };
        format!("ended by: {rule}")
    }));
    let rate = hunt.rate();
    let fails_alike = hunt.fails_alike();
    lines.extend(fails_alike.map(|(all, outcome)| {
        let counted = rate.map_or(0, |rate| rate.runs);
        let note = match counted < all {
            true => "; the rate counts them up to the one that ended the hunt",
            false => "",
        };
        format!("not a flake: each of the {all} runs {outcome}{note}")
    }));
    lines.extend(rate.map(|rate| format!("failure rate: {rate}")));
    if let Some(wanted) = &config.verification {
        lines.push(verified(wanted, hunt));
        return lines;
    }
    let Some(rate) = rate else { return lines };
    if fails_alike.is_some() {
        // One run will tell.
        return lines;
    }
    lines.extend(rate.runs_until_sure(SURE).map(|runs| {
        let sure = chosen(SURE);
        format!(
            "{runs} more runs without a failure until {sure} sure that it is \
             fixed"
        )
    }));
    lines
}
