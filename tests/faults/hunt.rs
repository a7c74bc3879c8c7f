//! A hunt of a scenario: its processes carry the mark of the scenario, what it
//! prints is read while it goes on, and every event is in a file as well.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::log::{self, Attempt};

/// A hunt that goes on so long never ends by itself.
const LIMIT: Duration = Duration::from_secs(900);

/// A hunt that goes on.
pub(crate) struct Running {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    seen: String,
    stderr: PathBuf,
    pub(crate) events: PathBuf,
    /// Dropped, the watchdog is called off.
    _watched: Sender<()>,
}

/// A hunt that is over.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) id: u32,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Every line of `--events`, up to one that was cut.
    pub(crate) events: Vec<Value>,
}

/// Where events of a new hunt go, below a directory of the person's.
pub(crate) fn new_events(desk: &Path) -> PathBuf {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    desk.join(format!("events-{number}"))
}

impl Running {
    /// Starts a command that writes its events there. `folder` is that of the
    /// scenario, and marks whatever comes of it.
    pub(crate) fn start(
        mut command: Command,
        folder: &Path,
        events: &Path,
    ) -> Running {
        let stderr = events.with_extension("stderr");
        command
            .env("GOCRASH_FAULT", folder)
            .stderr(File::create(&stderr).unwrap());
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().map(BufReader::new);
        let (watched, over) = mpsc::channel();
        let id = Pid::from_raw(child.id().try_into().unwrap());
        thread::spawn(move || {
            if over.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
                let _ = kill(id, Signal::SIGKILL);
            }
        });
        Running {
            child,
            stdout,
            seen: String::new(),
            stderr,
            events: events.to_owned(),
            _watched: watched,
        }
    }

    pub(crate) fn id(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap())
    }

    pub(crate) fn send(&self, signal: Signal) {
        kill(self.id(), signal).unwrap();
    }

    /// Reads until there was a line with this in it.
    pub(crate) fn until(&mut self, part: &str) {
        let mut from = 0;
        while !self.seen[from..].contains(part) {
            from = self.seen.len();
            let out = self.stdout.as_mut().expect("standard output is read");
            let read = out.read_line(&mut self.seen).unwrap();
            let said = || fs::read_to_string(&self.stderr).unwrap();
            assert!(read > 0, "no `{part}` in: {}{}", self.seen, said());
        }
    }

    /// Whether it has ended.
    pub(crate) fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Closes this end of its standard output.
    pub(crate) fn stop_reading(&mut self) {
        self.stdout = None;
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ran {
        if let Some(out) = &mut self.stdout {
            out.read_to_string(&mut self.seen).unwrap();
        }
        let status = self.child.wait().unwrap();
        Ran {
            id: self.child.id(),
            status,
            stdout: self.seen,
            stderr: fs::read_to_string(&self.stderr).unwrap(),
            events: whole_lines(&self.events),
        }
    }
}

/// The lines of a log that may have been cut at its end.
pub(crate) fn whole_lines(log: &Path) -> Vec<Value> {
    let text = fs::read(log).unwrap_or_default();
    let end = text.iter().rposition(|byte| *byte == b'\n');
    let whole = &text[..end.map_or(0, |end| end + 1)];
    log::lines(std::str::from_utf8(whole).unwrap())
}

impl Ran {
    /// Fails with all there is to see, unless it ended so.
    pub(crate) fn expect(self, code: i32) -> Ran {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        self
    }

    /// The same for the signal that ended it.
    pub(crate) fn expect_signal(self, signal: Signal) -> Ran {
        assert_eq!(self.status.signal(), Some(signal as i32), "{self:#?}");
        self
    }

    /// What became of each attempt that ended.
    pub(crate) fn verdicts(&self) -> BTreeMap<Attempt, String> {
        log::verdicts(&self.events)
    }

    /// Fails unless that is what became of this attempt.
    pub(crate) fn expect_verdict(self, attempt: Attempt, said: &str) -> Ran {
        let verdicts = self.verdicts();
        let found = verdicts.get(&attempt).map(String::as_str);
        assert_eq!(found, Some(said), "{self:#?}");
        self
    }

    /// Fails unless this was printed.
    pub(crate) fn expect_said(self, part: &str) -> Ran {
        let is_said = self.stdout.contains(part) || self.stderr.contains(part);
        assert!(is_said, "no `{part}` in {self:#?}");
        self
    }
}
