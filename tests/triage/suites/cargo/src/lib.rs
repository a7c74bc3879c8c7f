//! A queue whose tests fail.

/// Doubles, it says.
///
/// ```
/// assert_eq!(flaky::double(2), 5);
/// ```
pub fn double(number: u32) -> u32 {
    number * 2
}

#[cfg(feature = "broken")]
pub fn broken() -> u32 {
    "three"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles() {
        assert_eq!(double(2), 4);
    }

    #[test]
    fn doubles_twice() {
        let process = std::process::id();
        assert_eq!(double(double(1)), 5, "in process {process}");
    }

    #[test]
    fn finds_the_host() {
        let answer: Result<u32, String> = Err("no route to host".to_owned());
        answer.unwrap();
    }

    #[test]
    fn fails_by_itself() -> Result<(), std::num::ParseIntError> {
        "three".parse::<u32>().map(|_| ())
    }

    #[test]
    #[should_panic(expected = "overflow")]
    fn never_panics() {}
}
