//! What can be asked of the keeper, and what it answers. Slates are named by
//! their attempts and nothing else; what is to be run, by whom and where all of
//! it is are the keeper's to know.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::attempt::name::AttemptName;
use crate::record::text::{self, Text};
use crate::refusal::Refusal;
use crate::slate::collect::Collected;
use crate::slate::cores::{Core, Cores};
use crate::slate::room::Shortage;
use crate::slate::{Drift, Left, Rest, Seen, Unprepared, Working};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(crate) enum Request {
    /// Destroy what is unfinished of the hunt that is to go on.
    Clean,
    /// Look at the source; nothing is created.
    Check,
    /// Create what holds everything of the hunt, under the first free name
    /// from this number up; or open that of the hunt that is to go on.
    Open {
        first_ms: u64,
    },
    /// Make the files of the record, or open the log of a hunt that goes on.
    Record,
    /// Make the clone that `--prepare` works in, and what waits to do so.
    Golden,
    /// Make it what slates are clones of.
    FinishGolden,
    RetireGolden,
    /// Let it stay as it is.
    LeaveGolden,
    /// Say what is short.
    Shortage,
    /// Make a slate, and what waits to run in it.
    Prepare(AttemptName),
    /// Move the slate to where its attempt runs, and say whether anything can
    /// be written there.
    Reveal(AttemptName),
    /// Say whether nothing more can be written in the slate.
    IsFull(AttemptName),
    /// Write down, in the slate, what there is to know of an attempt that
    /// hangs.
    Examine(AttemptName),
    /// Keep the slate as it is at the moment.
    Freeze(AttemptName),
    /// Open the root of the slate.
    Root(AttemptName),
    /// Find the cores that the attempt left, and copy them into the slate,
    /// where the suite's person is not the one who asks.
    Cores(AttemptName),
    /// Copy out of the slate what is wanted of all.
    Collect(AttemptName),
    /// Let the slate stay, marked with this word.
    Keep {
        name: AttemptName,
        word: String,
    },
    /// Destroy the slate.
    Retire(AttemptName),
    /// Look at the source once more.
    Finish,
    /// Destroy what holds everything, if nothing is in it.
    Close,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(crate) enum Reply {
    /// What could not go.
    Cleaned(Vec<Left>),
    Seen(Seen),
    Opened(Working),
    /// With the event log and the manifest, or as much as there is of them.
    Recorded {
        why_not: Option<String>,
    },
    /// With the connection to a supervisor, and the log.
    Golden(Golden),
    /// What tells what was prepared from another one of its name.
    Gilded {
        guid: String,
    },
    Shortage(Option<Shortage>),
    /// With the connection to a supervisor, and both files of the output.
    Prepared(Prepared),
    Unprepared(Unprepared),
    /// With a file, for more; and what could not be written.
    Examined {
        why: Option<String>,
    },
    /// The name of what keeps it, where that is possible.
    Frozen(Option<String>),
    /// With a directory.
    Root,
    Dumped(Dumped),
    Collected(Collected),
    Rest(Rest),
    Drift(Drift),
    Done,
    Refused {
        what: String,
        help: String,
    },
    Failed(String),
}

/// A slate, and a process that waits to run in it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prepared {
    /// What tells the slate from another one of its name.
    pub(crate) guid: String,
    /// Where it is while its attempt runs.
    #[serde(with = "text")]
    pub(crate) path: PathBuf,
    /// Where what the suite prints can be read.
    #[serde(with = "text")]
    pub(crate) stdout_path: PathBuf,
    /// What the source had where the output goes.
    pub(crate) replaced: Vec<String>,
    /// What the steps of its scene are called.
    pub(crate) steps: Vec<String>,
    /// The process above the command.
    pub(crate) supervisor: i32,
}

/// A clone to prepare.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Golden {
    pub(crate) dataset: String,
    #[serde(with = "text")]
    pub(crate) path: PathBuf,
    #[serde(with = "text")]
    pub(crate) log: PathBuf,
    pub(crate) steps: Vec<String>,
}

/// Cores, each with its program.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dumped {
    found: Vec<(Text, Option<Text>)>,
    trouble: Option<String>,
}

impl From<Cores> for Dumped {
    fn from(cores: Cores) -> Dumped {
        let text = |path: &PathBuf| Text::from(path);
        let found = cores.found.iter();
        Dumped {
            found: found
                .map(|core| (text(&core.path), core.program.as_ref().map(text)))
                .collect(),
            trouble: cores.trouble,
        }
    }
}

impl From<Dumped> for Cores {
    fn from(dumped: Dumped) -> Cores {
        let path = |text: &Text| text.to_os().map(PathBuf::from);
        let core = |(core, program): &(Text, Option<Text>)| Core {
            path: path(core).unwrap_or_default(),
            program: program.as_ref().and_then(path),
        };
        Cores {
            found: dumped.found.iter().map(core).collect(),
            trouble: dumped.trouble,
        }
    }
}

/// A reply, and the open files that go with it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    pub(crate) files: Vec<OwnedFd>,
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Answer {
        Answer { reply, files: Vec::new() }
    }
}

impl From<anyhow::Error> for Answer {
    fn from(error: anyhow::Error) -> Answer {
        let reply = match error.downcast_ref::<Refusal>() {
            Some(refusal) => Reply::Refused {
                what: refusal.to_string(),
                help: refusal.help().to_owned(),
            },
            None => Reply::Failed(format!("{error:#}")),
        };
        reply.into()
    }
}
