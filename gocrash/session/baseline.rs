//! What a fix is measured against: an earlier hunt in which it failed.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use super::state::is_denied;
use super::{again, hunts, log};
use crate::config::Config;
use crate::record::host::Host;
use crate::record::manifest::{self, Manifest};
use crate::record::read::{Exit, Session};
use crate::record::text::Text;
use crate::refusal::Refusal;
use crate::report::words;
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
    was: String,
    is: String,
    /// What makes it alike, if that can be had.
    pub(super) remedy: Option<String>,
}

/// What is compared: what it is called, as it was, as it is, and what makes it
/// alike.
type Compared = (&'static str, String, String, Option<String>);

impl Baseline {
    /// The hunt that `list` calls so, the last one there is, or one whose event
    /// log is in this file.
    pub(super) fn find(typed: &str) -> Result<Baseline, Refusal> {
        if let Some(record) = log::find(Path::new(typed))? {
            let opened = record.history.opened.as_ref();
            let name =
                opened.map_or(typed, |opened| &opened.session).to_owned();
            return Ok(Baseline { name, record });
        }
        let found = hunts::find()?.take(typed)?.found;
        let record = found.record.map_err(|why| {
            Refusal::new(
                format!("cannot read the record of `{}`: {why}", found.name),
                match is_denied(&why) {
                    true => "call gocrash as a person who may read it",
                    false => "name another hunt as the baseline",
                },
            )
        })?;
        Ok(Baseline { name: found.session, record })
    }

    pub(super) fn manifest(&self) -> Result<&Manifest, &str> {
        self.record.manifest.as_ref().map_err(String::as_str)
    }

    /// How often it failed: as its last line has it, or else by what is in its
    /// lines. The last line of a hunt that was resumed is about its last part.
    pub(super) fn rate(&self) -> Rate {
        let history = &self.record.history;
        let over = history.over.as_ref();
        let rate = over.and_then(|over| over.rate.as_ref());
        if let Some(rate) = rate.filter(|_| history.resumed_ns().is_none()) {
            return rate.into();
        }
        let fails = self.exits().filter(|exit| exit.is_failure()).count();
        let fails = u64::try_from(fails).unwrap_or(u64::MAX);
        let passes = self.exits().filter(|exit| exit.is_pass()).count();
        let passes = u64::try_from(passes).unwrap_or(u64::MAX);
        Rate::counted(fails, fails.saturating_add(passes))
    }

    /// Those of its failures.
    pub(super) fn signatures(&self) -> BTreeSet<String> {
        let failed = self.exits().filter(|exit| exit.is_failure());
        let all = failed.flat_map(|exit| &exit.signatures);
        all.filter(|s| !s.flaky).map(|s| s.id.clone()).collect()
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
        of(Exit::is_pass).or_else(|| of(Exit::is_failure))
    }

    fn exits(&self) -> impl Iterator<Item = &Exit> {
        let attempts = self.record.history.attempts.values();
        attempts.filter_map(|attempt| attempt.exit.as_ref())
    }
}

/// What is not as it was, of what a failure rate may depend on.
pub(super) fn differences(
    was: &Manifest,
    config: &Config,
) -> anyhow::Result<Vec<Difference>> {
    let suite = &config.suite;
    let program = std::iter::once(&suite.program).chain(&suite.args);
    let words: Vec<Text> = program.map(Text::from).collect();
    let command = |words: &[Text], cwd: &Text| {
        let command = format!("`{}`", words::whole_command(words));
        match shown(cwd) {
            cwd if cwd.is_empty() => command,
            cwd => format!("{command} in `{cwd}`"),
        }
    };
    let is = manifest::Options::of_patterns(&config.patterns);
    let threads = was.options.concurrency;
    let was_timeout = was.options.timeout.as_deref().unwrap_or("none");
    let left_out = |what| Some(format!("leave out {what}"));
    let (was_env, is_env) = knobs(was, &suite.env);
    let prepared = |command: &Option<Text>| match command {
        Some(command) => format!("`{}`", shown(command)),
        None => "none".to_owned(),
    };
    let all = [
        (
            "command",
            command(&was.command, &was.cwd),
            command(&words, &Text::from(&suite.cwd)),
            left_out("the COMMAND and `--cwd`"),
        ),
        (
            "concurrency",
            threads.to_string(),
            config.concurrency.to_string(),
            Some(format!("say `--concurrency {threads}`")),
        ),
        (
            "patterns",
            patterns(&was.options),
            patterns(&is),
            left_out("`--pass`, `--fail` and `--ignore`"),
        ),
        (
            "timeout",
            was_timeout.to_owned(),
            config.timeout.to_string(),
            Some(format!("say `--timeout {was_timeout}`")),
        ),
        (
            "environment",
            was_env.clone(),
            is_env,
            Some(format!("set it, or say `--env` for each: {was_env}")),
        ),
        (
            "prepare",
            prepared(&was.options.prepare),
            prepared(&config.prepare.as_ref().map(Text::from)),
            left_out("`--prepare`"),
        ),
    ];
    let all = hosts(was)?.into_iter().chain(all);
    let differ = all.filter(|(_, was, is, _)| was != is);
    let differ = differ.map(|(what, was, is, remedy)| Difference {
        what,
        was,
        is,
        remedy,
    });
    Ok(differ.collect())
}

/// What of the host a rate depends on; nothing makes that alike.
fn hosts(was: &Manifest) -> anyhow::Result<[Compared; 2]> {
    let host = Host::look()?;
    let kernel = |host: &Host| {
        let parts = [&host.system, &host.release, &host.build];
        parts.map(shown).join(" ")
    };
    let cpu = |host: &Host| {
        let model = host.cpu.clone().unwrap_or_default();
        format!("{} {model}", shown(&host.machine))
    };
    Ok([
        ("CPU", cpu(&was.host), cpu(&host), None),
        ("kernel", kernel(&was.host), kernel(&host), None),
    ])
}

/// The variables that Go's programs go by, and those that were typed, where the
/// two are not alike: as they were, and as they are.
fn knobs(
    was: &Manifest,
    is: &BTreeMap<OsString, OsString>,
) -> (String, String) {
    let is: BTreeMap<_, _> = is
        .iter()
        .map(|(name, value)| (name.to_string_lossy(), Text::from(value)))
        .collect();
    let typed = again::options(was).map(|options| options.env);
    let typed: Vec<String> = typed
        .iter()
        .flatten()
        .filter_map(|word| Some(word.to_str()?.split_once('=')?.0.to_owned()))
        .collect();
    let is_knob = |name: &str| {
        let is_gos = name.starts_with("GO") && !name.starts_with("GOCRASH_");
        is_gos || typed.iter().any(|typed| typed == name)
    };
    let names: BTreeSet<&str> = was
        .environment
        .keys()
        .map(String::as_str)
        .chain(is.keys().map(|name| &**name))
        .filter(|name| is_knob(name))
        .collect();
    let mut told = [String::new(), String::new()];
    for name in names {
        let sides = [was.environment.get(name), is.get(name)];
        if sides[0] == sides[1] {
            continue;
        }
        for (told, value) in told.iter_mut().zip(sides) {
            let value = match value {
                Some(value) => format!("{name}={}", shown(value)),
                None => format!("no {name}"),
            };
            *told += if told.is_empty() { "" } else { " " };
            *told += &value;
        }
    }
    let [was, is] = told;
    (was, is)
}

impl Difference {
    /// For a header.
    pub(super) fn told(&self) -> String {
        let Difference { what, was, is, .. } = self;
        format!("{what} {was}, now {is}")
    }
}

/// Completes `… had`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { what, was, is, .. } = self;
        write!(f, "{what} {was}, not {is}")
    }
}

/// As they are typed.
fn patterns(options: &manifest::Options) -> String {
    let manifest::Options { pass, fail, ignore, .. } = options;
    let all = [("--pass", pass), ("--fail", fail), ("--ignore", ignore)];
    let typed: Vec<String> = all
        .into_iter()
        .filter_map(|(option, pattern)| {
            pattern.as_ref().map(|pattern| format!("{option} {pattern:?}"))
        })
        .collect();
    if typed.is_empty() { "none".to_owned() } else { typed.join(" ") }
}

fn shown(text: &Text) -> String {
    text.to_os().unwrap_or_default().to_string_lossy().into_owned()
}
