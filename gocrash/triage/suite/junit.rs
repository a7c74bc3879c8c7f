//! A JUnit file: what most suites can write, and programs read. By a real
//! parser of XML; whatever is wrong in it ends the reading.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{FAILURES_MAX, panicked};
use crate::triage::class::Class;
use crate::triage::failure::{ESSENCE_LINES_MAX, Failure, Place};

/// Elements are no deeper than this in any suite's file.
const DEPTH_MAX: usize = 32;
/// Text that is kept of one element.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// What a file tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Results {
    /// Those that failed, and those that passed when they were run again.
    pub(crate) failures: Vec<Failure>,
    /// How many tests ran.
    pub(crate) tests: usize,
    /// Why the file was not read to its end.
    pub(crate) broken: Option<String>,
}

/// What is known while reading on.
#[derive(Debug, Default)]
struct Reading {
    results: Results,
    suites: Vec<String>,
    /// The test case that is open: its class and its name.
    case: Option<(String, String)>,
    case_has_failed: bool,
    /// What is said of a failure, while its element is open.
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    element: Element,
    message: String,
    kind: String,
    text: String,
    /// Elements inside have other text than the reason.
    depth: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    /// `failure` or `error`
    Failed,
    /// `flakyFailure` or `flakyError`: the test passed afterwards.
    Flaky,
    /// `rerunFailure` or `rerunError`: it failed again.
    Again,
}

pub(crate) fn read(xml: &[u8]) -> Results {
    let mut reader = Reader::from_reader(xml);
    reader.config_mut().check_end_names = true;
    let mut reading = Reading::default();
    let mut depth = 0;
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                depth += 1;
                if depth > DEPTH_MAX {
                    let why = "its elements are too deep".to_owned();
                    reading.results.broken = Some(why);
                    break;
                }
                reading.start(&start);
            }
            Ok(Event::Empty(start)) => {
                reading.start(&start);
                reading.end(start.local_name().as_ref());
            }
            Ok(Event::End(end)) => {
                depth = depth.saturating_sub(1);
                reading.end(end.local_name().as_ref());
            }
            Ok(Event::Text(text)) => {
                reading.text(&String::from_utf8_lossy(&text));
            }
            Ok(Event::CData(text)) => {
                reading.text(&String::from_utf8_lossy(&text));
            }
            Ok(Event::GeneralRef(name)) => {
                let name = String::from_utf8_lossy(&name).into_owned();
                reading.text(&unescaped(&format!("&{name};")));
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                reading.results.broken = Some(error.to_string());
                break;
            }
        }
    }
    if reading.results.broken.is_none() && depth > 0 {
        reading.results.broken = Some("it ends too early".to_owned());
    }
    reading.results
}

impl Reading {
    fn start(&mut self, start: &BytesStart<'_>) {
        if let Some(open) = &mut self.open {
            open.depth += 1;
            return;
        }
        match start.local_name().as_ref() {
            b"testsuite" => self.suites.push(attribute(start, "name")),
            b"testcase" => {
                let class = attribute(start, "classname");
                self.case = Some((class, attribute(start, "name")));
                self.case_has_failed = false;
                self.results.tests += 1;
            }
            name => {
                let Some(element) = element(name) else { return };
                self.open = Some(Open {
                    element,
                    message: attribute(start, "message"),
                    kind: attribute(start, "type"),
                    text: String::new(),
                    depth: 0,
                });
            }
        }
    }

    fn end(&mut self, name: &[u8]) {
        if let Some(open) = &mut self.open {
            if open.depth > 0 {
                open.depth -= 1;
                return;
            }
            if let Some(open) = self.open.take() {
                self.close(&open);
            }
            return;
        }
        match name {
            b"testsuite" => {
                self.suites.pop();
            }
            b"testcase" => self.case = None,
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        let Some(open) = &mut self.open else { return };
        let is_reason = open.depth == 0;
        if is_reason && open.text.len() + text.len() <= TEXT_BYTES_MAX {
            open.text.push_str(text);
        }
    }

    fn close(&mut self, open: &Open) {
        let Some((class, name)) = &self.case else { return };
        // A test is one failure, however often it was run, and flaky by any
        // of its failures.
        let is_more = open.element == Element::Again
            || std::mem::replace(&mut self.case_has_failed, true);
        if is_more || self.results.failures.len() >= FAILURES_MAX {
            return;
        }
        let suite = self.suites.last().map_or("", String::as_str);
        // CTest's word for no name.
        let suite = if suite == "(empty)" { "" } else { suite };
        let mut failure = failure(open);
        failure.package = match class.is_empty() || class == name {
            true => suite.to_owned(),
            false => class.clone(),
        };
        failure.test.clone_from(name);
        failure.is_flaky = open.element == Element::Flaky;
        self.results.failures.push(failure);
    }
}

fn element(name: &[u8]) -> Option<Element> {
    match name {
        b"failure" | b"error" => Some(Element::Failed),
        b"flakyFailure" | b"flakyError" => Some(Element::Flaky),
        b"rerunFailure" | b"rerunError" => Some(Element::Again),
        _ => None,
    }
}

fn failure(open: &Open) -> Failure {
    let lines: Vec<&str> = open.text.lines().collect();
    let said = lines.iter().copied().find(|line| !line.trim().is_empty());
    let first = open.message.lines().next().unwrap_or("");
    let message = match (first.is_empty(), said) {
        (false, _) => first,
        (true, Some(said)) => said,
        (true, None) => &open.kind,
    };
    let mut failure = match panicked::read(&lines) {
        Some(reason) => reason,
        None => Failure::new(class(message, &open.kind), message),
    };
    if failure.file.is_empty() {
        let place = lines.iter().rev().find_map(|line| {
            let (place, rest) = Place::read(line.trim(), ".py")?;
            rest.starts_with(": ").then_some(place)
        });
        if let Some(place) = place {
            failure.is_at(place);
        }
    }
    let shown = lines.iter().take(ESSENCE_LINES_MAX);
    failure.essence = shown.map(|line| (*line).to_owned()).collect();
    failure
}

fn class(message: &str, kind: &str) -> Class {
    let is_timeout = |text: &str| {
        let text = text.to_lowercase();
        text == "timeout"
            || text.contains("timed out")
            || text == "test timeout"
    };
    if is_timeout(message) || is_timeout(kind) {
        return Class::Timeout;
    }
    match Class::of_message(message) {
        Class::Assert if message.contains("aborted") => Class::Panic,
        Class::Assert => Class::of_message(kind),
        class => class,
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> String {
    let found = start.try_get_attribute(name).ok().flatten();
    let value = found
        .map(|attribute| unescaped(&String::from_utf8_lossy(&attribute.value)));
    let mut value = value.unwrap_or_default();
    value.truncate(floor(&value, TEXT_BYTES_MAX));
    value
}

/// What can't be unescaped stays as it is.
fn unescaped(text: &str) -> String {
    quick_xml::escape::unescape(text)
        .map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

/// The last place up to here where a character begins.
fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
