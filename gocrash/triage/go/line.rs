//! What a line means in what Go's tools print.

use crate::triage::failure::Place;

/// A line, by what it begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// `##### Testing packages.`
    Section(&'a str),
    /// `--- FAIL: TestX/sub (0.00s)`
    Failed(&'a str),
    /// `=== RUN   TestX`: what follows is of this test.
    Speaks(&'a str),
    /// `FAIL<tab>pkg<tab>0.1s`: all since the last one is of this package.
    PackageFailed(&'a str),
    /// `FAIL<tab>pkg [build failed]`
    NotBuilt(&'a str),
    /// `ok  <tab>pkg<tab>0.1s` and the like.
    PackagePassed,
    /// `# pkg [pkg.test]`: what a compiler says of it follows.
    Builds(&'a str),
    /// The last words of a program: a panic, a fatal error, a signal.
    Crash,
    /// What the runtime says before some of them.
    Preface,
    Race,
    /// `*** Test killed with quit: ran too long (11m0s).`
    Killed,
    /// What is there when all is well, too.
    Nothing,
    Other,
}

/// Words of the runtime and of a panic, at the beginning of a line.
const CRASHES: [&str; 12] = [
    "panic: ",
    "fatal error: ",
    "unexpected fault address ",
    "SIGSEGV: ",
    "SIGBUS: ",
    "SIGILL: ",
    "SIGFPE: ",
    "SIGABRT: ",
    "SIGQUIT: ",
    "SIGTRAP: ",
    "SIGSYS: ",
    "SIGTERM: ",
];
const NOTHING: [&str; 7] = [
    "--- PASS: ",
    "--- SKIP: ",
    "--- BENCH: ",
    "testing: ",
    "coverage: ",
    "go: downloading ",
    "go: finding ",
];

pub(super) fn kind(text: &str) -> Kind<'_> {
    if let Some(rest) = text.strip_prefix("##### ") {
        return Kind::Section(rest.trim());
    }
    let trimmed = text.trim_start();
    if let Some(rest) = trimmed.strip_prefix("--- FAIL: ") {
        return Kind::Failed(without_time(rest));
    }
    if let Some(rest) = trimmed.strip_prefix("=== ") {
        let (verb, test) = rest.split_once(' ').unwrap_or((rest, ""));
        return match verb {
            "RUN" | "CONT" | "NAME" => Kind::Speaks(test.trim()),
            _ => Kind::Nothing,
        };
    }
    if let Some(rest) = text.strip_prefix("FAIL\t") {
        return package_failed(rest);
    }
    if text.starts_with("ok  \t") || text.starts_with("?   \t") {
        return Kind::PackagePassed;
    }
    if let Some(package) = text.strip_prefix("# ").and_then(builds) {
        return Kind::Builds(package);
    }
    if CRASHES.iter().any(|word| text.starts_with(word)) {
        return Kind::Crash;
    }
    if text.starts_with("runtime: ") {
        return Kind::Preface;
    }
    if text == "WARNING: DATA RACE" {
        return Kind::Race;
    }
    if text.starts_with("*** Test killed") {
        return Kind::Killed;
    }
    let is_nothing = trimmed.is_empty()
        || ["PASS", "FAIL"].contains(&text)
        || NOTHING.iter().any(|word| trimmed.starts_with(word));
    if is_nothing { Kind::Nothing } else { Kind::Other }
}

fn package_failed(rest: &str) -> Kind<'_> {
    let package = rest.split(['\t', ' ']).next().unwrap_or("");
    match rest.ends_with(" failed]") {
        true => Kind::NotBuilt(package),
        false => Kind::PackageFailed(package),
    }
}

/// The package of `pkg` or `pkg [pkg.test]`; other words are a comment.
fn builds(rest: &str) -> Option<&str> {
    let mut words = rest.split(' ');
    let package = words.next().filter(|word| !word.is_empty())?;
    match (words.next(), words.next()) {
        (None, _) => Some(package),
        (Some(of), None) if of.starts_with('[') => Some(package),
        _ => None,
    }
}

/// `TestX` of `TestX (0.00s)`.
fn without_time(rest: &str) -> &str {
    rest.split_once(" (").map_or(rest, |(name, _)| name).trim()
}

/// What a test said, and where, in `    x_test.go:12: message`.
pub(super) fn said(text: &str) -> Option<(Place<'_>, &str)> {
    let text = text.trim_start();
    let (place, rest) = Place::read(text, ".go")?;
    // Only what is one word up to there: all else is a sentence with a place.
    let word = text.len() - rest.len();
    let is_word = !text[..word].contains([' ', '\t']);
    let message = rest.strip_prefix(':')?;
    is_word.then_some((place, message.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_known_by_how_it_begins() {
        let fail = "    --- FAIL: TestX/a_(b) (0.05s)";
        assert_eq!(kind(fail), Kind::Failed("TestX/a_(b)"));
        assert_eq!(
            kind("FAIL\tnet/http\t3.2s"),
            Kind::PackageFailed("net/http")
        );
        assert_eq!(kind("FAIL\tx [setup failed]"), Kind::NotBuilt("x"));
        assert_eq!(kind("# a/b [a/b.test]"), Kind::Builds("a/b"));
        assert_eq!(kind("# go run run.go -- x.go"), Kind::Other);
        assert_eq!(kind("FAIL"), Kind::Nothing);
        assert_eq!(kind("no panic: here"), Kind::Other);
    }

    #[test]
    fn what_a_test_says_has_a_place() {
        let (place, message) = said("    a/x_test.go:12:3: one: two").unwrap();
        assert_eq!(place, Place { file: "x_test.go", line: 12 });
        assert_eq!(message, "one: two");
        assert_eq!(said("see x.go:12: there"), None);
        assert_eq!(said("x.go: 12"), None);
    }
}
