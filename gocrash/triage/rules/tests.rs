//! Tests: what rules mean, and what is said of those that mean nothing.

use expect_test::expect_file;

use super::*;
use crate::triage::class::Class;
use crate::triage::failure::Failure;
use crate::triage::signature::sign;

/// A failure of a test of Go's.
fn failure(package: &str, message: &str) -> Failure {
    Failure {
        package: package.to_owned(),
        test: "TestDial".to_owned(),
        essence: vec!["--- FAIL: TestDial".to_owned(), message.to_owned()],
        ..Failure::new(Class::Assert, message)
    }
}

/// And the pattern of the rule that says so.
fn decided(rules: &str, failures: Vec<Failure>) -> (Action, String) {
    let rules = Rules::parse(rules).unwrap();
    let outputs: &[&[u8]] = &[b"begin\nFAIL\tnet\n", b"warning: slow host"];
    let decision = rules.decide(&sign(failures), outputs);
    let pattern = decision.rule.map(|rule| rule.text.split("<- ").nth(1));
    (decision.action, pattern.flatten().unwrap_or("none").to_owned())
}

/// Whether a pattern matches one failure.
fn matches(pattern: &str) -> bool {
    let failure = failure("net", "dial tcp: i/o timeout after 3s");
    let rule = format!("ignore <- {pattern}");
    decided(&rule, vec![failure]).0 == Action::Ignore
}

#[test]
fn a_pattern_matches_what_it_says() {
    for pattern in [
        r#"pkg == "net""#,
        r#"pkg == `net` && test == "TestDial""#,
        "`i/o timeout`",
        "line ~ `^dial .*s$`",
        "output ~ `^--- FAIL`",
        "class == \"assert\" && mode == \"assert\"",
        "log ~ `slow host$` && log !~ `no such`",
        "log ~ `^FAIL\\tnet$`",
        "!(pkg == \"net/http\" || test ~ \"Serve\")",
        "pkg == \"x\" && test == \"y\" || pkg != \"x\"",
        "(pkg == \"net\" &&\n  # a remark\n  test ~ `Dial`\n)",
    ] {
        assert!(matches(pattern), "{pattern}");
    }
    for pattern in [
        r#"pkg == "ne""#,
        "class == \"panic\"",
        "`no such words`",
        "!`timeout`",
        "pkg == \"net\" && (test == \"x\" || file ~ `.`)",
    ] {
        assert!(!matches(pattern), "{pattern}");
    }
}

#[test]
fn the_first_rule_that_matches_counts() {
    let rules = "# known\n\ncount <- pkg == \"net\"\nignore <- `dial`\n";
    let of = |package| decided(rules, vec![failure(package, "dial")]);
    assert_eq!(of("net"), (Action::Count, "pkg == \"net\"".to_owned()));
    assert_eq!(of("net/http"), (Action::Ignore, "`dial`".to_owned()));
    let other = decided(rules, vec![failure("os", "exists")]);
    assert_eq!(other, (Action::Stop, "none".to_owned()));
}

#[test]
fn a_failure_that_is_known_excuses_no_other() {
    let rules = "ignore <- pkg == \"net\"\ninfra <- pkg == \"os\"";
    let known = || failure("net", "dial");
    let both = vec![known(), failure("time", "late")];
    assert_eq!(decided(rules, both), (Action::Stop, "none".to_owned()));
    let both = vec![failure("os", "full"), known()];
    assert_eq!(
        decided(rules, both),
        (Action::Infra, "pkg == \"os\"".to_owned())
    );
    // What passed when it was run again needs no rule.
    let flaky = Failure { is_flaky: true, ..failure("time", "late") };
    assert_eq!(decided(rules, vec![known(), flaky]).0, Action::Ignore);
}

/// Each is wrong in a way of its own.
const MEANINGLESS: [&str; 16] = [
    "skip <- pkg == \"net\"",
    "ingore <- pkg == \"net\"",
    "ignore pkg == \"net\"",
    "\n\tignore <- packge == \"net\"",
    "ignore <- pkg = \"net\"",
    "ignore <- pkg \"net\"",
    "ignore <- pkg == net",
    "ignore <- class == \"panik\"",
    "ignore <- `dial (tcp`",
    "ignore <- `dial",
    "ignore <- \"a\\d\"",
    "ignore <- (`a` || `b`\ncount <- `c`",
    "ignore <- `a` `b`",
    "ignore <-",
    "ignore <- pkg == 'net'",
    "ignore <- `(a{1000}){1000}`",
];

#[test]
fn what_is_wrong_is_shown_with_a_remedy() {
    let mut told = String::new();
    let deep = format!("ignore <- {}`a`", "!".repeat(200));
    for rules in MEANINGLESS.into_iter().chain([deep.as_str()]) {
        for fault in Rules::parse(rules).unwrap_err() {
            let Fault { line, column, help, .. } = &fault;
            let fault = fault.to_string();
            // One that is too deep to show.
            let fault = fault.replace(&"!".repeat(100), "!!");
            let fault = fault.replace(&" ".repeat(100), "  ");
            told += &format!("{line}:{column}: {fault}\n  help: {help}\n");
        }
    }
    expect_file!["faults.txt"].assert_eq(&told);
}

/// Where the faults of rules are.
fn places(rules: &str) -> Vec<(usize, usize)> {
    let faults = Rules::parse(rules).unwrap_err();
    faults.iter().map(|fault| (fault.line, fault.column)).collect()
}

#[test]
fn every_rule_that_is_wrong_is_told_of_once() {
    let rules = "skip <- `a`\n\
                 ignore <- pkg = `b` && `c`\n\
                 ignore <- (`d` &&\n  packge == `e` &&\n  tst == `f`)\n\
                 count <- `right`\n\
                 \tcount <- `wrong\n\
                 count <- `right` # `\n\
                 ignore <-\n";
    assert_eq!(places(rules), [(1, 1), (2, 15), (4, 3), (7, 11), (9, 10)]);
    let many = "skip <- `a`\n".repeat(FAULTS_MAX + 1);
    assert_eq!(places(&many).len(), FAULTS_MAX);
}

#[test]
fn what_is_missing_at_the_end_is_missing_on_the_last_line() {
    assert_eq!(places("ignore <- `a` &&\n"), [(1, 17)]);
    assert_eq!(places("ignore <- (`a`\n\n# end\n"), [(1, 15)]);
    assert_eq!(places("ignore <-\ncount <- `a`\n"), [(1, 10)]);
    assert_eq!(places("ignore\n"), [(1, 7)]);
    assert_eq!(places("ignore <- pkg ==\n"), [(1, 17)]);
}
