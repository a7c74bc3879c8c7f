//! What a fix is measured against: an earlier hunt in which it failed.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::time::Duration;

use super::hunts::{self, Hunt};
use crate::config::Config;
use crate::record::MANIFEST;
use crate::record::host::Host;
use crate::record::manifest::{self, Manifest};
use crate::record::read::{Exit, History, Session, read_manifest};
use crate::record::text::Text;
use crate::refusal::Refusal;
use crate::stats::Rate;

/// An earlier hunt, as far as it is known.
#[derive(Debug)]
pub(super) struct Baseline {
    pub(super) name: String,
    record: Session,
}

/// A way in which a hunt is not like its baseline.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) what: &'static str,
    pub(super) was: String,
    pub(super) is: String,
}

impl Baseline {
    /// The hunt that `list` calls so, the last one there is, or one whose event
    /// log is in this file.
    pub(super) fn find(typed: &str) -> Result<Baseline, Refusal> {
        if Path::new(typed).is_file() {
            return Baseline::of_file(typed);
        }
        let mut all = hunts::find().all;
        let is_meant = |hunt: &Hunt| {
            [&hunt.id, &hunt.found.session, &hunt.found.name]
                .into_iter()
                .any(|name| name == typed)
        };
        let at = match typed {
            "latest" => all.iter().rposition(|hunt| !hunt.found.is_copy),
            _ => all.iter().position(is_meant),
        };
        let Some(at) = at else {
            return Err(Refusal::new(
                format!("there is no hunt `{typed}`"),
                "`gocrash list` shows those there are; the event log of one \
                 does as well: `--baseline FILE`",
            ));
        };
        let found = all.swap_remove(at).found;
        let record = found.record.map_err(|why| {
            Refusal::new(
                format!("cannot read the record of `{}`: {why}", found.name),
                "call gocrash as a person who may read it",
            )
        })?;
        Ok(Baseline { name: found.session, record })
    }

    fn of_file(path: &str) -> Result<Baseline, Refusal> {
        let read =
            || io::Result::Ok(History::read(BufReader::new(File::open(path)?)));
        let history = read().and_then(|history| history).map_err(|error| {
            Refusal::new(
                format!("cannot read `{path}`: {error}"),
                "name the event log of a hunt, or what `gocrash list` calls it",
            )
        })?;
        let opened = history.opened.as_ref();
        let name = opened.map_or(path, |opened| &opened.session).to_owned();
        let manifest = read_manifest(&Path::new(path).with_file_name(MANIFEST));
        Ok(Baseline { name, record: Session { manifest, history } })
    }

    pub(super) fn manifest(&self) -> Result<&Manifest, &str> {
        self.record.manifest.as_ref().map_err(String::as_str)
    }

    /// How often it failed: as its last line has it, or else by what is in its
    /// lines.
    pub(super) fn rate(&self) -> Rate {
        let over = self.record.history.over.as_ref();
        if let Some(rate) = over.and_then(|over| over.rate.as_ref()) {
            return rate.into();
        }
        let fails = self.exits().filter(|exit| exit.is_failure()).count();
        let fails = u64::try_from(fails).unwrap_or(u64::MAX);
        let passes = self.exits().filter(|exit| is_pass(exit)).count();
        let passes = u64::try_from(passes).unwrap_or(u64::MAX);
        Rate::counted(fails, fails.saturating_add(passes))
    }

    /// How long a run took on the average, and of those that passed, if any
    /// did: a fix is to make all of them pass.
    pub(super) fn average(&self) -> Option<Duration> {
        let of = |wanted: fn(&Exit) -> bool| {
            let exits = self.exits().filter(|exit| wanted(exit));
            let taken: Vec<u64> = exits.map(|exit| exit.duration_ns).collect();
            let count = u64::try_from(taken.len()).ok()?;
            let sum =
                taken.iter().fold(0u64, |sum, ns| sum.saturating_add(*ns));
            Some(Duration::from_nanos(sum.checked_div(count)?))
        };
        of(is_pass).or_else(|| of(Exit::is_failure))
    }

    fn exits(&self) -> impl Iterator<Item = &Exit> {
        let attempts = self.record.history.attempts.values();
        attempts.filter_map(|attempt| attempt.exit.as_ref())
    }
}

fn is_pass(exit: &Exit) -> bool {
    exit.outcome == "passed"
}

/// What is not as it was, of what a failure rate may depend on.
pub(super) fn differences(
    was: &Manifest,
    config: &Config,
) -> anyhow::Result<Vec<Difference>> {
    let host = Host::look()?;
    let kernel = |host: &Host| {
        let parts = [&host.system, &host.release, &host.build];
        parts.map(shown).join(" ")
    };
    let cpu = |host: &Host| {
        let model = host.cpu.clone().unwrap_or_default();
        format!("{} {model}", shown(&host.machine))
    };
    let suite = &config.suite;
    let program = std::iter::once(&suite.program).chain(&suite.args);
    let words: Vec<Text> = program.map(Text::from).collect();
    let command = |words: &[Text], cwd: &Text| {
        let words: Vec<String> = words.iter().map(shown).collect();
        format!("{words:?} in {:?}", shown(cwd))
    };
    let is = manifest::Options::of_patterns(&config.patterns);
    let patterns = |options: &manifest::Options| {
        let manifest::Options { pass, fail, ignore, .. } = options;
        format!("pass {pass:?}, fail {fail:?}, ignore {ignore:?}")
    };
    let pairs = [
        ("CPU", cpu(&was.host), cpu(&host)),
        ("kernel", kernel(&was.host), kernel(&host)),
        (
            "command",
            command(&was.command, &was.cwd),
            command(&words, &Text::from(&suite.cwd)),
        ),
        (
            "concurrency",
            was.options.concurrency.to_string(),
            config.concurrency.to_string(),
        ),
        ("patterns", patterns(&was.options), patterns(&is)),
    ];
    let all = pairs.into_iter();
    let differ = all.filter(|(_, was, is)| was != is);
    Ok(differ.map(|(what, was, is)| Difference { what, was, is }).collect())
}

fn shown(text: &Text) -> String {
    text.to_os().unwrap_or_default().to_string_lossy().into_owned()
}
