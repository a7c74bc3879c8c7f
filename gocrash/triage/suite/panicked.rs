//! How a Rust test says why it failed.

use crate::triage::class::Class;
use crate::triage::failure::{Failure, Place};

/// Reads what a test printed; no failure, where that has no reason in it.
pub(super) fn read(lines: &[&str]) -> Option<Failure> {
    for (i, line) in lines.iter().enumerate() {
        if let Some((place, message)) = panic(&lines[i..]) {
            let mut failure = Failure::new(class(message), message);
            if let Some(place) = place {
                failure.is_at(place);
            }
            return Some(failure);
        }
        if let Some(error) = line.trim().strip_prefix("Error: ") {
            return Some(Failure::new(Class::of_message(error), error));
        }
        if let Some(note) = line.trim().strip_prefix("note: test did not panic")
        {
            let message = "the test did not panic as expected";
            let mut failure = Failure::new(Class::Assert, message);
            let place = note.rsplit(" at ").next().unwrap_or("");
            if let Some((place, _)) = Place::read(place, ".rs") {
                failure.is_at(place);
            }
            return Some(failure);
        }
    }
    None
}

/// `thread 'x' panicked at src/lib.rs:29:9:`, then the message; up to Rust 1.72
/// `thread 'x' panicked at 'message', src/lib.rs:29:9`.
fn panic<'a>(lines: &[&'a str]) -> Option<(Option<Place<'a>>, &'a str)> {
    let line = lines.first()?.trim();
    let rest = line.strip_prefix("thread '")?;
    let (_, at) = rest.split_once(" panicked at ")?;
    if let Some(old) = at.strip_prefix('\'') {
        let (message, place) = old.rsplit_once("', ").unwrap_or((old, ""));
        return Some((Place::read(place, ".rs").map(|(p, _)| p), message));
    }
    let place = Place::read(at, ".rs").map(|(place, _)| place);
    let message = lines[1..].iter().map(|l| l.trim()).find(|l| !l.is_empty());
    Some((place, message.unwrap_or("panicked")))
}

/// A test that fails panics, in Rust. What is no assertion's is a panic.
fn class(message: &str) -> Class {
    let own = ["called `", "index out of bounds", "attempt to ", "slice index"];
    match Class::of_message(message) {
        Class::Assert if own.iter().any(|w| message.contains(w)) => {
            Class::Panic
        }
        class => class,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn old_and_new_panics_say_the_same() {
        let old = ["thread 'a' panicked at 'it's bad', src/x/lib.rs:7:5"];
        let new =
            ["", "thread 'a' (12) panicked at src/x/lib.rs:7:5:", "it's bad"];
        let read = |lines: &[&str]| super::read(lines).unwrap();
        assert_eq!(read(&old), read(&new));
        assert_eq!(read(&new).message, "it's bad");
        assert_eq!(read(&new).line, Some(7));
    }
}
