//! What may have been meant by a word that is nowhere known.

/// How much a word must look like another one to be taken for it, from 0 to 1:
/// the similarity of Jaro and Winkler.
pub(crate) const LIKENESS_MIN: f64 = 0.7;

/// The one that looks most like it, if that is at least so much.
pub(crate) fn nearest<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
    likeness_min: f64,
) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(typed, name), name))
        .filter(|(likeness, _)| *likeness >= likeness_min)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_meant_if_any_is_near() {
        let known = ["list", "clean", "latest"];
        let meant = |typed| nearest(typed, known, LIKENESS_MIN);
        assert_eq!(meant("lits"), Some("list"));
        assert_eq!(meant("latset"), Some("latest"));
        assert_eq!(meant("zebra"), None);
        assert_eq!(nearest("lits", [], LIKENESS_MIN), None);
    }
}
