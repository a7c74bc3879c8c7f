//! Whether a log says plainly that nothing failed.

use super::text::Line;
use super::{go, plain, suite};

/// How lines begin that tell of no failure, whatever words are in them.
const HARMLESS: [&str; 10] = [
    "Checking ",
    "Compiling ",
    "Downloaded ",
    "warning: ",
    "=== ",
    "--- PASS: ",
    "--- SKIP: ",
    "ok  \t",
    "?   \t",
    "test result: ok. ",
];

/// A suite says so, and no line complains.
pub(super) fn says(outputs: &[Vec<Line<'_>>]) -> bool {
    let all: Vec<_> = outputs.iter().map(|log| go::unpacked(log)).collect();
    let lines = || all.iter().flatten();
    lines().any(|line| is_verdict(&line.text))
        && !lines().any(|line| {
            !is_harmless(&line.text) && plain::complains(&line.text)
        })
        && go::read(outputs).is_empty()
        && suite::read(outputs).is_empty()
}

/// Of Go's tools, or of `cargo test`.
fn is_verdict(text: &str) -> bool {
    let of_cargo = text.strip_prefix("test result: ok. ");
    text == "PASS"
        || text == "ALL TESTS PASSED"
        || text.starts_with("ok  \t")
        || of_cargo.is_some_and(|counts| counts.contains(" 0 failed;"))
}

fn is_harmless(text: &str) -> bool {
    let text = text.trim_start();
    let is_test = text.starts_with("test ") && text.ends_with(" ... ok");
    is_test || HARMLESS.iter().any(|begin| text.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use crate::triage::{passed, read};

    #[test]
    fn a_log_that_only_passed_is_told_from_one_that_failed() {
        for log in [
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
            "",
            "done\n",
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
