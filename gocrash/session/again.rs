//! The hunt that a record tells of, asked for once more.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use anyhow::Context;
use clap::{CommandFactory, FromArgMatches};
use nix::unistd::Uid;
use zfs::{SnapshotName, Zfs};

use super::hunts::Hunt;
use super::{pick, state, verify};
use crate::attempt::person::Person;
use crate::attempt::reader::Reader;
use crate::cli::after::VerifyFixArgs;
use crate::cli::{After, Cli, Typed};
use crate::config::Config;
use crate::record::manifest::{self, Manifest};
use crate::record::text::Text;
use crate::refusal::Refusal;
use crate::slate::Origin;
use crate::slate::found::Found;

/// Stands in an environment for what is not Unicode in the name of a variable.
const NOT_UNICODE: char = '\u{fffd}';

/// What the record says of it, for whoever may do what its person may.
pub(super) fn manifest(hunt: &Hunt) -> Result<&Manifest, Refusal> {
    let name = &hunt.found.name;
    let record = hunt.found.record.as_ref();
    let manifest = record
        .map_err(String::as_str)
        .and_then(|record| record.manifest.as_ref().map_err(String::as_str));
    let manifest = manifest.map_err(|why| {
        Refusal::new(
            format!("cannot read what was hunted in `{name}`: {why}"),
            match state::is_denied(why) {
                true => "run gocrash by sudo or doas, or as who ran the suite",
                false => {
                    "what can be told without its gocrash.json is told by \
                     `gocrash report` and `gocrash triage`"
                }
            },
        )
    })?;
    let manifest::Person { name: person, uid, .. } = &manifest.person;
    // In their own directory they can write what they like, and so can what
    // runs as them.
    let owner = hunt.found.owner.ids().map(|ids| ids.uid.as_raw());
    if owner.is_some_and(|owner| owner != *uid) {
        return Err(Refusal::new(
            format!(
                "the record of `{name}` says that {person} ran the suite, and \
                 is somebody else's to write"
            ),
            "start another hunt",
        ));
    }
    let own = Uid::effective();
    if own.is_root() || own.as_raw() == *uid {
        return Ok(manifest);
    }
    Err(Refusal::new(
        format!("it was {person} who ran the suite of `{name}`"),
        "run gocrash as that person, or by sudo or doas",
    ))
}

/// The same hunt, with these words instead of the ones that asked for it.
pub(super) fn config(
    found: &Found,
    manifest: &Manifest,
    arguments: Vec<OsString>,
) -> anyhow::Result<Config> {
    check_snapshot(&manifest.source)?;
    enter(&manifest.called_in, &found.owner)?;
    let mut asked = parse(&arguments)?;
    let typed = asked.hunt();
    let manifest::Source { snapshot, directory, .. } = &manifest.source;
    let directory = directory.as_ref().and_then(Text::to_os);
    typed.overlay = directory.is_some();
    typed.source = directory
        .or_else(|| snapshot.as_ref().map(OsString::from))
        .context("its record does not say what it was made from")?;
    person(manifest)?;
    typed.user = user(manifest);
    let mut config = asked.config(manifest)?;
    config.suite.env = environment(manifest);
    if let Origin::Overlay(tree) = &mut config.origin {
        if let Some(state) = Path::new(&found.name).parent() {
            tree.state = state.to_owned();
        }
    }
    // The arguments may name any.
    config.files = config.files.or(&found.owner);
    config.arguments = arguments;
    Ok(config)
}

/// Who ran the suite, if that name still stands for the same person.
pub(super) fn person(manifest: &Manifest) -> Result<Person, Refusal> {
    let person = Person::find(user(manifest).as_deref())?;
    let manifest::Person { name, uid, gid, .. } = &manifest.person;
    let ids = person.ids();
    if (ids.uid.as_raw(), ids.gid.as_raw()) == (*uid, *gid) {
        return Ok(person);
    }
    Err(Refusal::new(
        format!(
            "`{name}` is another person now: uid {} and gid {}, and not {uid} \
             and {gid}",
            ids.uid, ids.gid
        ),
        "start another hunt",
    ))
}

