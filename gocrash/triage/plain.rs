//! What nothing else can read: the first line that complains, or else the last
//! one.

use crate::triage::class::Class;
use crate::triage::failure::Failure;
use crate::triage::text::Line;

/// Lines that are shown from the one that complains on.
const SHOWN_MAX: usize = 10;
/// How lines complain, whatever the tool, in lower case.
const COMPLAINTS: [&str; 9] = [
    "error",
    "fail",
    "fatal",
    "panic",
    "abort",
    "segmentation",
    "assert",
    "cannot ",
    "exception",
];

/// One failure, of which little is known.
pub(super) fn read(outputs: &[Vec<Line<'_>>]) -> Failure {
    let complaint = outputs.iter().find_map(|lines| {
        lines.iter().position(|l| complains(&l.text)).map(|at| &lines[at..])
    });
    let shown = complaint.or_else(|| {
        outputs.iter().rev().find_map(|lines| {
            lines.iter().rposition(|l| !l.is_blank()).map(|at| &lines[at..])
        })
    });
    let Some(lines) = shown else {
        return Failure::new(Class::Assert, "it failed without a word");
    };
    let message = lines[0].text.trim();
    let lines = &lines[..lines.len().min(SHOWN_MAX)];
    Failure::of_lines(Class::of_message(message), message, lines)
}

/// One that took too long, with the lines that it printed last.
pub(super) fn timed_out(outputs: &[Vec<Line<'_>>]) -> Failure {
    let last = outputs.iter().find_map(|lines| {
        let end = lines.iter().rposition(|line| !line.is_blank())? + 1;
        Some(&lines[end.saturating_sub(SHOWN_MAX)..end])
    });
    let message = "timed out";
    Failure::of_lines(Class::Timeout, message, last.unwrap_or_default())
}

/// `0 errors` and `no error` are none.
pub(super) fn complains(line: &str) -> bool {
    let line = line.to_lowercase();
    let mut words = COMPLAINTS.iter().filter_map(|word| line.find(word));
    words.any(|at| {
        let before = line[..at].trim_end();
        !before.ends_with('0') && !before.ends_with("no")
    })
}
