//! What the race detector reports.

use crate::triage::class::Class;
use crate::triage::failure::{Failure, Place};
use crate::triage::text::Line;

const LINES_MAX: usize = 400;

/// Reads a report from its first line on; gives where it ends.
pub(super) fn read(lines: &[Line<'_>], at: usize) -> (Failure, usize) {
    let limit = lines.len().min(at + LINES_MAX);
    let is_bar = |line: &Line<'_>| line.text.starts_with("========");
    let end = (at + 1..limit)
        .find(|i| is_bar(&lines[*i]))
        .map_or(limit, |bar| bar + 1);
    let report = &lines[at..end];
    let mut failure = Failure::of_lines(Class::Race, &message(report), report);
    let access = report.iter().position(|line| is_access(&line.text));
    if let Some(first) = access {
        if let Some((function, place)) = frame(&report[first + 1..]) {
            failure.function = function.to_owned();
            if let Some(place) = place {
                failure.is_at(place);
            }
        }
    }
    (failure, end)
}

/// `data race: write, previous read`: without addresses and goroutines.
fn message(report: &[Line<'_>]) -> String {
    let accesses: Vec<String> = report
        .iter()
        .filter(|line| is_access(&line.text))
        .filter_map(|line| line.text.trim().split(" at 0x").next())
        .map(str::to_lowercase)
        .take(2)
        .collect();
    format!("data race: {}", accesses.join(", "))
}

fn is_access(line: &str) -> bool {
    let line = line.trim();
    line.contains(" at 0x") && line.contains(" by ") && line.ends_with(':')
}

/// The first function that is the program's own: the runtime's maps and
/// slices are never the ones that race.
fn frame<'a>(lines: &'a [Line<'_>]) -> Option<(&'a str, Option<Place<'a>>)> {
    let mut first = None;
    for (i, line) in lines.iter().enumerate() {
        if line.is_blank() {
            break;
        }
        let Some(function) = line.text.trim().strip_suffix("()") else {
            continue;
        };
        let place = lines.get(i + 1).map(|line| line.text.trim());
        let place = place.and_then(|text| Place::read(text, ".go"));
        let found = (function, place.map(|(place, _)| place));
        if !function.starts_with("runtime.") {
            return Some(found);
        }
        first = first.or(Some(found));
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::text;

    /// As the race detector's manual shows a report, with the lines that the
    /// test framework adds.
    const LOG: &str = "\
==================
WARNING: DATA RACE
Read at 0x00c0000b4018 by goroutine 8:
  runtime.mapaccess1_faststr()
      /usr/lib/go/src/runtime/map_faststr.go:13 +0x0
  example.org/race.(*counter).add()
      /tank/race/race_test.go:7 +0x44
  example.org/race.TestCounter.func1()
      /tank/race/race_test.go:13 +0x2e

Previous write at 0x00c0000b4018 by goroutine 7:
  example.org/race.TestCounter()
      /tank/race/race_test.go:16 +0x11c

Goroutine 8 (running) created at:
  example.org/race.TestCounter()
      /tank/race/race_test.go:12 +0x10e
==================
--- FAIL: TestCounter (0.00s)
    testing.go:1312: race detected during execution of test
FAIL
FAIL\texample.org/race\t0.012s
";

    #[test]
    fn a_race_and_the_test_that_fails_for_it_are_one_failure() {
        let lines = text::lines(LOG.as_bytes());
        let failures = crate::triage::go::read(&[lines]);
        let [failure] = &failures[..] else { panic!("{failures:#?}") };
        assert_eq!(failure.class, Class::Race);
        assert_eq!(failure.message, "data race: read, previous write");
        assert_eq!(failure.function, "example.org/race.(*counter).add");
        assert_eq!((&*failure.file, failure.line), ("race_test.go", Some(7)));
        assert_eq!(failure.test, "TestCounter");
        assert_eq!(failure.package, "example.org/race");
    }
}
