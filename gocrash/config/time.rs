//! Times as people write them: `30s`, `5m`, `1h30m`; and parts of a median.

use std::time::Duration;

use crate::attempt::timer::Timeout;
use crate::refusal::Refusal;

/// Longer than any hunt.
const TIME_MAX: Duration = Duration::from_secs(100 * 365 * 86_400);
/// A run that takes as long as most do does not hang.
const PERCENT_MIN: u32 = 101;
const PERCENT_MAX: u32 = 100_000;

pub(super) fn timeout(typed: &str) -> Result<Timeout, Refusal> {
    let help = "write a time, `--timeout 1h30m`, or a part of the median of \
                the runs that passed, `--timeout 300%`";
    let refused =
        |why: &str| Refusal::new(format!("`--timeout {typed}` {why}"), help);
    if typed == "none" {
        return Ok(Timeout::None);
    }
    let Some(percent) = typed.strip_suffix('%') else {
        return limit(typed)
            .map(Timeout::After)
            .ok_or_else(|| refused("is not a time"));
    };
    match percent.parse() {
        Ok(percent @ PERCENT_MIN..=PERCENT_MAX) => {
            Ok(Timeout::OfMedian(percent))
        }
        Ok(0..PERCENT_MIN) => Err(refused("would end half of all runs")),
        _ => Err(refused("is no part of a median")),
    }
}

pub(super) fn pace(typed: &str) -> Result<Duration, Refusal> {
    limit(typed).ok_or_else(|| {
        Refusal::new(
            format!("`--pace {typed}` is not a time"),
            "write a time, `--pace 500ms`, or leave it out",
        )
    })
}

/// A time that something may take.
pub(super) fn limit(typed: &str) -> Option<Duration> {
    duration(typed).filter(|time| !time.is_zero() && *time <= TIME_MAX)
}

fn duration(typed: &str) -> Option<Duration> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_people_write_it() {
        let read = |typed| duration(typed).map(|time| time.as_millis());
        assert_eq!(read("90s"), Some(90_000));
        assert_eq!(read("1d12h"), Some(36 * 3_600_000));
        assert_eq!(read("1.5h"), Some(5_400_000));
        assert_eq!(read("250ms"), Some(250));
        for bad in ["90", "h", "1w", "-1s", "1 h", "1h2", "1e3s", "1..s"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        for typed in ["1d12h", "1m30s", "250ms", "2h1s"] {
            assert_eq!(shown(duration(typed).unwrap()), typed);
        }
    }

    #[test]
    fn a_timeout_is_a_time_or_a_part_of_the_median() {
        let say = |typed| timeout(typed).ok().map(|t| t.to_string());
        for typed in ["30s", "5m", "1h30m", "300%", "none", "250ms"] {
            assert_eq!(say(typed).as_deref(), Some(typed));
        }
        assert_eq!(say("1.5h").as_deref(), Some("1h30m"));
        assert_eq!(say("90m").as_deref(), Some("1h30m"));
        for bad in ["", "30", "s", "0s", "-1s", "1e3s", "100%", "%", "9w"] {
            assert_eq!(say(bad), None, "{bad}");
        }
    }
}
