//! Tests: the status of a hunt on screens of several sizes.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use expect_test::{ExpectFile, expect_file};
use vt100::Parser;

use super::area::{Area, Size};
use super::gauges::Gauges;
use super::status::{self, Row};
use crate::attempt::leaks::Leaks;
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::Outcome;
use crate::config::Keep;
use crate::hunt::event::Span;
use crate::hunt::{Event, Hunt};

/// A hunt that goes on for an hour and five minutes, on so many threads; of the
/// last attempts, each is one minute older than the one before it.
fn hunt(threads: u16) -> (Gauges, Instant) {
    let hunt = Hunt::new(threads, None, Keep::Failures);
    let began = Instant::now();
    let mut gauges = Gauges::new(began);
    gauges.expect_threads(threads);
    gauges.expect_runs(Some(1000));
    let now = began + Duration::from_secs(3900);
    for run in 0..214 {
        let outcome = match run {
            7 | 70 | 170 => Outcome::Failed(1),
            _ => Outcome::Passed,
        };
        let name = AttemptName { thread: 0, run };
        let span = Span { go: began, exit: began + Duration::from_secs(252) };
        let leaks = Leaks::default();
        gauges.apply(&Event::Ended(name, outcome, span, leaks), &hunt);
    }
    for thread in 1..threads {
        let name = AttemptName { thread, run: 98 + u64::from(thread) };
        let age = Duration::from_secs(60 * u64::from(thread) + 35);
        let event = Event::Started(name, PathBuf::new(), now - age);
        gauges.apply(&event, &hunt);
    }
    gauges.free_bytes = Some(123_456_789_012);
    (gauges, now)
}

fn rows(threads: u16, columns: u16, rows: u16) -> Vec<Row> {
    let (gauges, now) = hunt(threads);
    let rows_max = usize::from(rows) * 2 / 3;
    status::rows(&gauges, now, columns.into(), rows_max)
}

/// What a screen of this size shows of the status.
fn screen(threads: u16, columns: u16, lines: u16) -> String {
    let mut parser = terminal(lines, columns, 0);
    let size = Size { columns: columns.into(), rows: lines.into() };
    let rows = rows(threads, columns, lines);
    let text = Area::new(false).paint("a line\n", rows, size);
    parser.process(&cooked(&text));
    assert_eq!(parser.screen().cursor_position(), (1, 0), "{text:?}");
    parser.screen().contents()
}

fn terminal(rows: u16, columns: u16, scrollback: usize) -> Parser {
    let size = (rows.try_into().unwrap(), columns.try_into().unwrap());
    Parser::new(size.0, size.1, scrollback)
}

/// What the terminal driver makes of it.
fn cooked(text: &str) -> Vec<u8> {
    text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes()
}

fn check(screen: &str, expected: ExpectFile) {
    expected.assert_eq(&format!("{screen}\n"));
}

#[test]
fn the_status_is_whole_on_a_screen_of_100_columns() {
    check(&screen(4, 100, 24), expect_file!["screens/wide.txt"]);
    check(&screen(16, 100, 12), expect_file!["screens/folded.txt"]);
}

#[test]
fn the_status_is_whole_on_a_screen_of_40_columns() {
    check(&screen(15, 40, 15), expect_file!["screens/narrow.txt"]);
    check(&screen(2, 40, 3), expect_file!["screens/small.txt"]);
}

#[test]
fn a_pipe_gets_the_totals_in_one_line() {
    let (gauges, now) = hunt(4);
    check(&status::line(&gauges, now), expect_file!["screens/pipe.txt"]);
    // No time is left of a hunt that ends.
    let mut ending = gauges;
    ending.is_ending = true;
    let line = status::line(&ending, now);
    assert!(line.ends_with(", ending") && !line.contains("left"), "{line}");
    let fresh = Gauges::new(now - Duration::from_secs(5));
    check(&status::line(&fresh, now), expect_file!["screens/fresh.txt"]);
}

#[test]
fn lines_scroll_by_above_the_area_and_none_is_lost() {
    let size = Size { columns: 100, rows: 12 };
    let mut parser = terminal(12, 100, 1000);
    let mut area = Area::new(true);
    for line in 0..50 {
        // As long as the screen is wide, and longer.
        let line = format!("<{line}>{:x<width$}\n", "", width = 92 + line % 10);
        let text = area.paint(&line, rows(3, 100, 12), size);
        parser.process(&cooked(&text));
        let text = area.paint("", rows(3, 100, 12), size);
        assert_eq!(text, "", "nothing is new");
    }
    let last = parser.screen().contents();
    assert!(last.contains("thread 2: attempt 100"), "{last}");
    assert_eq!(last.matches("runs so far").count(), 1, "{last}");
    parser.process(area.clear().as_bytes());
    parser.screen_mut().set_scrollback(1000);
    let mut seen = String::new();
    for row in (1..=parser.screen().scrollback()).rev() {
        parser.screen_mut().set_scrollback(row);
        seen += &parser.screen().rows(0, 100).next().unwrap();
        seen += "\n";
    }
    parser.screen_mut().set_scrollback(0);
    seen += &parser.screen().contents();
    for line in 0..50 {
        let line = format!("<{line}>xxx");
        assert_eq!(seen.matches(&line).count(), 1, "{line} in {seen}");
    }
    assert!(!seen.contains("thread"), "{seen}");
}

#[test]
fn a_terminal_that_becomes_narrower_shows_no_rest_of_the_wide_rows() {
    let mut area = Area::new(false);
    let size = Size { columns: 100, rows: 24 };
    let wide = cooked(&area.paint("a line\n", rows(3, 100, 24), size));
    let size = Size { columns: 40, rows: 24 };
    let narrow = cooked(&area.paint("", rows(3, 40, 24), size));
    let expected = screen(3, 40, 24);
    // One that cuts rows.
    let mut cutting = terminal(24, 100, 0);
    cutting.process(&wide);
    let (rows, columns) = (24.try_into().unwrap(), 40.try_into().unwrap());
    cutting.screen_mut().set_size(rows, columns);
    cutting.process(&narrow);
    assert_eq!(cutting.screen().contents(), expected);
    // One that breaks them is as if they had been wrapped from the beginning.
    let mut breaking = terminal(24, 40, 0);
    breaking.process(b"a line\r\n");
    let broken = String::from_utf8(wide).unwrap();
    let rows = broken.split("a line\r\n").nth(1).unwrap();
    let (rows, _) = rows.split_once("\r\x1b[").unwrap();
    let height = breaking.screen().cursor_position().0;
    breaking.process(rows.as_bytes());
    let up = breaking.screen().cursor_position().0 - height;
    breaking.process(format!("\r\x1b[{up}A").as_bytes());
    breaking.process(&narrow);
    assert_eq!(breaking.screen().contents(), expected);
}
