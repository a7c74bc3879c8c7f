//! Times, parts and sizes as a person would say them.

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

/// A part of one as a percentage, with two digits that mean something.
pub(crate) fn percent(part: f64) -> String {
    let percent = part * 100.0;
    let decimals = match percent {
        p if p <= 0.0 => return "0%".to_owned(),
        p if p >= 9.95 => 0,
        p if p >= 0.995 => 1,
        // A part below 1e-12 is none that anybody counted.
        p => (1.0 - p.max(1e-12).log10().floor()) as usize,
    };
    let text = format!("{percent:.decimals$}");
    match text.contains('.') {
        true => {
            let text = text.trim_end_matches('0').trim_end_matches('.');
            format!("{text}%")
        }
        false => format!("{text}%"),
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

    #[test]
    fn a_part_has_two_digits_at_most() {
        let parts = [0.0, 1.0, 3.0 / 214.0, 0.5, 1e-4, 0.003, 0.0999, 0.00995];
        assert_eq!(
            parts.map(percent),
            ["0%", "100%", "1.4%", "50%", "0.01%", "0.3%", "10%", "1%"]
        );
    }
}
