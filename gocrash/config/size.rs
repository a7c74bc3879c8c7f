//! Sizes as ZFS writes them, `10G` or `512M`, and parts of a pool.

use crate::refusal::Refusal;
use crate::slate::room::MinFree;

const SUFFIXES: &str = "KMGTPE";
/// Below this, not even an empty slate would fit.
const QUOTA_MIN: u64 = 1 << 20;

pub(super) fn quota(typed: &str) -> Result<u64, Refusal> {
    let help = "write it as ZFS does: `--quota 10G`";
    match bytes(typed) {
        Some(bytes) if bytes >= QUOTA_MIN => Ok(bytes),
        Some(_) => Err(Refusal::new(
            format!("`--quota {typed}` leaves no room for a single run"),
            help,
        )),
        None => Err(not_a_size("--quota", typed, help)),
    }
}

pub(super) fn min_free(typed: &str) -> Result<MinFree, Refusal> {
    let help = "write a size, `--min-free 20G`, or a part of the pool, \
                `--min-free 5%`";
    let Some(percent) = typed.strip_suffix('%') else {
        return bytes(typed)
            .map(MinFree::Bytes)
            .ok_or_else(|| not_a_size("--min-free", typed, help));
    };
    match number(percent) {
        Some(percent) if percent < 100.0 => Ok(MinFree::Percent(percent)),
        _ => Err(Refusal::new(
            format!("`--min-free {typed}` is no part of a pool"),
            help,
        )),
    }
}

fn not_a_size(option: &str, typed: &str, help: &str) -> Refusal {
    Refusal::new(format!("`{option} {typed}` is not a size"), help)
}

/// Powers of 1024, with or without `B` or `iB`.
fn bytes(typed: &str) -> Option<u64> {
    let upper = typed.to_ascii_uppercase();
    let end = upper.find(|c: char| c.is_ascii_alphabetic());
    let (digits, suffix) = upper.split_at(end.unwrap_or(upper.len()));
    let power = match suffix.strip_suffix("IB").or(suffix.strip_suffix('B')) {
        Some("") if suffix == "B" => 0,
        unit => power(unit.unwrap_or(suffix))?,
    };
    // Whole numbers are not to lose digits.
    if let Ok(whole) = digits.parse::<u64>() {
        return whole.checked_mul(1 << (10 * power));
    }
    let bytes = number(digits)? * f64::from(1024).powi(power);
    (bytes < u64::MAX as f64).then_some(bytes as u64)
}

fn power(suffix: &str) -> Option<i32> {
    if suffix.is_empty() {
        return Some(0);
    }
    let mut letters = suffix.chars();
    let at = SUFFIXES.find(letters.next()?)?;
    let is_one = letters.next().is_none();
    is_one.then_some(i32::try_from(at).ok()? + 1)
}

/// Digits with a point among them, maybe; nothing else that Rust would read.
fn number(digits: &str) -> Option<f64> {
    let is_plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    digits.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_zfs_writes_them() {
        assert_eq!(bytes("512"), Some(512));
        assert_eq!(bytes("512B"), Some(512));
        assert_eq!(bytes("10G"), Some(10 << 30));
        assert_eq!(bytes("10gb"), Some(10 << 30));
        assert_eq!(bytes("10GiB"), Some(10 << 30));
        assert_eq!(bytes("1.5k"), Some(1536));
        assert_eq!(bytes("15E"), Some(15 << 60));
        for bad in ["", "G", "-1G", "1e3", "16E", "1.G.", "10 G", "10X", "inf"]
        {
            assert_eq!(bytes(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_least_that_stays_free_is_a_size_or_a_part() {
        assert!(matches!(min_free("0"), Ok(MinFree::Bytes(0))));
        assert!(matches!(min_free("20G"), Ok(MinFree::Bytes(_))));
        let part = min_free("2.5%");
        assert!(matches!(part, Ok(MinFree::Percent(p)) if p == 2.5));
        assert!(min_free("100%").is_err());
        assert!(min_free("%").is_err());
        assert!(quota("1K").is_err());
    }
}
