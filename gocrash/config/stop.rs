//! When a hunt ends, and what in the output decides.

use std::time::Duration;

use regex::bytes::{Regex, RegexBuilder};

use crate::attempt::patterns::Patterns;
use crate::cli::Cli;
use crate::refusal::Refusal;
use crate::stats::Limits;

/// How people lift a limit.
const NO_LIMIT: &str = "none";
/// So long is any time that can be meant.
const TIME_MAX: Duration = Duration::from_secs(100 * 365 * 86_400);

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
            time: match typed.max_time.as_str() {
                NO_LIMIT => None,
                time => Some(duration("--max-time", time)?),
            },
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

/// `90s`, `15m`, `8h`, `2d`, or several of them in a row.
fn duration(option: &str, typed: &str) -> Result<Duration, Refusal> {
    seconds(typed)
        .filter(|time| !time.is_zero() && *time <= TIME_MAX)
        .ok_or_else(|| {
            Refusal::new(
                format!("`{option} {typed}` is not a time"),
                format!("write it as in `{option} 90m` or `{option} 1d12h`"),
            )
        })
}

fn seconds(typed: &str) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    let mut rest = typed;
    while !rest.is_empty() {
        let digits = |c: char| c.is_ascii_digit() || c == '.';
        let (number, unit) = rest.split_at(rest.find(|c| !digits(c))?);
        let end = unit.find(digits).unwrap_or(unit.len());
        let seconds = match &unit[..end] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        let number: f64 = number.parse().ok()?;
        let time = Duration::try_from_secs_f64(number * seconds).ok()?;
        sum = sum.checked_add(time)?;
        rest = &unit[end..];
    }
    Some(sum)
}

/// A time as it could have been typed.
pub(crate) fn shown(time: Duration) -> String {
    let ms = time.as_millis();
    let units: [(u128, &str); 5] = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1000, "s"),
        (1, "ms"),
    ];
    let mut rest = ms;
    let mut text = String::new();
    for (unit, letter) in units {
        if rest >= unit {
            text += &format!("{}{letter}", rest / unit);
            rest %= unit;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
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
    fn a_time_is_read_as_people_write_it() {
        let read = |typed| seconds(typed).map(|time| time.as_millis());
        assert_eq!(read("90s"), Some(90_000));
        assert_eq!(read("1d12h"), Some(36 * 3_600_000));
        assert_eq!(read("1.5h"), Some(5_400_000));
        assert_eq!(read("250ms"), Some(250));
        for bad in ["90", "h", "1w", "-1s", "1 h", "1h2", "1e3s", "1..s"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        for typed in ["1d12h", "1m30s", "250ms", "2h1s"] {
            assert_eq!(shown(seconds(typed).unwrap()), typed);
        }
        assert!(duration("--max-time", "0s").is_err());
        assert!(duration("--max-time", "").is_err());
        assert!(duration("--max-time", "99999999d").is_err());
    }

    #[test]
    fn a_limit_is_a_number_or_none() {
        let read = |typed| count("--max-runs", typed).ok();
        assert_eq!(read("7"), Some(Some(7)));
        assert_eq!(read("none"), Some(None));
        assert_eq!((read("0"), read("-1"), read("")), (None, None, None));
    }
}
