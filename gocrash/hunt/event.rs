//! Everything that can happen in a hunt.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam::channel::Sender;

use crate::attempt::leaks::Leaks;
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::Outcome;
use crate::attempt::said::Said;
use crate::hunt::golden::Spoiled;
use crate::hunt::hooks::Moment;
use crate::hunt::sift::Sifted;
use crate::slate::collect::Collected;
use crate::slate::cores::Cores;
use crate::slate::room::Shortage;
use crate::slate::{Drift, Rest, Seen, Unprepared, Working};

/// Whatever happens anywhere reaches the coordinator as one of these, through
/// one channel.
#[derive(Debug)]
pub(crate) enum Event {
    /// SIGHUP, SIGINT or SIGTERM came in.
    Signal(i32),
    /// SIGTSTP came in: everything is to stop for a while.
    Suspend,
    /// Everything went on, after so long.
    Continued(Duration),
    /// A signal asks how it goes.
    Asked,
    /// The source was looked at.
    Checked(anyhow::Result<Seen>),
    /// The working dataset was created.
    Opened(anyhow::Result<Working>),
    /// What `--prepare` asks for was done.
    Golden(Result<Working, Spoiled>, Duration),
    /// No slate was made for this attempt: there is no room for one.
    NoRoom(AttemptName, Shortage),
    /// No slate was made, since the hunt ends.
    Forgone(AttemptName),
    /// A slate was made for this attempt, and a process to run in it. What
    /// tells the slate from another one of its name.
    Prepared(AttemptName, Result<String, Unprepared>),
    /// The suite was let go at this moment, its output goes to this path.
    Started(AttemptName, PathBuf, Instant),
    /// The snapshot had files where the output goes.
    Replaced(AttemptName, Vec<&'static str>),
    /// The command took longer than it may, and is about to be ended.
    Hung(AttemptName, Hang),
    /// What was to run then did not do well.
    HookFailed(AttemptName, Moment, String),
    /// What triage makes of this attempt, which is about to be said to have
    /// failed.
    Sifted(AttemptName, Sifted),
    /// The end of what this attempt has printed, which is about to be said
    /// to have failed.
    Said(AttemptName, Said),
    /// The command ended, and so did what it left behind.
    Ended(AttemptName, Outcome, Span, Leaks),
    /// Its processes dumped core.
    Dumped(AttemptName, Cores),
    /// Files were copied out of its slate.
    Collected(AttemptName, Collected),
    /// The slate stays; marking it so may have failed.
    Kept(AttemptName, anyhow::Result<()>),
    /// The slate was to go.
    Retired(AttemptName, Rest),
    /// The source was looked at once more.
    Looked(Drift),
    /// The working dataset was to go.
    Closed(Rest),
    /// A thread of ours could not be started, or panicked.
    Lost(Who, String),
    /// Something could not be written down.
    Unrecorded(String),
    /// The hunt may last no longer.
    TimeIsUp,
    /// Waiting any longer is no use: the second signal was a while ago.
    OutOfPatience,
}

/// What was noted of an attempt that hangs.
#[derive(Debug, Clone)]
pub(crate) struct Hang {
    /// How long it had run.
    pub(crate) after: Duration,
    /// Where it was written down.
    pub(crate) autopsy: Option<PathBuf>,
    /// Its slate as it was then.
    pub(crate) snapshot: Option<String>,
    /// What could not be done.
    pub(crate) troubles: Vec<String>,
}

/// The time of an attempt: from when its suite was let go, or would have been,
/// or later by as long as it was stopped; to when its end was known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) go: Instant,
    pub(crate) exit: Instant,
}

impl Span {
    pub(crate) fn took(&self) -> Duration {
        self.exit.duration_since(self.go)
    }
}

/// A thread that reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// A hand of this thread.
    Hand(u16, Task),
    /// The one that checks, opens or closes.
    Steward,
    /// The process with the rights.
    Keeper,
}

/// What a hand does with slates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Stock,
    Run,
    Settle,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::Hand(thread, Task::Stock) => write!(f, "stock-{thread}"),
            Who::Hand(thread, Task::Run) => write!(f, "run-{thread}"),
            Who::Hand(thread, Task::Settle) => write!(f, "settle-{thread}"),
            Who::Steward => f.write_str("steward"),
            Who::Keeper => f.write_str("keeper"),
        }
    }
}

/// A thread's way to report. If the thread panics, that is reported too, or
/// the coordinator would wait for it for ever.
#[derive(Debug)]
pub(crate) struct Voice {
    who: Who,
    events: Sender<Event>,
}

impl Voice {
    pub(crate) fn new(who: Who, events: &Sender<Event>) -> Voice {
        Voice { who, events: events.clone() }
    }

    pub(crate) fn say(&self, event: Event) {
        // Nobody listens any more only when gocrash is about to exit.
        let _ = self.events.send(event);
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.say(Event::Lost(self.who, "a thread panicked".to_owned()));
        }
    }
}
