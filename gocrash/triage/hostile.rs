//! Tests: logs, JUnit files and rules that nobody meant. Real ones are changed
//! in ways that are the same in every run, and some are made to be slow.

use std::time::{Duration, Instant};

use super::group::group;
use super::rules::Rules;
use super::signature::sign;
use super::tests::corpus;
use super::*;
use crate::fuzz::fuzz;

/// Of each log, so many variants.
const VARIANTS: usize = 60;
const READ_BYTES: usize = 20_000;
const SLOW_BYTES: usize = 1 << 17;
/// A hundred times what it takes: only what grows with the square is slower.
const LIMIT: Duration = Duration::from_secs(60);

/// Words that mean something to some reader.
const WORDS: [&str; 30] = [
    "panic: ",
    "fatal error: ",
    "SIGQUIT: quit\n",
    "goroutine 1 [running]:\n",
    "runtime stack:\n",
    "created by x.TestY\n",
    "testing.tRunner(0x1)\n\t/x.go:1 +0x1\n",
    "--- FAIL: Test/a/b (0.00s)\n",
    "    x_test.go:1: ",
    "FAIL\tpkg\t0.1s\n",
    "FAIL\tpkg [build failed]\n",
    "# pkg [pkg.test]\n",
    "==================\nWARNING: DATA RACE\nWrite at 0x1 by x:\n  f()\n",
    "=== RUN   TestX\n",
    "{\"Action\":\"output\",\"Package\":\"p\",\"Output\":\"FAIL\\n\"}\n",
    "running 3 tests\ntest x ... FAILED\n",
    "---- x stdout ----\nthread 'x' panicked at ",
    "failures:\n",
    "error[E1]: x\n --> a.rs:1:2\nerror: could not compile `x`\n",
    "  TRY 1 FAIL [ 1.0s] (1/2) a b\n",
    "____ x ____\nE  y\n",
    "==== short test summary info ====\nFAILED a.py::b[c - d] - e\n",
    "The following tests FAILED:\n\t1 - x (Timeout)\n",
    "1/1 Test #1: x ....***Failed\n",
    "not ok 1 - x\n#   Failed test 'x'\n#   at y line 1.\n",
    "<testsuite><testcase name='a'><failure message='b'>",
    "</failure></testcase></testsuite>",
    "&amp;&#x110000;&no;<![CDATA[",
    "\u{1b}[31m\u{1b}[",
    "\u{fffd}\u{2026}é\r",
];

/// What must hold of all that is read, whatever it was.
fn check(outputs: &[&[u8]]) {
    let signatures = sign(read(outputs));
    assert!(!signatures.is_empty());
    for signature in &signatures {
        assert!(signature.title().chars().count() <= 170);
        assert!(signature.failure.essence.len() <= 64);
        assert!(!signature.failure.message.contains('\n'));
    }
    let _ = group(&[signatures.clone(), signatures]);
    for output in outputs {
        let results = read_junit(output);
        let _ = sign(results.failures);
        let _ = Rules::parse(&String::from_utf8_lossy(output));
    }
}

#[test]
fn fuzzed_logs_make_no_reader_panic() {
    let logs = corpus().into_iter().map(|(_, outputs)| {
        let mut log = outputs.concat();
        log.truncate(READ_BYTES);
        log
    });
    let logs: Vec<Vec<u8>> = logs.collect();
    fuzz(&logs, &WORDS, VARIANTS, |log, dice| {
        // What is at the end matters as well as the beginning.
        let (one, two) = log.split_at(dice.below(log.len()));
        check(&[one, two]);
    });
}

#[test]
fn no_log_takes_long() {
    for word in WORDS {
        for end in ["", "x", "\n", "/", "y\n\n"] {
            let piece = format!("{word}{end}");
            let log = piece.repeat(SLOW_BYTES / piece.len());
            let begin = Instant::now();
            check(&[log.as_bytes()]);
            let took = begin.elapsed();
            assert!(took < LIMIT, "{piece:?} took {took:?}");
        }
    }
}

#[test]
fn an_xml_bomb_is_not_expanded() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"aaaaaaaa\">\
                <!ENTITY b \"&a;&a;&a;&a;\">]><testsuite><testcase name='t'>\
                <failure message='&b;'>&b;</failure></testcase></testsuite>";
    let results = read_junit(bomb.as_bytes());
    assert_eq!(results.failures[0].message, "&b;");
    let deep = "<a>".repeat(100_000);
    assert!(read_junit(deep.as_bytes()).broken.is_some());
}
