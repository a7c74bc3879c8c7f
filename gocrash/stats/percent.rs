//! Shares of all cases as percentages: those that were counted, and those that
//! somebody chose.

/// A share that was counted, without the sign.
pub(crate) fn counted(share: f64, decimals: usize) -> String {
    let percent = share * 100.0;
    if share == 0.0 || share == 1.0 {
        return format!("{percent:.0}");
    }
    // What is no certainty is not to look like one.
    if percent > 99.0 {
        return ">99".to_owned();
    }
    format!("{percent:.decimals$}")
}

/// The decimals of a percentage with two digits that count.
pub(crate) fn decimals(share: f64) -> usize {
    match first_digit(share) {
        // 10 and more have both of them before the point.
        0 if share >= 0.0995 => 0,
        0 => 1,
        first => first + 1,
    }
}

/// The decimals of a percentage up to its first digit that counts.
pub(crate) fn first_digit(share: f64) -> usize {
    let mut decimals = 0;
    let mut percent = share * 100.0;
    while percent > 0.0 && percent < 0.95 {
        percent *= 10.0;
        decimals += 1;
    }
    decimals
}

/// A share that somebody chose: all of it, with its sign.
pub(crate) fn chosen(share: f64) -> String {
    // Not 99.89999999999999.
    let digits = format!("{:.10}", share * 100.0);
    format!("{}%", digits.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_has_two_digits_that_count() {
        let shares = [0.0, 1.0, 3.0 / 214.0, 0.5, 1e-4, 0.003, 0.0999, 0.999];
        assert_eq!(
            shares.map(|share| counted(share, decimals(share))),
            ["0", "100", "1.4", "50", "0.010", "0.30", "10", ">99"]
        );
    }

    #[test]
    fn what_was_chosen_is_as_it_was_chosen() {
        let shares = [0.99, 0.999, 0.5, 0.975, 0.999_999_999];
        let typed = ["99%", "99.9%", "50%", "97.5%", "99.9999999%"];
        assert_eq!(shares.map(chosen), typed);
    }
}
