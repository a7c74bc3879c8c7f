//! What happened in a hunt, put together from the lines of its event log.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::line::{Fact, Line, Rate, Signature};
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::Outcome;

/// No line that gocrash writes is longer; of one that is, the rest is skipped.
const LINE_MAX_BYTES: u64 = 4 << 20;

/// A hunt's event log. All stamps count from when it started.
#[derive(Debug, Default, Clone)]
pub(crate) struct History {
    /// Missing only where gocrash was killed before it wrote its first line.
    pub(crate) opened: Option<Opened>,
    /// Every attempt there is a line of, by thread and number.
    pub(crate) attempts: BTreeMap<AttemptName, Attempt>,
    /// What happened to the hunt as a whole, in order.
    pub(crate) notes: Vec<Note>,
    pub(crate) left: Vec<Left>,
    /// How it ended, if it did.
    pub(crate) over: Option<Over>,
    /// Nothing was kept, and the working dataset was about to go.
    pub(crate) is_closing: bool,
    /// The stamp of the last line.
    pub(crate) last_ns: u64,
    /// So many lines are no JSON, because they were cut, or not understood.
    pub(crate) unread_lines: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) session: String,
    pub(crate) started: Timestamp,
    /// The working dataset; of overlays, the directory.
    pub(crate) name: String,
    /// Where that was mounted.
    pub(crate) directory: PathBuf,
    /// What tells that working dataset from another one of its name.
    pub(crate) guid: Option<String>,
    /// The boot of the host that it began in.
    pub(crate) boot: Option<String>,
}

/// One attempt.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// Its slate was there.
    pub(crate) prepared_ns: Option<u64>,
    /// What tells that from another one of its name.
    pub(crate) guid: Option<String>,
    /// Why there was no slate for it, or not at once.
    pub(crate) unprepared: Option<String>,
    /// Its suite started.
    pub(crate) go_ns: Option<u64>,
    /// The files that were in the way of the output.
    pub(crate) replaced: Vec<String>,
    /// It took too long, and what it did was noted before it was ended.
    pub(crate) hung: bool,
    /// The hunt broke off before its end was known, and went on later.
    pub(crate) is_lost: bool,
    pub(crate) exit: Option<Exit>,
    pub(crate) fate: Fate,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Exit {
    #[serde(skip)]
    pub(crate) at_ns: u64,
    /// A word of docs/record.md, or one that a later version has.
    pub(crate) outcome: String,
    /// Where the suite ended by itself.
    pub(crate) exit_status: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) duration_ns: u64,
    /// Whether its slate was to be kept.
    pub(crate) kept: bool,
    /// Of trouble that isn't the suite's.
    pub(crate) why: Option<String>,
    /// Of a failure: the version of triage, and what it told.
    pub(crate) triage: Option<u32>,
    #[serde(default)]
    pub(crate) signatures: Vec<Signature>,
    /// What in its output decided, a word of docs/record.md.
    pub(crate) by: Option<String>,
    /// What a rule said to do about it, and that rule.
    pub(crate) action: Option<String>,
    pub(crate) rule: Option<String>,
    /// What is wrong with a JUnit file that it left.
    pub(crate) results_unread: Option<String>,
}

/// What became of a slate.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing is said of it: it may be there.
    #[default]
    Unsettled,
    /// It stays, as a dataset or directory; and what went wrong with that.
    Kept {
        name: String,
        why: Option<String>,
    },
    Retired,
}

/// What could not be destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) name: String,
    pub(crate) why: String,
}

/// Something that is not about a single attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) at_ns: u64,
    pub(crate) what: Happening,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happening {
    /// What `--prepare` asks for was done, in this time.
    Golden {
        duration_ns: u64,
        guid: Option<String>,
    },
    /// The source of overlays changed, or it can't be told.
    Changed {
        paths: Option<u64>,
        first: Option<String>,
        why: Option<String>,
    },
    Signal(i32),
    Trouble(String),
    /// It went on after it had ended, or broken off.
    Resumed,
}

/// How a hunt ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Over {
    pub(crate) at_ns: u64,
    /// `reproduced`, `passed`, `none`, `signaled`.
    pub(crate) verdict: String,
    pub(crate) signal: Option<i32>,
    pub(crate) why: Option<String>,
    /// The stop rule that ended it, as its option is called with `_`.
    pub(crate) rule: Option<String>,
    /// How often runs failed, if any did or passed.
    pub(crate) rate: Option<Rate>,
}

impl Exit {
    /// Whether a rule said to go on after this failure.
    pub(crate) fn is_excused(&self) -> bool {
        self.is_failure() && self.action.as_deref() == Some("count")
    }

    /// Whether it counts as a failure of the suite.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(&*self.outcome, "failed" | "signaled" | "timed_out")
    }
}

impl Attempt {
    /// A word of docs/record.md, if it is known or was about to be.
    pub(crate) fn outcome(&self) -> Option<&str> {
        let hung = self.hung.then(|| Outcome::TimedOut.word());
        self.exit.as_ref().map(|exit| exit.outcome.as_str()).or(hung)
    }

    /// Whether it failed, or was about to.
    pub(crate) fn is_failure(&self) -> bool {
        self.exit.as_ref().map_or(self.hung, Exit::is_failure)
    }

    /// Whether its slate was to be kept.
    pub(crate) fn is_evidence(&self) -> bool {
        self.exit.as_ref().map_or(self.hung, |exit| exit.kept)
    }

    /// Whether its suite was started, and no end of it is known.
    pub(crate) fn is_running(&self) -> bool {
        self.go_ns.is_some() && self.exit.is_none() && !self.is_lost
    }
}

