//! `gocrash verify-fix`: runs a suite as often without a failure as it takes to
//! be sure that what failed in an earlier hunt is fixed.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::again;
use super::baseline::{Baseline, Difference, differences};
use crate::cli::Cli;
use crate::cli::after::VerifyFixArgs;
use crate::config::{Config, Forced, Verification};
use crate::record::manifest::{Manifest, Options};
use crate::record::text::Text;
use crate::refusal::Refusal;

pub(super) fn verify(args: VerifyFixArgs) -> anyhow::Result<ExitCode> {
    let config = config(args)?;
    Ok(crate::hunt(config)?.exit())
}

/// What is to be hunted for that.
pub(super) fn config(args: VerifyFixArgs) -> anyhow::Result<Config> {
    let confidence = confidence(&args.confidence)?;
    let mut typed = args.hunt;
    refuse_limits(&typed)?;
    let baseline = Baseline::find(&args.baseline)?;
    let rate = baseline.rate();
    let Some(runs) = rate.runs_until_sure(confidence) else {
        return Err(cannot_tell(&baseline, &args.confidence).into());
    };
    let taken_over = like_the_baseline(&mut typed, &baseline);
    let mut config = Config::new(typed)?;
    let own = config.arguments.iter().position(|word| word == "verify-fix");
    let at = own.map_or(config.arguments.len(), |own| own + 1);
    config.arguments.splice(at..at, taken_over);
    let forced = match args.force {
        true => forced(&baseline, &config)?,
        false => {
            refuse_differences(&baseline, &config)?;
            None
        }
    };
    config.stop.limits.runs = Some(runs);
    let expected = |average| expected(average, runs, config.concurrency);
    config.verification = Some(Verification {
        expected: baseline.average().map(expected),
        signatures: baseline.signatures(),
        baseline: baseline.name,
        rate,
        confidence,
        runs,
        forced,
    });
    Ok(config)
}

/// Every thread does its part of the runs.
fn expected(average: Duration, runs: u64, threads: u16) -> Duration {
    let rounds = runs.div_ceil(u64::from(threads));
    let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
    average.saturating_mul(rounds)
}

/// What is not typed is as it was. Gives the words that would have been typed
/// for what is nowhere else in the record: the next one may be measured against
/// this hunt.
fn like_the_baseline(typed: &mut Cli, baseline: &Baseline) -> Vec<OsString> {
    let Ok(was) = baseline.manifest() else { return Vec::new() };
    if typed.command.is_empty() {
        let words = was.command.iter().filter_map(Text::to_os);
        typed.command = words.collect();
        if typed.cwd.is_none() {
            typed.cwd = was.cwd.to_os().map(Into::into);
        }
    }
    let Options { pass, fail, ignore, timeout, .. } = &was.options;
    if [&typed.pass, &typed.fail, &typed.ignore].iter().all(|p| p.is_none()) {
        typed.pass.clone_from(pass);
        typed.fail.clone_from(fail);
        typed.ignore.clone_from(ignore);
    }
    if typed.timeout.is_none() {
        typed.timeout.clone_from(timeout);
    }
    let mut options = Vec::new();
    if let Some(asked) = again::options(was) {
        let all = equipment(typed, was, asked);
        options.extend(all.into_iter().map(|(option, value)| {
            let mut word = OsString::from(option);
            word.push(value);
            word
        }));
    }
    options
}

/// What the suite runs with, and what is known of its failures, where that is
/// not typed: each option with its value.
fn equipment(
    typed: &mut Cli,
    was: &Manifest,
    asked: Cli,
) -> Vec<(&'static str, OsString)> {
    let mut all = Vec::new();
    // Paths are what they were where gocrash was called.
    let called_in = was.called_in.to_os().map(PathBuf::from);
    let place = |path: PathBuf| match &called_in {
        Some(dir) => dir.join(path),
        None => path,
    };
    // Of one name, what is typed later counts.
    all.extend(asked.env.iter().map(|word| ("--env=", word.clone())));
    typed.env.splice(0..0, asked.env);
    if let (None, Some(rules)) = (&typed.rules, asked.rules.map(place)) {
        all.push(("--rules=", rules.clone().into()));
        typed.rules = Some(rules);
    }
    if typed.results.is_empty() {
        let results = asked.results.iter();
        all.extend(results.map(|glob| ("--results=", glob.clone())));
        typed.results = asked.results;
    }
    if let (None, Some(prepare)) = (&typed.prepare, asked.prepare) {
        all.push(("--prepare=", prepare.clone()));
        typed.prepare = Some(prepare);
    }
    if let (None, Some(at)) = (&typed.at, asked.at.map(place)) {
        all.push(("--at=", at.clone().into()));
        typed.at = Some(at);
    }
    if let (None, Some(pace)) = (&typed.pace, asked.pace) {
        all.push(("--pace=", (&pace).into()));
        typed.pace = Some(pace);
    }
    for (option, is_typed, was_typed) in [
        ("--private-tmp", &mut typed.private_tmp, asked.private_tmp),
        ("--cores", &mut typed.cores, asked.cores),
    ] {
        if was_typed && !*is_typed {
            all.push((option, OsString::new()));
            *is_typed = true;
        }
    }
    all
}

