//! `gocrash show`: what is known of a hunt, or of one of its attempts.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::hunts::{self, Hunt};
use super::state::kept;
use super::summary::Summary;
use crate::attempt::name::AttemptName;
use crate::attempt::output::NAMES;
use crate::cli::after::ShowArgs;
use crate::exit;
use crate::hunt::golden;
use crate::record;
use crate::record::manifest::{Manifest, Person};
use crate::record::read::{self, Attempt, History};
use crate::refusal::Refusal;
use crate::report::digest::rate_of;
use crate::report::printed::{self, VERSION};
use crate::report::showing;
use crate::slate::found::{Kind, is_kept};
use crate::slate::visit::Tree;

/// What `gocrash show --json` prints of a hunt.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    v: u32,
    #[serde(flatten)]
    pub(crate) summary: Summary,
    pub(crate) gocrash: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) cwd: Option<crate::record::text::Text>,
    pub(crate) person: Option<Person>,
    pub(crate) ended: Option<String>,
    pub(crate) why: Option<String>,
    /// The stop rule that ended it, as its option is called with `_`.
    pub(crate) rule: Option<String>,
    pub(crate) outcomes: Vec<(String, usize)>,
    rate: Option<record::Rate>,
    /// The same in words.
    #[serde(skip)]
    pub(crate) told_rate: Option<String>,
    pub(crate) left: Vec<Left>,
    pub(crate) details: Vec<Detail>,
}

/// Something that could not be destroyed.
#[derive(Debug, Serialize)]
pub(crate) struct Left {
    pub(crate) name: String,
    pub(crate) why: String,
}

/// What `gocrash show --json` prints of an attempt.
#[derive(Debug, Serialize)]
struct Versioned<'a> {
    v: u32,
    #[serde(flatten)]
    detail: &'a Detail,
}

/// What is known of one attempt.
#[derive(Debug, Serialize)]
pub(crate) struct Detail {
    pub(crate) id: String,
    thread: u16,
    attempt: u64,
    pub(crate) began: Option<String>,
    pub(crate) outcome: Option<String>,
    pub(crate) exit_status: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) duration_ns: Option<u64>,
    pub(crate) why: Option<String>,
    /// What triage told of it.
    pub(crate) signatures: Vec<Signature>,
    pub(crate) kept: bool,
    /// The dataset, or the directory with what it changed.
    pub(crate) name: Option<String>,
    /// Where the tree can be looked at, and in it what the suite printed.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) stdout: Option<PathBuf>,
    pub(crate) stderr: Option<PathBuf>,
}

/// A way in which it failed.
#[derive(Debug, Serialize)]
pub(crate) struct Signature {
    pub(crate) id: String,
    pub(crate) class: String,
    pub(crate) title: String,
    flaky: bool,
}

impl From<&read::Signature> for Signature {
    fn from(read: &read::Signature) -> Signature {
        let read::Signature { id, class, title, flaky } = read.clone();
        Signature { id, class, title, flaky }
    }
}

pub(super) fn show(args: &ShowArgs) -> anyhow::Result<ExitCode> {
    let hunts = hunts::find()?;
    let (hunt, attempt) = hunts.pick_attempt(&args.id)?;
    match attempt {
        None => {
            let shown = shown(hunt);
            match args.json {
                true => printed::json(&shown)?,
                false => showing::hunt(&shown)?,
            }
        }
        Some(name) => {
            let detail = detail_of(hunt, name)?;
            match args.json {
                true => {
                    printed::json(&Versioned { v: VERSION, detail: &detail })?
                }
                false => showing::attempt(&detail, &last_words(hunt, name))?,
            }
        }
    }
    Ok(ExitCode::from(exit::PASSED))
}