impl History {
    /// Reads an event log. What is cut, at the end or inside, and what is not
    /// known is skipped.
    ///
    /// # Errors
    /// What reading fails with.
    pub(crate) fn read(mut input: impl BufRead) -> io::Result<History> {
        let mut history = History::default();
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut limited = input.by_ref().take(LINE_MAX_BYTES);
            if limited.read_until(b'\n', &mut line)? == 0 {
                return Ok(history);
            }
            let is_cut = line.last() != Some(&b'\n');
            if is_cut && limited.limit() == 0 {
                history.unread_lines += 1;
                input.skip_until(b'\n')?;
                continue;
            }
            history.hear_line(&line);
        }
    }

    /// Takes in whole lines, as they are written.
    pub(crate) fn hear(&mut self, lines: &[u8]) {
        for line in lines.split(|byte| *byte == b'\n') {
            self.hear_line(line);
        }
    }

    fn hear_line(&mut self, line: &[u8]) {
        // An empty line follows one that broke off.
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        match serde_json::from_slice(line) {
            Ok(Line { t_ns, fact }) => self.take(t_ns, fact),
            Err(_) => self.unread_lines += 1,
        }
    }

    /// Whether it is known how it ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.over.is_some() || self.is_closing
    }

    /// What tells the clone that was prepared from another one of its name.
    pub(crate) fn golden_guid(&self) -> Option<String> {
        self.notes.iter().find_map(|note| match &note.what {
            Happening::Golden { guid, .. } => guid.clone(),
            _ => None,
        })
    }

    /// The moment of a stamp.
    pub(crate) fn moment(&self, t_ns: u64) -> Option<Timestamp> {
        let since = i64::try_from(t_ns).ok()?;
        let started = self.opened.as_ref()?.started;
        started.checked_add(SignedDuration::from_nanos(since)).ok()
    }

    fn take(&mut self, at_ns: u64, fact: Fact) {
        self.last_ns = self.last_ns.max(at_ns);
        match fact {
            Fact::Preparing(name) => {
                self.attempt(name);
            }
            Fact::Prepared { attempt, guid } => {
                let attempt = self.attempt(attempt);
                attempt.prepared_ns = Some(at_ns);
                attempt.guid = guid;
            }
            Fact::NoRoom { attempt, why }
            | Fact::Unprepared { attempt, why } => {
                self.attempt(attempt).unprepared = Some(why);
            }
            Fact::Go(name) => self.attempt(name).go_ns = Some(at_ns),
            Fact::Replaced { attempt, files } => {
                self.attempt(attempt).replaced = files;
            }
            Fact::Hang(name) => self.attempt(name).hung = true,
            Fact::Exit { attempt, exit } => {
                self.attempt(attempt).exit = Some(Exit { at_ns, ..exit });
            }
            Fact::Kept { attempt, name, why } => {
                self.attempt(attempt).fate = Fate::Kept { name, why };
            }
            Fact::Retired(name) => self.attempt(name).fate = Fate::Retired,
            fact => self.take_of_hunt(at_ns, fact),
        }
    }

    /// What is not about a single attempt.
    fn take_of_hunt(&mut self, at_ns: u64, fact: Fact) {
        match fact {
            Fact::Opened { session, started, name, guid, directory, boot } => {
                let started = started.parse().unwrap_or_default();
                let directory = directory.to_os().unwrap_or_default().into();
                self.opened = Some(Opened {
                    session,
                    started,
                    name,
                    directory,
                    guid,
                    boot,
                });
            }
            Fact::Resumed { boot } => self.resume(at_ns, boot),
            Fact::Left { name, why } => self.left.push(Left { name, why }),
            Fact::Closing => self.is_closing = true,
            Fact::Over { verdict, signal, why, rule, rate } => {
                let over = Over { at_ns, verdict, signal, why, rule, rate };
                self.over = Some(over);
            }
            Fact::Golden { duration_ns, guid } => {
                self.note(at_ns, Happening::Golden { duration_ns, guid });
            }
            Fact::Changed { paths, first, why } => {
                self.note(at_ns, Happening::Changed { paths, first, why });
            }
            Fact::Signal { signal } => {
                self.note(at_ns, Happening::Signal(signal));
            }
            Fact::Trouble { why } => {
                self.note(at_ns, Happening::Trouble(why));
            }
            // The others are about an attempt, or nothing that is kept.
            _ => {}
        }
    }

    /// The attempts whose end is not known.
    pub(crate) fn running(
        &self,
    ) -> impl Iterator<Item = (&AttemptName, &Attempt)> {
        self.attempts.iter().filter(|(_, attempt)| attempt.is_running())
    }

    /// When it went on for the last time, if it ever did.
    pub(crate) fn resumed_ns(&self) -> Option<u64> {
        let mut last_first = self.notes.iter().rev();
        let resumed =
            last_first.find(|note| matches!(note.what, Happening::Resumed));
        resumed.map(|note| note.at_ns)
    }

    fn resume(&mut self, at_ns: u64, boot: Option<String>) {
        self.over = None;
        self.is_closing = false;
        if let Some(opened) = &mut self.opened {
            opened.boot = boot;
        }
        for attempt in self.attempts.values_mut() {
            attempt.is_lost |= attempt.is_running();
        }
        self.note(at_ns, Happening::Resumed);
    }

    fn note(&mut self, at_ns: u64, what: Happening) {
        self.notes.push(Note { at_ns, what });
    }

    fn attempt(&mut self, name: super::line::Attempt) -> &mut Attempt {
        let name = AttemptName { thread: name.thread, run: name.attempt };
        self.attempts.entry(name).or_default()
    }
}
