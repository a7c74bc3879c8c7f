//! Tests: what is written down, read as an outsider would.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use clap::Parser;
use nix::fcntl::OFlag;
use nix::unistd::{Uid, pipe2};
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::attempt::leaks::{Leak, Leaks};
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::{Infra, Outcome, Told};
use crate::cli::Cli;
use crate::config::Keep;
use crate::hunt::event::{Hang, Span};
use crate::hunt::hooks::Moment;
use crate::hunt::sift::{Decided, Sifted, Signed};
use crate::slate::collect::Collected;
use crate::slate::cores::{Core, Cores};
use crate::slate::room::Shortage;
use crate::slate::{Drift, Left, Rest, Seen, Unprepared};
use crate::triage::class::Class;
use crate::triage::rules::Action;

const SCHEMA: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/record.md"));

fn sifted() -> Sifted {
    Sifted {
        signatures: vec![Signed {
            id: "5f8512ed".to_owned(),
            class: Class::Corruption,
            title: "TestX: fatal error: fault".to_owned(),
            is_flaky: true,
        }],
        decision: Some(Decided {
            action: Action::Stop,
            rule: "stop <- `fault`".to_owned(),
        }),
        unread: Some("it ends too early".to_owned()),
    }
}

/// A record of a hunt in which everything happens that can.
fn everything() -> (TempDir, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let mut working = Working::for_tests("tank/go/gocrash-1");
    working.path = dir.path().to_owned();
    let mut reopened = working.clone();
    reopened.is_reopened = true;
    let name = AttemptName { thread: 3, run: 7 };
    let left =
        || Left { name: "tank/x".to_owned(), why: "two\nlines".to_owned() };
    let unprepared = Unprepared { why: "full".to_owned(), left: Some(left()) };
    let go = Instant::now();
    let span = Span { go, exit: go };
    let leaks = || Leaks {
        count: 1,
        first: vec![Leak {
            pid: 7,
            name: "sleep".to_owned(),
            files: ["held".into()].into(),
        }],
    };
    let ended = |outcome| Event::Ended(name, outcome, span, leaks());
    let why = || "a \"reason\"\u{2028}".to_owned();
    let events = [
        Event::Checked(Ok(Seen::for_tests())),
        Event::Opened(Ok(working.clone())),
        Event::Opened(Ok(reopened)),
        Event::Golden(Ok(working), Duration::from_secs(1)),
        Event::NoRoom(name, Shortage::for_tests(0)),
        Event::Forgone(name),
        Event::Prepared(name, Ok("1".to_owned())),
        Event::Prepared(name, Err(unprepared)),
        Event::Started(name, PathBuf::new(), go),
        Event::Replaced(name, vec!["test_run_stdout"]),
        Event::Sifted(name, sifted()),
        ended(Outcome::Failed(2)),
        ended(Outcome::Passed),
        ended(Outcome::Signaled(11)),
        ended(Outcome::TimedOut),
        ended(Outcome::Ignored),
        ended(Outcome::Told(Told::NoFail, Box::new(Outcome::Failed(2)))),
        ended(Outcome::Known("x".to_owned(), Box::new(Outcome::Failed(2)))),
        ended(Outcome::Interrupted),
        ended(Outcome::Infra(Infra::Passing(why()))),
        Event::Kept(name, Err(anyhow::anyhow!("busy"))),
        Event::Retired(name, Rest::Gone),
        Event::Retired(name, Rest::Left(left())),
        Event::Looked(Drift::Changed(2, "src/x".to_owned())),
        Event::Looked(Drift::Unknown(why())),
        Event::Unrecorded(why()),
        Event::Closed(Rest::Gone),
    ];
    let mut hunt = Hunt::new(4, None, Keep::Failures);
    let mut record = Record::begin();
    for event in events.iter().chain(&beside(name)) {
        let mut steps = hunt.apply(event);
        if let Event::Opened(Ok(working)) = event {
            let (files, error) = open_files(working, None);
            assert!(error.is_none(), "{error:?}");
            record.open(files, &config(), working).unwrap();
        }
        if matches!(event, Event::Unrecorded(_)) {
            steps.push(Step::Close);
        }
        let lines = record.lines(event, &steps, &hunt);
        record.append(&lines).unwrap();
    }
    let log = fs::read(dir.path().join(EVENTS)).unwrap();
    (dir, log)
}