/// What root has to say; for others there is one person only.
fn user(manifest: &Manifest) -> Option<String> {
    Uid::effective().is_root().then(|| manifest.person.name.clone())
}

/// The words that asked for the hunt.
pub(super) fn arguments(manifest: &Manifest) -> anyhow::Result<Vec<OsString>> {
    let words = manifest.arguments.iter().map(Text::to_os);
    let words: Option<Vec<OsString>> = words.collect();
    words
        .filter(|words| !words.is_empty())
        .context("its record does not say how gocrash was called")
}

/// The suite's environment, less what names the attempt. A variable whose name
/// is not Unicode is not in the record.
pub(super) fn environment(manifest: &Manifest) -> BTreeMap<OsString, OsString> {
    let all = manifest.environment.iter();
    all.filter(|(name, _)| !name.contains(NOT_UNICODE))
        .filter_map(|(name, value)| Some((name.into(), value.to_os()?)))
        .collect()
}

/// A snapshot of the same name may be another one.
fn check_snapshot(source: &manifest::Source) -> anyhow::Result<()> {
    let (Some(name), Some(guid)) = (&source.snapshot, &source.guid) else {
        return Ok(());
    };
    let snapshot = SnapshotName::new(name)?;
    let there = Zfs::open()?.property(&snapshot, "guid");
    if there.is_ok_and(|there| there.value == *guid) {
        return Ok(());
    }
    anyhow::bail!(Refusal::new(
        format!("`{name}`, which it was made from, is gone"),
        format!("it was the snapshot with the GUID {guid}: start another hunt"),
    ))
}

/// Paths are what they were where gocrash was called.
fn enter(called_in: &Text, owner: &Reader) -> anyhow::Result<()> {
    let dir = called_in.to_os().unwrap_or_default();
    if dir.is_empty() {
        return Ok(());
    }
    owner.act(|| std::env::set_current_dir(&dir)).map_err(|error| {
        let dir = dir.to_string_lossy();
        anyhow::Error::new(Refusal::new(
            format!("cannot go to `{dir}`, where it was started: {error}"),
            format!("make it: `mkdir -p {dir}`"),
        ))
    })
}

fn parse(arguments: &[OsString]) -> anyhow::Result<Asked> {
    // What is said later counts.
    let command = Typed::command().args_override_self(true);
    let matches = command.try_get_matches_from(arguments);
    let typed = matches.and_then(|m| Typed::from_arg_matches(&m));
    let asked = typed.ok().and_then(|typed| match typed {
        Typed { after: Some(After::VerifyFix(args)), .. } => {
            Some(Asked::Fix(args))
        }
        Typed { hunt, .. } => hunt.map(|hunt| Asked::Hunt(Box::new(hunt))),
    });
    asked.context("this version does not understand how it was called")
}

/// What asked for the hunt.
enum Asked {
    Hunt(Box<Cli>),
    Fix(Box<VerifyFixArgs>),
}

/// The options by which a hunt was asked for, where this version understands
/// them.
pub(super) fn options(manifest: &Manifest) -> Option<Cli> {
    match parse(&arguments(manifest).ok()?).ok()? {
        Asked::Hunt(hunt) => Some(*hunt),
        Asked::Fix(args) => Some(args.hunt),
    }
}

impl Asked {
    fn hunt(&mut self) -> &mut Cli {
        match self {
            Asked::Hunt(hunt) => hunt,
            Asked::Fix(args) => &mut args.hunt,
        }
    }

    fn config(self, manifest: &Manifest) -> anyhow::Result<Config> {
        match self {
            Asked::Hunt(hunt) => Ok(Config::new(*hunt)?),
            Asked::Fix(mut args) => {
                // That is another one by now.
                if args.baseline == pick::LATEST {
                    let baseline = &manifest.options.baseline;
                    args.baseline.clone_from(
                        baseline.as_ref().context("it has no baseline")?,
                    );
                }
                verify::config(*args)
            }
        }
    }
}
