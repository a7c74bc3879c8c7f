//! What the environment asks for: replays without touching the source.

use std::env;
use std::time::Duration;

/// The values of `MCHK_SEED`, `MCHK_CASE` and `MCHK_TIME`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// Make only the run of this seed.
    pub(crate) seed: Option<u64>,
    /// Make only the run of this case: JSON, or the path of a file of it.
    pub(crate) case: Option<String>,
    /// How long to search, whatever the source says.
    pub(crate) time: Option<Duration>,
}

impl Environment {
    pub(crate) fn read() -> Result<Environment, String> {
        let seed = variable("MCHK_SEED")?
            .map(|text| {
                parse_seed(&text).ok_or_else(|| {
                    format!("`MCHK_SEED` is no number of 64 bits: `{text}`")
                })
            })
            .transpose()?;
        let time = variable("MCHK_TIME")?
            .map(|text| {
                parse_time(&text).ok_or_else(|| {
                    format!(
                        "`MCHK_TIME` is no time: `{text}`\n\
                         help: seconds, or a number followed by ms, s, m or h"
                    )
                })
            })
            .transpose()?;
        Ok(Environment { seed, case: variable("MCHK_CASE")?, time })
    }
}

fn variable(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(format!("`{name}`: {error}")),
    }
}

fn parse_seed(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn parse_time(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic());
    let (number, unit) = text.split_at(unit_at.unwrap_or(text.len()));
    let seconds = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let number: f64 = number.trim().parse().ok()?;
    Duration::try_from_secs_f64(number * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seeds_as_they_are_printed() {
        assert_eq!(parse_seed("0x00000000000000ff"), Some(255));
        assert_eq!(parse_seed("255"), Some(255));
        assert_eq!(parse_seed("ff"), None);
    }

    #[test]
    fn reads_times_with_and_without_units() {
        assert_eq!(parse_time("90"), Some(Duration::from_secs(90)));
        assert_eq!(parse_time("1.5m"), Some(Duration::from_secs(90)));
        assert_eq!(parse_time("20ms"), Some(Duration::from_millis(20)));
        assert_eq!(parse_time("-1"), None);
        assert_eq!(parse_time("soon"), None);
    }
}
