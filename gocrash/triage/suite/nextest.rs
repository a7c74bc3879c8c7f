//! What cargo-nextest prints: a line for each try of a test, and below it what
//! the test said.

use std::collections::HashMap;

use super::panicked;
use crate::triage::class::Class;
use crate::triage::failure::Failure;
use crate::triage::text::Line;

pub(super) fn read(outputs: &[Vec<Line<'_>>]) -> Vec<Failure> {
    let mut failures: Vec<Failure> = Vec::new();
    let mut known: HashMap<(String, String), usize> = HashMap::new();
    for lines in outputs {
        let mut at = 0;
        while at < lines.len() && failures.len() < super::FAILURES_MAX {
            let Some(status) = status(&lines[at].text) else {
                at += 1;
                continue;
            };
            let end = section_end(lines, at);
            let key = (status.binary.to_owned(), status.test.to_owned());
            if let Some(class) = status.failed() {
                let failure = failure(&status, class, &lines[at..end]);
                match known.get(&key) {
                    // The summary says it once more, with less.
                    Some(i) if failure.essence.len() > 1 => {
                        failures[*i] = failure;
                    }
                    Some(_) => {}
                    None => {
                        known.insert(key, failures.len());
                        failures.push(failure);
                    }
                }
            } else if let Some(i) = known.get(&key) {
                failures[*i].is_flaky |= status.is_pass();
            }
            at = end;
        }
    }
    failures
}

/// `TRY 1 FAIL [   0.017s] (2/9) flaky::ends aborts`
#[derive(Debug, PartialEq, Eq)]
struct Status<'a> {
    word: &'a str,
    binary: &'a str,
    test: &'a str,
}

fn status(text: &str) -> Option<Status<'_>> {
    let (head, rest) = text.split_once('[')?;
    let (time, rest) = rest.split_once(']')?;
    let time = time.trim_start_matches(['>', ' ']);
    if !time.ends_with('s') || !time.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let word = head.split_whitespace().find(|word| {
        *word != "TRY" && !word.bytes().all(|b| b.is_ascii_digit() || b == b'/')
    })?;
    if !word.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
        return None;
    }
    let rest = rest.trim_start();
    // Which of how many, in newer releases.
    let rest = match rest.strip_prefix('(') {
        Some(count) => count.split_once(')')?.1.trim_start(),
        None => rest,
    };
    let (binary, test) = rest.split_once(' ')?;
    Some(Status { word, binary, test: test.trim() })
}

impl Status<'_> {
    fn is_pass(&self) -> bool {
        ["PASS", "FLAKY"].contains(&self.word)
    }

    fn failed(&self) -> Option<Class> {
        match self.word {
            "FAIL" | "LEAK-FAIL" => Some(Class::Assert),
            "TMT" | "TIMEOUT" => Some(Class::Timeout),
            "SEGV" | "SIGSEGV" | "BUS" | "SIGBUS" | "ILL" | "SIGILL" => {
                Some(Class::Corruption)
            }
            "ABRT" | "SIGABRT" | "ABORT" => Some(Class::Panic),
            word if word.starts_with("SIG") => Some(Class::Panic),
            _ => None,
        }
    }
}

/// What a test said is indented below.
fn section_end(lines: &[Line<'_>], at: usize) -> usize {
    let is_inside = |line: &Line<'_>| {
        line.is_blank()
            || line.text.starts_with("    ") && status(&line.text).is_none()
            || line.text.starts_with("  std")
    };
    let rest = &lines[at + 1..];
    at + 1 + rest.iter().take_while(|line| is_inside(line)).count()
}

fn failure(status: &Status<'_>, class: Class, section: &[Line<'_>]) -> Failure {
    let said: Vec<&str> =
        section[1..].iter().map(|line| line.text.as_ref()).collect();
    let reason = panicked::read(&said);
    let message = match class {
        Class::Timeout => "test timed out",
        Class::Corruption => "test aborted with SIGSEGV or the like",
        Class::Panic => "test aborted",
        _ => "",
    };
    let shown: Vec<Line<'_>> =
        section.iter().filter(|line| !line.is_blank()).cloned().collect();
    let mut failure = Failure::of_lines(class, message, &shown);
    let ended = said
        .iter()
        .find_map(|line| line.trim().strip_prefix("(test ")?.strip_suffix(')'));
    if let Some(ended) = ended {
        failure.message = format!("test {ended}");
    }
    if let (Some(reason), Class::Assert) = (reason, class) {
        failure.class = reason.class;
        failure.message = reason.message;
        failure.file = reason.file;
        failure.line = reason.line;
    }
    status.binary.clone_into(&mut failure.package);
    status.test.clone_into(&mut failure.test);
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_status_is_told_from_others() {
        let some = |text| status(text).unwrap();
        let try_1 = some("  TRY 1 FAIL [   0.017s] (───) flaky tests::a b");
        assert_eq!((try_1.word, try_1.test), ("FAIL", "tests::a b"));
        assert_eq!(some("   FLAKY 2/2 [ 0.02s] (8/9) a b").word, "FLAKY");
        assert_eq!(some("        PASS [   0.017s] a::b c").binary, "a::b");
        assert_eq!(status("    Summary [   5.046s] 9 tests run: 2"), None);
        assert_eq!(status("assert failed [5s] (x"), None);
    }
}
