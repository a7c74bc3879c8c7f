//! A clean tree for one attempt: what the hunt knows of it, and the one seam to
//! where trees come from. Plain data goes through it, in and out.

pub(crate) mod baked;
pub(crate) mod clean;
pub(crate) mod collect;
pub(crate) mod compare;
pub(crate) mod cores;
pub(crate) mod found;
pub(crate) mod glob;
#[cfg_attr(target_os = "linux", path = "hiding/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "hiding/none.rs")]
mod hiding;
pub(crate) mod inside;
mod lock;
pub(crate) mod look;
mod name;
pub(crate) mod origin;
#[cfg_attr(not(target_os = "linux"), path = "overlay/none.rs")]
mod overlay;
pub(crate) mod room;
pub(crate) mod sandbox;
mod source;
pub(crate) mod visit;
pub(crate) mod walk;
mod zfs;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::attempt::name::AttemptName;
use crate::attempt::output::NAMES;
use crate::attempt::person::Ids;
use crate::attempt::reader::Reader;
use crate::record::text;
use crate::refusal::Refusal;
use crate::slate::baked::Baked;
pub(crate) use origin::Origin;
pub(crate) use source::Source;
pub(crate) use zfs::golden::Golden;

/// What a hunt wants of its source, to be checked before anything is created.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) origin: Origin,
    /// Where the suite starts, relative to the tree.
    pub(crate) cwd: PathBuf,
    /// A file that has to be there, relative to the tree.
    pub(crate) script: Option<PathBuf>,
    /// Whose rights the tree is looked at with, where root alone could see it.
    pub(crate) reader: Reader,
}

/// What was seen while checking.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    /// Permission bits, owner and group of the directory the suite starts in.
    pub(crate) cwd_mode: u32,
    pub(crate) cwd_uid: u32,
    pub(crate) cwd_gid: u32,
    /// A sign that the tree was built at another path than its slates have.
    pub(crate) baked: Option<Baked>,
}

#[cfg(test)]
impl Seen {
    /// What raises no doubts.
    pub(crate) fn for_tests() -> Seen {
        Seen { cwd_mode: 0o755, cwd_uid: 0, cwd_gid: 0, baked: None }
    }
}

/// So many kept slates of a hunt stay mounted for people to look at. What is
/// mounted makes each mount and unmount after it take longer.
pub(crate) const KEPT_MOUNTED_MAX: usize = 32;

/// What holds everything of one hunt.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Working {
    /// The dataset, or the directory: what a person can look up.
    pub(crate) name: String,
    /// Its last part: what the hunt is called.
    pub(crate) session: String,
    /// The directory in which there is room for the record.
    #[serde(with = "text")]
    pub(crate) path: PathBuf,
    /// Why there is no room in it that others can't take.
    pub(crate) roomless: Option<String>,
    /// Of a snapshot: what tells it from another one of the same name.
    pub(crate) guid: Option<String>,
    /// In what trees differ from copies of the source: a line each.
    pub(crate) limits: Vec<String>,
    /// So much has to stay free where it is.
    pub(crate) min_free_bytes: u64,
    /// There was much more room in the beginning than has to stay free.
    pub(crate) has_plenty: bool,
    /// It is of a hunt that was begun before.
    pub(crate) is_reopened: bool,
    kind: Kind,
}

/// What it is, and what tells it from another one of its name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum Kind {
    Dataset {
        guid: String,
        /// The snapshot that the hunt took itself, if it did.
        taken: Option<String>,
        /// Of the clone that was prepared.
        golden_guid: Option<String>,
    },
    Directory {
        guid: String,
    },
}

/// What the source needs to know it again.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "there are no overlays to make one")
)]
pub(crate) enum Place {
    Zfs(Box<zfs::Place>),
    Overlay(overlay::Place),
}

