//! The lines of the event log: JSON types of their own, and what each event
//! says in them.

mod exit;

use exit::{Leak, Triage, is_nought, of_exit};
use jiff::Timestamp;
use serde::Serialize;

use super::text::Text;
use super::{VERSION, host};
use crate::attempt::name::AttemptName;
use crate::exit::Verdict;
use crate::hunt::golden::Spoiled;
use crate::hunt::worker::Order;
use crate::hunt::{Event, Hunt, Rule, Step};
use crate::slate::{Drift, Left, Rest};
use crate::stats;

/// A line of `events.jsonl`, as docs/record.md has it.
#[derive(Debug, Serialize)]
pub(crate) struct Line<'a> {
    pub(crate) t_ns: u64,
    #[serde(flatten)]
    pub(crate) fact: Fact<'a>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Fact<'a> {
    Opened {
        v: u32,
        session: &'a str,
        started: String,
        name: &'a str,
        guid: String,
        directory: Text,
        #[serde(skip_serializing_if = "Option::is_none")]
        boot: Option<String>,
    },
    Resumed {
        v: u32,
        session: &'a str,
        started: String,
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        boot: Option<String>,
    },
    Golden {
        duration_ns: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        guid: Option<&'a str>,
    },
    NoRoom {
        #[serde(flatten)]
        attempt: Attempt,
        why: String,
    },
    Preparing(Attempt),
    Prepared {
        #[serde(flatten)]
        attempt: Attempt,
        guid: &'a str,
    },
    Unprepared {
        #[serde(flatten)]
        attempt: Attempt,
        why: &'a str,
    },
    Go(Attempt),
    Replaced {
        #[serde(flatten)]
        attempt: Attempt,
        files: &'a [&'static str],
    },
    Hang {
        #[serde(flatten)]
        attempt: Attempt,
        after_ns: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        autopsy: Option<Text>,
        #[serde(skip_serializing_if = "Option::is_none")]
        snapshot: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    HookFailed {
        #[serde(flatten)]
        attempt: Attempt,
        hook: &'static str,
        why: &'a str,
    },
    Exit {
        #[serde(flatten)]
        attempt: Attempt,
        outcome: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        exit_status: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        signal: Option<i32>,
        /// What in the output decided, where that did.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<&'static str>,
        duration_ns: u64,
        kept: bool,
        #[serde(skip_serializing_if = "is_nought")]
        leaked: u32,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        leaks: Vec<Leak<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        #[serde(flatten)]
        triage: Option<Triage<'a>>,
    },
    Cores {
        #[serde(flatten)]
        attempt: Attempt,
        cores: Vec<Core>,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<&'a str>,
    },
    Collected {
        #[serde(flatten)]
        attempt: Attempt,
        files: u64,
        bytes: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<&'a str>,
    },
    Kept {
        #[serde(flatten)]
        attempt: Attempt,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    Retired(Attempt),
    Left {
        name: &'a str,
        why: &'a str,
    },
    Changed {
        #[serde(skip_serializing_if = "Option::is_none")]
        paths: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        first: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<&'a str>,
    },
    Signal {
        signal: i32,
    },
    Suspended,
    Continued {
        duration_ns: u64,
    },
    Trouble {
        why: String,
    },
    Closing,
    Closed,
    Over {
        verdict: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        signal: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        rule: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        rate: Option<Rate>,
    },
}

/// A core dump.
#[derive(Debug, Serialize)]
pub(crate) struct Core {
    path: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<Text>,
}

/// How often runs failed.
#[derive(Debug, Serialize)]
pub(crate) struct Rate {
    failures: u64,
    runs: u64,
    low: f64,
    high: f64,
    confidence: f64,
    approximate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    runs_until_sure: Option<u64>,
}

impl From<stats::Rate> for Rate {
    fn from(rate: stats::Rate) -> Rate {
        Rate {
            failures: rate.fails,
            runs: rate.runs,
            low: rate.interval.low,
            high: rate.interval.high,
            confidence: stats::CONFIDENCE,
            approximate: rate.is_approximate,
            runs_until_sure: rate.runs_until_sure(stats::SURE),
        }
    }
}

/// Which one an event is about.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Attempt {
    thread: u16,
    attempt: u64,
}

impl From<AttemptName> for Attempt {
    fn from(name: AttemptName) -> Attempt {
        Attempt { thread: name.thread, attempt: name.run }
    }
}

/// What there is to say of an event, and of the steps that it led to.
pub(crate) fn facts<'a>(
    event: &'a Event,
    steps: &[Step],
    hunt: &'a Hunt,
    started: Timestamp,
) -> Vec<Fact<'a>> {
    let mut facts = of_event(event, hunt, started);
    for step in steps {
        match step {
            // Before it is there, so that it is known whose it is.
            Step::Order(_, Order::Prepare(name)) => {
                facts.push(Fact::Preparing((*name).into()));
            }
            Step::Close => facts.push(Fact::Closing),
            Step::Over => facts.push(over(hunt)),
            _ => {}
        }
    }
    facts
}