/// What happens beside runs.
fn beside(name: AttemptName) -> [Event; 7] {
    let why = || "a \"reason\"\u{2028}".to_owned();
    let hang = Hang {
        after: Duration::from_secs(1),
        autopsy: Some(PathBuf::from("test_run_autopsy")),
        snapshot: Some("tank/x@hang".to_owned()),
        troubles: vec![why()],
    };
    let path = || PathBuf::from("core");
    let core = Core { path: path(), program: Some(path()) };
    let cores = Cores { found: vec![core], trouble: Some(why()) };
    let collected = Collected { files: 1, bytes: 2, trouble: Some(why()) };
    [
        Event::Signal(15),
        Event::Suspend,
        Event::Continued(Duration::from_secs(1)),
        Event::Hung(name, hang),
        Event::HookFailed(name, Moment::Failure, why()),
        Event::Dumped(name, cores),
        Event::Collected(name, collected),
    ]
}

fn config() -> Config {
    let myself = Uid::current().to_string();
    let typed = ["gocrash", "--user", &myself, "tank/go@a", "--", "true"];
    Config::new(Cli::parse_from(typed)).unwrap()
}

/// The members of an object, with those of objects in it.
fn members(value: &Value, found: &mut BTreeSet<String>) {
    let Value::Object(object) = value else { return };
    for (name, value) in object {
        found.insert(name.clone());
        // Whose members are names of variables.
        if name != "environment" {
            members(value, found);
        }
    }
}

#[test]
fn the_schema_tells_every_word() {
    let (dir, log) = everything();
    let mut words = BTreeSet::new();
    for line in std::str::from_utf8(&log).unwrap().lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        for name in ["event", "outcome", "verdict"] {
            words.extend(value[name].as_str().map(str::to_owned));
        }
        members(&value, &mut words);
    }
    let manifest = fs::read(dir.path().join(MANIFEST)).unwrap();
    members(&serde_json::from_slice(&manifest).unwrap(), &mut words);
    // All events, all outcomes, one verdict, and members beyond them.
    assert!(words.len() > 50, "{words:?}");
    for word in words {
        assert!(SCHEMA.contains(&format!("`{word}`")), "{word} is not in it");
    }
}

#[test]
fn a_log_that_is_cut_anywhere_has_all_the_lines_before() {
    let (_dir, log) = everything();
    let whole: Vec<Value> = log
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    for cut in 0..log.len() {
        let lines = log[..cut].split(|byte| *byte == b'\n');
        let read: Vec<Value> =
            lines.filter_map(|l| serde_json::from_slice(l).ok()).collect();
        let ends = log[..cut].iter().filter(|byte| **byte == b'\n').count();
        // A line that lacks but its end is there as well.
        let lacks_end = usize::from(log[cut] == b'\n');
        assert_eq!(read, whole[..ends + lacks_end], "cut at byte {cut}");
    }
}

#[test]
fn a_line_that_broke_off_spoils_no_other() {
    let (read, write) = pipe2(OFlag::O_NONBLOCK).unwrap();
    let (mut read, mut log) = (File::from(read), Log::new(File::from(write)));
    let mut emptied = || {
        let mut bytes = Vec::new();
        // Ends with EAGAIN, since the pipe is still open.
        let _ = read.read_to_end(&mut bytes);
        bytes
    };
    let long = vec![b'1'; 200_000];
    assert!(log.append(&long).is_err());
    // Once is enough.
    assert!(log.append(b"never written\n").is_ok());
    let cut = emptied();
    assert!(!cut.is_empty() && cut.len() < long.len());
    log.append(b"{}\n").unwrap();
    assert_eq!(emptied(), b"\n{}\n");
    log.append(b"{}\n").unwrap();
    assert_eq!(emptied(), b"{}\n");
}

#[test]
fn others_read_the_events_and_not_the_environment() {
    let (dir, _) = everything();
    let mode = |name| fs::metadata(dir.path().join(name)).unwrap().mode();
    assert_eq!(mode(EVENTS) & 0o777, 0o644);
    assert_eq!(mode(MANIFEST) & 0o777, 0o640);
}