impl Working {
    /// What so many slates are called.
    pub(crate) fn slates(&self, count: usize) -> &'static str {
        match (&self.kind, count) {
            (Kind::Dataset { .. }, 1) => "dataset",
            (Kind::Dataset { .. }, _) => "datasets",
            (Kind::Directory { .. }, 1) => "directory",
            (Kind::Directory { .. }, _) => "directories",
        }
    }

    /// Whether so many kept slates are more than stay mounted.
    pub(crate) fn are_many(&self, kept: usize) -> bool {
        matches!(self.kind, Kind::Dataset { .. }) && kept > KEPT_MOUNTED_MAX
    }

    /// Why it is named among what is left, when nobody looked.
    pub(crate) fn why_left(&self) -> &'static str {
        match self.kind {
            Kind::Dataset { .. } => "the working dataset, may still be there",
            Kind::Directory { .. } => {
                "holds all of the hunt, may still be there"
            }
        }
    }

    /// What this slate is called, before its attempt begins or from then on.
    pub(crate) fn slate(&self, slate: AttemptName, waits: bool) -> String {
        let Working { name, kind, .. } = self;
        match kind {
            Kind::Directory { .. } if waits => {
                format!("{name}/{}/{slate}", overlay::READY)
            }
            Kind::Dataset { .. } | Kind::Directory { .. } => {
                format!("{name}/{slate}")
            }
        }
    }

    /// What is left of this slate when it is kept.
    pub(crate) fn evidence(&self, slate: AttemptName) -> String {
        let Working { name, kind, .. } = self;
        match kind {
            Kind::Dataset { .. } => format!("{name}/{slate}"),
            Kind::Directory { .. } => {
                format!("{name}/{slate}/{}", overlay::UPPER)
            }
        }
    }

    /// What the person's processes could look into, and attempts must not. A
    /// dataset keeps its slates out of reach itself.
    pub(crate) fn to_hide(&self) -> Option<PathBuf> {
        match &self.kind {
            Kind::Dataset { .. } => None,
            Kind::Directory { .. } => Some(self.path.clone()),
        }
    }

    /// Whether nothing but the hunt itself keeps the source as it is, so that
    /// it has to be looked at again in the end.
    pub(crate) fn may_drift(&self) -> bool {
        matches!(self.kind, Kind::Directory { .. })
    }

    /// What tells it from another one of its name.
    pub(crate) fn own_guid(&self) -> String {
        match &self.kind {
            Kind::Dataset { guid, .. } | Kind::Directory { guid } => {
                guid.clone()
            }
        }
    }

    /// What tells the clone that was prepared from another one of its name.
    pub(crate) fn golden_guid(&self) -> Option<&str> {
        match &self.kind {
            Kind::Dataset { golden_guid, .. } => golden_guid.as_deref(),
            Kind::Directory { .. } => None,
        }
    }

    /// Notes what was prepared.
    pub(crate) fn with_golden(mut self, guid: String) -> Working {
        if let Kind::Dataset { golden_guid, .. } = &mut self.kind {
            *golden_guid = Some(guid);
        }
        self
    }

    /// The snapshot that the hunt took itself, if it did.
    pub(crate) fn taken(&self) -> Option<&str> {
        match &self.kind {
            Kind::Dataset { taken, .. } => taken.as_deref(),
            Kind::Directory { .. } => None,
        }
    }

    /// The line that says that it is there.
    pub(crate) fn created(&self) -> String {
        let name = &self.name;
        let done = if self.is_reopened { "reopened" } else { "created" };
        match self.kind {
            Kind::Dataset { .. } => format!("{done} zfs dataset {name:?}"),
            Kind::Directory { .. } => format!("{done} directory {name:?}"),
        }
    }
}

#[cfg(test)]
impl Working {
    /// One that is nowhere.
    pub(crate) fn for_tests(dataset: &str) -> Working {
        Working {
            name: dataset.to_owned(),
            session: dataset.to_owned(),
            path: PathBuf::new(),
            roomless: None,
            guid: None,
            limits: Vec::new(),
            min_free_bytes: 0,
            has_plenty: true,
            is_reopened: false,
            kind: Kind::Dataset {
                guid: String::new(),
                taken: None,
                golden_guid: None,
            },
        }
    }

    pub(crate) fn directory_for_tests(path: &str) -> Working {
        let kind = Kind::Directory { guid: String::new() };
        Working { kind, ..Working::for_tests(path) }
    }
}

/// A tree for one attempt, mounted.
#[derive(Debug)]
pub(crate) struct Slate {
    /// Where it is while its attempt runs.
    pub(crate) path: PathBuf,
    place: SlatePlace,
}

#[derive(Debug)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "there are no overlays to make one")
)]
enum SlatePlace {
    Zfs(zfs::SlatePlace),
    Overlay(overlay::SlatePlace),
}

impl Slate {
    /// Where the tree is now.
    pub(crate) fn here(&self) -> PathBuf {
        match &self.place {
            SlatePlace::Zfs(place) => place.here(&self.path),
            SlatePlace::Overlay(place) => place.here(&self.path),
        }
    }

    /// What tells it from another one of its name.
    pub(crate) fn guid(&self) -> String {
        match &self.place {
            SlatePlace::Zfs(place) => place.guid().to_owned(),
            SlatePlace::Overlay(place) => place.guid(),
        }
    }

    /// Where what the suite prints can be read, from now on until the slate
    /// goes, by whoever may look into it.
    pub(crate) fn stdout_path(&self) -> PathBuf {
        let dir: &Path = match &self.place {
            SlatePlace::Zfs(_) => &self.path,
            SlatePlace::Overlay(place) => place.upper(),
        };
        dir.join(NAMES[0])
    }
}

/// Why there is no slate, and what of it may be left.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unprepared {
    pub(crate) why: String,
    pub(crate) left: Option<Left>,
}

/// What became of what was to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) enum Rest {
    Gone,
    Left(Left),
}

/// Something of ours that is still there, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Left {
    /// The dataset or directory.
    pub(crate) name: String,
    pub(crate) why: String,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.why)
    }
}

/// What became of the source while the hunt went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) enum Drift {
    None,
    /// So many paths are new, gone or different; and one of them.
    Changed(u64, String),
    /// It can't be told, and why.
    Unknown(String),
}

/// Gives this process the rights that hunts in overlays have over what is in
/// them. Only while there is a single thread.
pub(crate) fn enter_overlays() -> Result<(), Refusal> {
    overlay::enter()
}

/// Where a dataset is mounted.
pub(crate) fn mounted_at(dataset: &str) -> Option<PathBuf> {
    let dataset = ::zfs::DatasetName::new(dataset).ok()?;
    ::zfs::Zfs::open().ok()?.mounted_at(&dataset).ok()?
}

/// Does what reads a person's own directories, which may lead elsewhere, with
/// no more rights than that person has.
pub(crate) fn as_person<T>(
    person: Option<&Ids>,
    work: impl FnOnce() -> T,
) -> T {
    overlay::as_person(person, work)
}