#[expect(clippy::too_many_lines, reason = "an arm for each event")]
fn of_event<'a>(
    event: &'a Event,
    hunt: &'a Hunt,
    started: Timestamp,
) -> Vec<Fact<'a>> {
    let fact = match event {
        Event::Checked(Ok(_))
        | Event::Asked
        | Event::Sifted(..)
        | Event::Said(..) => {
            return Vec::new();
        }
        Event::Checked(Err(error)) | Event::Opened(Err(error)) => {
            trouble(format!("{error:#}"))
        }
        Event::Opened(Ok(working)) if working.is_reopened => Fact::Resumed {
            v: VERSION,
            session: &working.session,
            started: Timestamp::now().to_string(),
            name: &working.name,
            boot: host::boot(),
        },
        Event::Opened(Ok(working)) => Fact::Opened {
            v: VERSION,
            session: &working.session,
            started: started.to_string(),
            name: &working.name,
            guid: working.own_guid(),
            directory: (&working.path).into(),
            boot: host::boot(),
        },
        Event::Golden(Ok(working), took) => Fact::Golden {
            duration_ns: super::nanoseconds(*took),
            guid: working.golden_guid(),
        },
        Event::Golden(Err(spoiled), _) => return of_spoiled(spoiled),
        Event::NoRoom(name, shortage) => {
            Fact::NoRoom { attempt: (*name).into(), why: shortage.to_string() }
        }
        Event::Forgone(name) => {
            let why = "the hunt ends";
            Fact::Unprepared { attempt: (*name).into(), why }
        }
        Event::Prepared(name, Ok(guid)) => {
            Fact::Prepared { attempt: (*name).into(), guid }
        }
        Event::Prepared(name, Err(unprepared)) => {
            let attempt = (*name).into();
            let why = &unprepared.why;
            let mut facts = vec![Fact::Unprepared { attempt, why }];
            facts.extend(unprepared.left.as_ref().map(left));
            return facts;
        }
        Event::Started(..)
        | Event::Replaced(..)
        | Event::Hung(..)
        | Event::HookFailed(..)
        | Event::Ended(..)
        | Event::Dumped(..)
        | Event::Collected(..)
        | Event::Kept(..) => return of_run(event, hunt),
        Event::Retired(name, Rest::Gone) => Fact::Retired((*name).into()),
        Event::Closed(Rest::Gone) => Fact::Closed,
        Event::Retired(_, Rest::Left(rest))
        | Event::Closed(Rest::Left(rest)) => left(rest),
        Event::Looked(Drift::None) => return Vec::new(),
        Event::Looked(Drift::Changed(paths, first)) => {
            Fact::Changed { paths: Some(*paths), first: Some(first), why: None }
        }
        Event::Looked(Drift::Unknown(why)) => {
            Fact::Changed { paths: None, first: None, why: Some(why) }
        }
        Event::Suspend => Fact::Suspended,
        Event::Continued(after) => {
            Fact::Continued { duration_ns: super::nanoseconds(*after) }
        }
        Event::Signal(signal) => Fact::Signal { signal: *signal },
        Event::Lost(_, why) | Event::Unrecorded(why) => trouble(why.clone()),
        Event::TimeIsUp => return Vec::new(),
        Event::OutOfPatience => {
            trouble("did not wait for what is under way".to_owned())
        }
    };
    vec![fact]
}

/// What a run does, from its beginning to where its clone goes.
fn of_run<'a>(event: &'a Event, hunt: &'a Hunt) -> Vec<Fact<'a>> {
    let fact = match event {
        Event::Started(name, ..) => Fact::Go((*name).into()),
        Event::Replaced(name, files) => {
            Fact::Replaced { attempt: (*name).into(), files }
        }
        Event::Hung(name, hang) => Fact::Hang {
            attempt: (*name).into(),
            after_ns: super::nanoseconds(hang.after),
            autopsy: hang.autopsy.as_ref().map(Text::from),
            snapshot: hang.snapshot.as_deref(),
            why: (!hang.troubles.is_empty()).then(|| hang.troubles.join("; ")),
        },
        Event::HookFailed(name, moment, why) => Fact::HookFailed {
            attempt: (*name).into(),
            hook: moment.word(),
            why,
        },
        Event::Ended(name, outcome, span, leaks) => {
            of_exit(*name, outcome, span, leaks, hunt)
        }
        Event::Dumped(name, cores) => Fact::Cores {
            attempt: (*name).into(),
            cores: cores
                .found
                .iter()
                .map(|core| Core {
                    path: (&core.path).into(),
                    program: core.program.as_ref().map(Text::from),
                })
                .collect(),
            why: cores.trouble.as_deref(),
        },
        Event::Collected(name, collected) => Fact::Collected {
            attempt: (*name).into(),
            files: collected.files,
            bytes: collected.bytes,
            why: collected.trouble.as_deref(),
        },
        Event::Kept(name, marked) => Fact::Kept {
            attempt: (*name).into(),
            name: hunt.evidence(*name),
            why: marked.as_ref().err().map(|error| format!("{error:#}")),
        },
        _ => return Vec::new(),
    };
    vec![fact]
}

fn of_spoiled(spoiled: &Spoiled) -> Vec<Fact<'_>> {
    let mut facts = vec![trouble(spoiled.why.clone())];
    if let Rest::Left(rest) = &spoiled.rest {
        facts.push(left(rest));
    }
    facts
}

fn left(left: &Left) -> Fact<'_> {
    Fact::Left { name: &left.name, why: &left.why }
}

fn trouble<'a>(why: String) -> Fact<'a> {
    Fact::Trouble { why }
}

fn over(hunt: &Hunt) -> Fact<'_> {
    let verdict = hunt.verdict();
    let (verdict, signal) = match verdict {
        Verdict::Signaled(signal) => ("signaled", Some(signal)),
        Verdict::Reproduced => ("reproduced", None),
        Verdict::Passed => ("passed", None),
        Verdict::None => ("none", None),
    };
    Fact::Over {
        verdict,
        signal,
        why: hunt.trouble.as_deref(),
        rule: hunt.rule().map(Rule::word),
        rate: hunt.rate().map(Rate::from),
    }
}
