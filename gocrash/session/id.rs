//! What hunts are called for short: the end of the number in their names, as
//! much of it as no other has.

use crate::slate::found::{Found, number_of};

/// Fewer digits are mistaken for a count.
const DIGITS_MIN: usize = 4;

/// The short name of each. One whose name another has too, and a copy, has only
/// its whole name.
pub(super) fn ids(found: &[Found]) -> Vec<String> {
    let numbers: Vec<Option<String>> = found
        .iter()
        .map(|one| {
            let number = number_of(&one.session)?;
            (!one.is_copy).then(|| number.to_string())
        })
        .collect();
    let shortest = |at: usize| {
        let number = numbers[at].as_ref()?;
        let others = || {
            let all = numbers.iter().enumerate();
            all.filter(|(i, _)| *i != at).filter_map(|(_, n)| n.as_ref())
        };
        (DIGITS_MIN.min(number.len())..=number.len())
            .map(|digits| &number[number.len() - digits..])
            .find(|tail| !others().any(|other| other.ends_with(tail)))
    };
    (0..found.len())
        .map(|at| shortest(at).unwrap_or(&found[at].name).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::reader::Reader;
    use crate::slate::found::Kind;

    fn found(name: &str, is_copy: bool) -> Found {
        Found {
            session: name.rsplit('/').next().unwrap().to_owned(),
            name: name.to_owned(),
            snapshot: None,
            kind: Kind::Zfs,
            is_copy,
            is_stray: false,
            is_alive: false,
            owner: Reader::own(),
            reader: Reader::own(),
            slates: Vec::new(),
            record: Err(String::new()),
        }
    }

    #[test]
    fn an_id_is_the_shortest_end_that_no_other_has() {
        let all = [
            found("a/gocrash-1667584742470", false),
            found("a/gocrash-1667584712470", false),
            found("a/gocrash-1667584741234", false),
            found("b/gocrash-1667584741234", true),
            found("a/gocrash-7", false),
            found("a/gocrash-9876543", false),
            found("b/gocrash-9876543", false),
        ];
        let expected = [
            "42470",
            "12470",
            "1234",
            "b/gocrash-1667584741234",
            "7",
            "a/gocrash-9876543",
            "b/gocrash-9876543",
        ];
        assert_eq!(ids(&all), expected);
    }
}