fn refuse_limits(typed: &Cli) -> Result<(), Refusal> {
    let option = [
        ("--max-runs", typed.max_runs != "none"),
        ("--max-fails", typed.max_fails != "1"),
        ("--stop-after", typed.stop_after.is_some()),
    ]
    .into_iter()
    .find_map(|(option, is_typed)| is_typed.then_some(option));
    match option {
        None => Ok(()),
        Some(option) => Err(Refusal::new(
            format!(
                "`{option}` is not for `verify-fix`, which works out how \
                     many runs it takes and ends at the first failure"
            ),
            "leave it out; `--max-time` is a limit, and `--confidence` says \
             how sure to be",
        )),
    }
}

fn cannot_tell(baseline: &Baseline, confidence: &str) -> Refusal {
    let Baseline { name, .. } = baseline;
    let rate = baseline.rate();
    match rate.fails {
        0 => Refusal::new(
            format!("nothing failed in `{name}`: there is nothing to fix"),
            "name a hunt in which it failed; `gocrash list` shows those there \
             are",
        ),
        _ => Refusal::new(
            format!("after {rate} no number of runs makes {confidence} sure"),
            "find it more often first, or be less sure: `--confidence 95%`",
        ),
    }
}

/// What they are not alike in, where they are compared all the same.
fn forced(
    baseline: &Baseline,
    config: &Config,
) -> anyhow::Result<Option<Forced>> {
    let was = match baseline.manifest() {
        Ok(was) => was,
        Err(why) => {
            return Ok(Some(Forced {
                what: format!("cannot tell whether it was like this: {why}"),
                note: "it may not be the same suite".to_owned(),
            }));
        }
    };
    let differences = differences(was, config)?;
    if differences.is_empty() {
        return Ok(None);
    }
    let what: Vec<_> = differences.iter().map(Difference::told).collect();
    let names: Vec<_> = differences.iter().map(|d| d.what).collect();
    Ok(Some(Forced {
        what: what.join("; "),
        note: format!("not the same {}", names.join(", ")),
    }))
}

fn refuse_differences(
    baseline: &Baseline,
    config: &Config,
) -> anyhow::Result<()> {
    let name = &baseline.name;
    let force = "compare them all the same: `--force`";
    let was = baseline.manifest().map_err(|why| {
        Refusal::new(
            format!("cannot tell whether `{name}` was like this: {why}"),
            force,
        )
    })?;
    let differences = differences(was, config)?;
    if differences.is_empty() {
        return Ok(());
    }
    let all: Vec<_> = differences.iter().map(Difference::to_string).collect();
    let remedies = differences.into_iter().filter_map(|d| d.remedy);
    let mut remedies: Vec<String> = remedies.collect();
    remedies.push(match remedies.is_empty() {
        true => force.to_owned(),
        false => format!("or {force}"),
    });
    anyhow::bail!(Refusal::new(
        format!("cannot compare: `{name}` had {}", all.join("; ")),
        remedies.join(", "),
    ))
}

/// From here on it would be rounded to certainty.
const PERCENT_MAX: f64 = 99.999_999_999_9;

/// A share of all cases, as a percentage.
fn confidence(typed: &str) -> Result<f64, Refusal> {
    let digits = typed.strip_suffix('%').unwrap_or_default();
    let is_plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match digits.parse::<f64>() {
        Ok(percent) if is_plain && (50.0..PERCENT_MAX).contains(&percent) => {
            // Not 0.9990000000000001.
            Ok((percent * 1e10).round() / 1e12)
        }
        _ => Err(Refusal::new(
            format!("`--confidence {typed}` is not how sure one can be"),
            "write a percentage from 50% on, as in `--confidence 99%`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_confidence_is_a_percentage() {
        assert_eq!(confidence("99%").unwrap(), 0.99);
        assert_eq!(confidence("99.9%").unwrap(), 0.999);
        for bad in [
            "99",
            "0.99",
            "100%",
            "%",
            "-99%",
            "99.99999999999%",
            "5e1%",
            "NaN%",
        ] {
            assert!(confidence(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_time_is_that_of_the_thread_with_the_most_runs() {
        let minute = Duration::from_secs(60);
        assert_eq!(expected(minute, 201, 8), 26 * minute);
    }
}
