//! Times and counts as a person would say them.

use std::time::Duration;

/// `0.3s`, `12.3s`, `3m40s`, `1h05m`.
pub(crate) fn seconds(took: Duration) -> String {
    match took.as_secs() {
        0..60 => format!("{:.1}s", took.as_secs_f64()),
        _ => clock(took),
    }
}

/// `5s`, `3m40s`, `1h05m`: what a clock shows that ticks once a second.
pub(crate) fn clock(took: Duration) -> String {
    let whole = took.as_secs();
    match whole {
        0..60 => format!("{whole}s"),
        60..3600 => format!("{}m{:02}s", whole / 60, whole % 60),
        _ => format!("{}h{:02}m", whole / 3600, whole % 3600 / 60),
    }
}

/// A duration that may be far below a second: `0`, `5ms`, `0.3s`, `1h05m`.
pub(crate) fn fine(took: Duration) -> String {
    match took.as_millis() {
        0 => "0".to_owned(),
        ms @ 1..1000 => format!("{ms}ms"),
        _ => seconds(took),
    }
}

/// `1 run`, `2 runs`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_as_a_person_would_say_it() {
        let say = |ms| seconds(Duration::from_millis(ms));
        assert_eq!(say(320), "0.3s");
        assert_eq!(say(12_340), "12.3s");
        assert_eq!(say(220_000), "3m40s");
        assert_eq!(say(3_900_000), "1h05m");
        assert_eq!(clock(Duration::from_millis(5_900)), "5s");
    }
}
