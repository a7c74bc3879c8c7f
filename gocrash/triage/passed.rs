//! Whether a log tells of no failure.

use super::text::Line;
use super::{go, plain, suite};

/// How lines begin that tell of no failure, whatever words are in them.
const HARMLESS: [&str; 3] = ["Checking ", "Compiling ", "Downloaded "];

/// What a suite prints from one line to another, if all went well.
struct Suite {
    begins: fn(&str) -> bool,
    passed: fn(&str) -> bool,
}

const SUITES: [Suite; 5] = [
    Suite { begins: |text| text.starts_with("=== RUN "), passed: go_passed },
    Suite { begins: cargo_begins, passed: cargo_passed },
    Suite { begins: nextest_begins, passed: nextest_passed },
    Suite { begins: pytest_begins, passed: pytest_passed },
    Suite {
        begins: |text| text.starts_with("Test project "),
        passed: |text| text.starts_with("100% tests passed"),
    },
];

/// Words that no log has which tells of nothing; few, since those that complain
/// say what went wrong.
const SUSPICIOUS: [&str; 8] = [
    "exit status ",
    "exited with ",
    "killed",
    "terminated",
    "timed out",
    "core dumped",
    "traceback",
    "illegal instruction",
];

/// No line complains that is not of a suite which passed. Tests that passed in
/// the end may have failed before.
pub(super) fn says(outputs: &[Vec<Line<'_>>]) -> bool {
    outputs.iter().all(|log| !complains(&go::unpacked(log)))
        && go::read(outputs).is_empty()
        && suite::read(outputs).iter().all(|failure| failure.is_flaky)
}

fn complains(lines: &[Line<'_>]) -> bool {
    let is_tap = match suite::tap_passed(lines) {
        Some(false) => return true,
        passed => passed.is_some(),
    };
    // What a suite complains of is its own affair, until it is known how that
    // ended.
    let mut inside = false;
    let mut complained = false;
    for Line { text, .. } in lines {
        if SUITES.iter().any(|suite| (suite.passed)(text)) {
            inside = false;
            complained = false;
        } else if SUITES.iter().any(|suite| (suite.begins)(text)) {
            inside = true;
        } else if is_suspicious(text) && !is_harmless(text, is_tap) {
            complained = true;
            if !inside {
                break;
            }
        }
    }
    complained
}

fn is_suspicious(text: &str) -> bool {
    let lower = text.to_lowercase();
    plain::complains(text) || SUSPICIOUS.iter().any(|word| lower.contains(word))
}

fn is_harmless(text: &str, is_tap: bool) -> bool {
    let text = text.trim_start();
    // What a test says beside the protocol.
    let is_said = is_tap && text.starts_with(['#', 'o', 'n']);
    is_said
        || text.starts_with("warning: ")
        || text.starts_with("?   \t")
        || HARMLESS.iter().any(|begin| text.starts_with(begin))
}

fn go_passed(text: &str) -> bool {
    text == "PASS" || text == "ALL TESTS PASSED" || text.starts_with("ok  \t")
}

fn cargo_begins(text: &str) -> bool {
    text.starts_with("running ") && text.trim_end_matches('s').ends_with("test")
}

fn cargo_passed(text: &str) -> bool {
    let counts = text.strip_prefix("test result: ok. ");
    counts.is_some_and(|counts| counts.contains(" 0 failed;"))
}

fn nextest_begins(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with("Starting ") && text.contains(" across ")
}

/// `Summary [   0.040s] 3 tests run: 3 passed (1 flaky), 1 skipped`
fn nextest_passed(text: &str) -> bool {
    let counts = text.trim_start().strip_prefix("Summary [").and_then(|text| {
        let (run, rest) = text.split_once("] ")?.1.split_once(" run: ")?;
        Some((run.split(' ').next()?, rest.split_once(" passed")?.0))
    });
    counts.is_some_and(|(run, passed)| run == passed)
}

fn pytest_begins(text: &str) -> bool {
    text.contains("= test session starts =")
        || text.contains("= warnings summary =")
}

/// `==== 1 passed, 1 xfailed, 1 warning in 0.03s ====`
fn pytest_passed(text: &str) -> bool {
    let text = text.trim_matches('=').trim();
    let Some((counts, time)) = text.rsplit_once(" in ") else { return false };
    let mut words = counts.split(", ").map(|count| count.split_once(' '));
    let is_count = |word: Option<(&str, &str)>| {
        word.is_some_and(|(count, what)| {
            count.bytes().all(|byte| byte.is_ascii_digit())
                && !what.starts_with("fail")
                && !what.starts_with("error")
        })
    };
    time.starts_with(|c: char| c.is_ascii_digit())
        && counts.contains(" passed")
        && words.all(is_count)
}

#[cfg(test)]
mod tests {
    use crate::triage::{passed, read};

    #[test]
    fn a_log_that_only_passed_is_told_from_one_that_failed() {
        for log in [
            "",
            "test_take (queue.Test) ... ok\n\nRan 1 test in 0.1s\n\nOK\n",
            "PASS\nok  \tnet/errors\t0.1s\n",
            "ok  \tos\t(cached)\n?   \tpanics\t[no test files]\n",
            r#"{"Action":"output","Package":"fatal","Output":"PASS\n"}"#,
            "=== RUN   TestError\n--- PASS: TestError (0.00s)\nPASS\n",
            "   Compiling thiserror v1.0.0\nwarning: unused variable: `error`\n\
             test result: ok. 1 passed; 0 failed; 0 ignored\n",
            "running 1 test\ntest fails ... ok\n\ntest result: ok. 1 passed; \
             0 failed; 0 ignored; 0 measured; 0 filtered out\n",
        ] {
            assert!(passed(&[log.as_bytes()]), "{log}");
        }
        for log in [
            "=== RUN   TestError\n    x_test.go:1: error\n",
            "=== RUN   Test\n--- PASS: Test (0.00s)\nPASS\nfatal: no space\n",
            "error: cannot build\n1 passed in 0.02s\n",
            "1 failed, 1 passed in 0.02s\n",
            "Summary [   0.040s] 3 tests run: 2 passed, 1 timed out\n",
            "ok 1 - one\nnot ok 2 - two\n1..2\n",
            "ok 1 - one\n1..2\n",
            "0% tests passed, 1 tests failed out of 1\n",
            "done\nTerminated\n",
            "PASS\nexit status 2: fatal\n",
            "ok  \tos\t0.1s\nFAIL\tnet\t0.1s\n",
            "test result: ok. 1 passed; 2 failed; 0 ignored\n",
            "test result: ok. 1 passed; 0 failed; 0 ignored\n\
             test result: FAILED. 1 passed; 1 failed; 0 ignored\n",
        ] {
            assert!(!passed(&[log.as_bytes()]), "{log}");
            // It was given to be explained.
            assert!(!read(&[log.as_bytes()]).is_empty(), "{log}");
        }
    }
}
