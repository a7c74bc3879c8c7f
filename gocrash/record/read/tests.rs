//! Tests: what is written is read again, cut or not.

use super::history::{Fate, Happening};
use super::*;
use crate::attempt::name::AttemptName;
use crate::fuzz::fuzz;
use crate::slate::found::number_of;

const LOG: &str = include_str!("tests/log.jsonl");

fn read(log: &[u8]) -> History {
    History::read(log).unwrap()
}

#[test]
fn a_history_is_put_together_from_the_lines() {
    let history = read(LOG.as_bytes());
    assert_eq!(history.unread_lines, 0);
    let opened = history.opened.as_ref().unwrap();
    assert_eq!(opened.name, "tank/gocrash-7");
    assert_eq!(opened.directory.to_str(), None);
    let one = &history.attempts[&AttemptName { thread: 0, run: 0 }];
    let exit = one.exit.as_ref().unwrap();
    assert!(exit.is_failure() && exit.kept && !one.is_running());
    assert_eq!((exit.exit_status, exit.at_ns), (Some(7), 9));
    let name = "tank/gocrash-7/thread-0-run-0".to_owned();
    assert_eq!(one.fate, Fate::Kept { name, why: None });
    let other = &history.attempts[&AttemptName { thread: 1, run: 4 }];
    assert!(other.is_running());
    assert_eq!(history.notes[0].what, Happening::Signal(15));
    assert!(history.has_ended());
    let rate = history.over.as_ref().unwrap().rate.as_ref().unwrap();
    assert_eq!((rate.failures, rate.runs), (1, 2));
    let later = history.moment(1_000_000_000).unwrap();
    assert_eq!(later.to_string(), "2024-05-01T10:00:01Z");
}

#[test]
fn a_log_that_is_cut_or_torn_is_read_as_far_as_it_goes() {
    for cut in 0..LOG.len() {
        let history = read(&LOG.as_bytes()[..cut]);
        assert!(history.unread_lines <= 1, "cut at byte {cut}");
        assert!(!history.has_ended() || cut >= LOG.len() - 1, "{cut}");
    }
    // As it is written when there was no room inside of a line.
    let torn = LOG.replace(r#""event":"go""#, "\n");
    let history = read(torn.as_bytes());
    assert_eq!(history.unread_lines, 4);
    assert!(history.has_ended() && history.opened.is_some());
}

#[test]
fn no_line_is_too_long_to_go_on_after() {
    let long = "x".repeat(9 << 20);
    let history = read(format!("{long}\n{LOG}{long}").as_bytes());
    assert_eq!(history.unread_lines, 2);
    assert!(history.has_ended());
}

#[test]
fn what_is_not_a_file_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join(EVENTS);
    std::os::unix::fs::symlink("/etc/hostname", &log).unwrap();
    assert!(Session::read(dir.path()).is_err());
    std::fs::remove_file(&log).unwrap();
    nix::unistd::mkfifo(&log, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(Session::read(dir.path()).is_err());
    std::fs::remove_file(&log).unwrap();
    let session = Session::read(dir.path()).unwrap();
    assert!(session.history.opened.is_none() && session.manifest.is_err());
}

#[test]
fn fuzzed_records_are_read_as_far_as_they_go() {
    let words =
        ["\n", "{", "\"hex\":\"2fff\"", "null", "-1", "1e999", "\\ud800"];
    let lines: Vec<Vec<u8>> = LOG.lines().map(Vec::from).collect();
    let originals = [vec![LOG.into()], lines].concat();
    fuzz(&originals, &words, 300, |bytes, _| {
        let history = read(bytes);
        // Whatever was read can be told.
        let _ = (history.has_ended(), history.moment(u64::MAX));
        for name in history.attempts.keys() {
            assert_eq!(name.to_string().parse(), Ok(*name));
        }
    });
    let manifest = serde_json::to_vec(&Manifest::default()).unwrap();
    fuzz(&[manifest], &words, 2000, |bytes, _| {
        let _ = serde_json::from_slice::<Manifest>(bytes);
    });
}

#[test]
fn fuzzed_names_are_themselves_or_refused() {
    let words = ["/", "@", "-", "0", "thread-", "run-", "\0", "\n", "\u{e9}"];
    let names = ["thread-0-run-12", "gocrash-1700000000000", "tank/a@b"];
    fuzz(&names.map(Vec::from), &words, 5000, |bytes, _| {
        let name = String::from_utf8_lossy(bytes);
        if let Ok(attempt) = name.parse::<AttemptName>() {
            assert_eq!(attempt.to_string(), name);
        }
        if let Some(number) = number_of(&name) {
            assert_eq!(format!("gocrash-{number}"), name);
        }
        let is_plain = !name.contains(['\0', '\n', '#']);
        if let Ok(dataset) = name.parse::<zfs::DatasetName>() {
            assert!(dataset.as_str() == name && is_plain, "{name:?}");
            assert!(!name.contains('@'), "{name:?}");
        }
        if let Ok(snapshot) = name.parse::<zfs::SnapshotName>() {
            assert!(snapshot.as_str() == name && is_plain, "{name:?}");
            assert_eq!(name.matches('@').count(), 1, "{name:?}");
        }
    });
}