fn shown(hunt: &Hunt) -> Shown {
    let record = hunt.found.record.as_ref().ok();
    let manifest = record.and_then(|record| record.manifest.as_ref().ok());
    let history = record.map(|record| &record.history);
    let over = history.and_then(|history| history.over.as_ref());
    let rate = record.and_then(rate_of);
    Shown {
        v: VERSION,
        summary: Summary::new(hunt),
        gocrash: manifest.map(|m| {
            format!("{} (commit {})", m.gocrash.version, m.gocrash.commit)
        }),
        host: manifest.map(host),
        cwd: manifest.map(|manifest| manifest.cwd.clone()),
        person: manifest.map(|manifest| manifest.person.clone()),
        ended: over
            .and_then(|over| Some(history?.moment(over.at_ns)?.to_string())),
        why: over.and_then(|over| over.why.clone()),
        rule: over.and_then(|over| over.rule.clone()),
        outcomes: history.map(outcomes).unwrap_or_default(),
        rate: rate.map(record::Rate::from),
        told_rate: rate.map(|rate| rate.to_string()),
        left: history
            .map(|history| &history.left[..])
            .unwrap_or_default()
            .iter()
            .map(|left| Left { name: left.name.clone(), why: left.why.clone() })
            .collect(),
        details: history
            .map(|history| {
                let all = history.attempts.iter();
                all.map(|(name, attempt)| detail(hunt, *name, attempt))
                    .collect()
            })
            .unwrap_or_default(),
    }
}

fn host(manifest: &Manifest) -> String {
    let host = &manifest.host;
    let text = |text: &crate::record::text::Text| {
        text.to_os().unwrap_or_default().to_string_lossy().into_owned()
    };
    let cpu = host.cpu.as_deref().unwrap_or("unknown processor");
    format!(
        "{}, {} {}, {cpu}",
        text(&host.name),
        text(&host.system),
        text(&host.release)
    )
}

/// How many attempts ended in which way, the most first.
fn outcomes(history: &History) -> Vec<(String, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for exit in history.attempts.values().filter_map(|a| a.exit.as_ref()) {
        *counts.entry(exit.outcome.clone()).or_insert(0) += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

fn detail_of(hunt: &Hunt, name: AttemptName) -> Result<Detail, Refusal> {
    let history = hunt.found.record.as_ref().ok().map(|r| &r.history);
    let is_there = hunt.found.slates.iter().any(|slate| slate.attempt == name);
    match history.and_then(|history| history.attempts.get(&name)) {
        Some(attempt) => Ok(detail(hunt, name, attempt)),
        None if is_there => Ok(detail(hunt, name, &Attempt::default())),
        None => Err(Refusal::new(
            format!("`{}` has no attempt {name}", hunt.found.name),
            format!("`gocrash show {}` shows what it has", hunt.id),
        )),
    }
}

fn detail(hunt: &Hunt, name: AttemptName, attempt: &Attempt) -> Detail {
    let found = &hunt.found;
    let history = found.record.as_ref().ok().map(|record| &record.history);
    let kept = kept(found).into_iter().find(|kept| kept.attempt == name);
    let exit = attempt.exit.as_ref();
    let directory = kept.as_ref().and_then(|kept| match found.kind {
        Kind::Overlay => Some(PathBuf::from(kept.name)),
        Kind::Zfs => crate::slate::mounted_at(kept.name),
    });
    let output = |name: &str| directory.as_ref().map(|dir| dir.join(name));
    Detail {
        id: format!("{}/{name}", hunt.id),
        thread: name.thread,
        attempt: name.run,
        began: attempt
            .go_ns
            .and_then(|go_ns| Some(history?.moment(go_ns)?.to_string())),
        outcome: exit.map(|exit| exit.outcome.clone()),
        exit_status: exit.and_then(|exit| exit.exit_status),
        signal: exit.and_then(|exit| exit.signal),
        duration_ns: exit.map(|exit| exit.duration_ns),
        why: exit.and_then(|exit| exit.why.clone()),
        signatures: exit
            .map(|exit| exit.signatures.iter().map(Signature::from).collect())
            .unwrap_or_default(),
        kept: kept.is_some(),
        name: kept.map(|kept| kept.name.to_owned()),
        stdout: output(NAMES[0]),
        stderr: output(NAMES[1]),
        directory,
    }
}

/// The end of what the suite printed, where it can be read.
fn last_words(hunt: &Hunt, name: AttemptName) -> Vec<String> {
    let found = &hunt.found;
    let kept = found
        .slates
        .iter()
        .find(|slate| slate.attempt == name && is_kept(found, slate));
    let tree = kept.and_then(|kept| Tree::open_anywhere(found, kept).ok());
    // The file is closed before the tree is, which could not be unmounted.
    let tail = |tree: &Tree| golden::tail(tree.inside().file(NAMES[0])?);
    tree.and_then(|tree| tail(&tree).ok()).unwrap_or_default()
}
