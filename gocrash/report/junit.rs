//! JUnit: a test case for each attempt, for whatever shows test results.

use std::io::{self, Write};

use quick_junit::{
    NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite,
};

use super::alike::Failure;
use super::digest::{Digest, exits};
use super::safe;
use super::words::{command, label};
use crate::attempt::name::AttemptName;
use crate::record::read::{Exit, Signature};

/// Writes the whole of it.
pub(super) fn write(digest: &Digest<'_>, out: impl Write) -> io::Result<()> {
    report(digest).serialize(out).map_err(io::Error::other)
}

fn report(digest: &Digest<'_>) -> Report {
    let history = &digest.session.history;
    let opened = history.opened.as_ref();
    let mut suite = TestSuite::new(digest.name());
    suite.set_time(digest.elapsed());
    if let Some(opened) = opened {
        suite.timestamp = opened.started.to_string().parse().ok();
        suite.add_property(("working", opened.name.as_str()));
    }
    let class = class(digest);
    suite.add_properties(properties(digest));
    suite.add_properties(digest.flaky.iter().map(|test| {
        let rate = digest.rate_of_flaky(test);
        Property::new("flaky", format!("{}: {rate}", test.title))
    }));
    for (name, exit) in exits(history) {
        let failure = digest.failure(name);
        suite.add_test_case(case(name, exit, failure, &class));
    }
    let mut report = Report::new("gocrash");
    report.set_time(digest.elapsed());
    report.add_test_suite(suite);
    report
}

/// How it ended, and what failed.
fn message(exit: &Exit) -> String {
    let mut message = exit.words();
    for signature in exit.signatures.iter().filter(|s| !s.flaky) {
        let Signature { id, class, title, .. } = signature;
        message += &format!("; {class} {id}: {}", safe::line(title));
    }
    message
}

fn case(
    name: AttemptName,
    exit: &Exit,
    failure: Option<&Failure<'_>>,
    class: &str,
) -> TestCase {
    let status = if exit.is_failure() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type(&*exit.outcome).set_message(message(exit));
        if let Some(failure) = failure {
            status.set_description(description(failure));
        }
        status
    } else if exit.is_verdict() {
        TestCaseStatus::success()
    } else {
        let mut status = TestCaseStatus::skipped();
        let why = exit.why.clone().unwrap_or_else(|| exit.words());
        status.set_type(&*exit.outcome).set_message(why);
        status
    };
    let mut case = TestCase::new(name.to_string(), status);
    case.set_classname(class).set_time(exit.took());
    case
}

/// What it printed last, and where the rest is.
fn description(failure: &Failure<'_>) -> String {
    let mut text = String::new();
    for log in &failure.logs {
        for line in &log.lines {
            text += line;
            text.push('\n');
        }
        text += &format!("see {}\n", log.path.display());
    }
    text
}

/// What was run: shown above each test case.
fn class(digest: &Digest<'_>) -> String {
    match &digest.session.manifest {
        Ok(manifest) => command(&manifest.command),
        Err(_) => "gocrash".to_owned(),
    }
}

fn properties(digest: &Digest<'_>) -> Vec<Property> {
    let Ok(manifest) = &digest.session.manifest else { return Vec::new() };
    let host = &manifest.host;
    let mut properties = vec![
        ("gocrash", manifest.gocrash.version.clone()),
        ("host", label(&host.name)),
        ("kernel", format!("{} {}", label(&host.system), label(&host.release))),
        ("machine", label(&host.machine)),
    ];
    properties.extend(host.cpu.clone().map(|cpu| ("cpu", cpu)));
    let snapshot = manifest.source.snapshot.clone();
    properties.extend(snapshot.map(|snapshot| ("snapshot", snapshot)));
    let directory = manifest.source.directory.as_ref().map(label);
    properties.extend(directory.map(|directory| ("directory", directory)));
    properties
        .into_iter()
        .map(|(name, value)| Property::new(name, value))
        .collect()
}
