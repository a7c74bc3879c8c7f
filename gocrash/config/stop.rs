//! When a hunt ends, and what in the output decides.

use std::time::Duration;

use regex::bytes::{Regex, RegexBuilder};

use super::time;
use crate::attempt::patterns::Patterns;
use crate::cli::Cli;
use crate::refusal::Refusal;
use crate::stats::Limits;

/// How people lift a limit.
const NO_LIMIT: &str = "none";

/// What ends a hunt, besides that every thread did its runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stop {
    pub(crate) limits: Limits,
    pub(crate) halt: Halt,
}

/// What becomes of attempts that run when a hunt is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Halt {
    /// They are killed, and count for nothing.
    Now,
    /// They finish.
    Soon,
}

impl Halt {
    /// As it is typed.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Halt::Now => "now",
            Halt::Soon => "soon",
        }
    }
}

impl Stop {
    pub(super) fn new(typed: &Cli) -> Result<Stop, Refusal> {
        let limits = Limits {
            fails: count("--max-fails", &typed.max_fails)?,
            runs: count("--max-runs", &typed.max_runs)?,
            time: limit_of_time(&typed.max_time)?,
        };
        Ok(Stop { limits, halt: typed.halt })
    }
}

pub(super) fn patterns(typed: &Cli) -> Result<Patterns, Refusal> {
    let read = |option, text: &Option<String>| {
        text.as_deref().map(|text| pattern(option, text)).transpose()
    };
    Ok(Patterns {
        pass: read("--pass", &typed.pass)?,
        fail: read("--fail", &typed.fail)?,
        ignore: read("--ignore", &typed.ignore)?,
    })
}

fn count(option: &str, typed: &str) -> Result<Option<u64>, Refusal> {
    let help = format!("write a number, or `{NO_LIMIT}` for any number");
    match typed.parse() {
        _ if typed == NO_LIMIT => Ok(None),
        Ok(0) => Err(Refusal::new(
            format!("`{option} 0` leaves nothing to run"),
            format!("the least is 1; `{option} {NO_LIMIT}` is no limit"),
        )),
        Ok(count) => Ok(Some(count)),
        Err(_) => Err(Refusal::new(
            format!("`{option} {typed}` is not a number"),
            help,
        )),
    }
}

fn limit_of_time(typed: &str) -> Result<Option<Duration>, Refusal> {
    if typed == NO_LIMIT {
        return Ok(None);
    }
    time::limit(typed).map(Some).ok_or_else(|| {
        Refusal::new(
            format!("`--max-time {typed}` is not a time"),
            format!(
                "write it as in `--max-time 90m` or `--max-time 1d12h`; \
                 `--max-time {NO_LIMIT}` is no limit"
            ),
        )
    })
}

/// `^` and `$` are of lines, as in grep.
fn pattern(option: &str, text: &str) -> Result<Regex, Refusal> {
    RegexBuilder::new(text).multi_line(true).build().map_err(|error| {
        Refusal::new(
            format!("`{option}` is not a regular expression: {error}"),
            "put a `\\` before what is meant literally; \
             https://docs.rs/regex tells the syntax",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_time_is_a_time_or_none() {
        let read = |typed| limit_of_time(typed).ok();
        assert_eq!(read("none"), Some(None));
        assert_eq!(read("90s"), Some(Some(Duration::from_secs(90))));
        for bad in ["0s", "", "7", "99999999d"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_limit_is_a_number_or_none() {
        let read = |typed| count("--max-runs", typed).ok();
        assert_eq!(read("7"), Some(Some(7)));
        assert_eq!(read("none"), Some(None));
        assert_eq!((read("0"), read("-1"), read("")), (None, None, None));
    }
}
