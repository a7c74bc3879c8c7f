//! The manifest: what there is to know of a hunt when it begins.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use jiff::Timestamp;
use regex::bytes::Regex;
use serde::{Deserialize, Serialize};
use zfs::Zfs;

use super::VERSION;
use super::host::Host;
use super::text::Text;
use crate::attempt::patterns::Patterns;
use crate::attempt::timer::Timeout;
use crate::config::{Config, Keep, Suite};
use crate::slate::Working;
use crate::slate::origin::Origin;
use crate::stats::Limits;

/// `gocrash.json`, as docs/record.md has it. What is not in one that is read,
/// because another version wrote it, is empty.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Manifest {
    pub(crate) v: u32,
    pub(crate) session: String,
    pub(crate) started: String,
    pub(crate) gocrash: Gocrash,
    pub(crate) zfs: Versions,
    pub(crate) host: Host,
    pub(crate) source: Source,
    pub(crate) working: Place,
    pub(crate) command: Vec<Text>,
    pub(crate) cwd: Text,
    pub(crate) environment: BTreeMap<String, Text>,
    pub(crate) person: Person,
    pub(crate) arguments: Vec<Text>,
    pub(crate) called_in: Text,
    pub(crate) options: Options,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Gocrash {
    pub(crate) version: String,
    pub(crate) commit: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Versions {
    pub(crate) library: String,
    pub(crate) module: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Source {
    pub(crate) snapshot: Option<String>,
    pub(crate) guid: Option<String>,
    pub(crate) taken: bool,
    pub(crate) directory: Option<Text>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) directory: Text,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) groups: Vec<u32>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Options {
    pub(crate) concurrency: u16,
    pub(crate) stop_after: Option<u64>,
    /// That was typed as `--times` of `rerun`.
    pub(crate) is_times: bool,
    pub(crate) max_fails: Option<u64>,
    pub(crate) max_runs: Option<u64>,
    pub(crate) max_time_ns: Option<u64>,
    pub(crate) halt: String,
    pub(crate) pass: Option<String>,
    pub(crate) fail: Option<String>,
    pub(crate) ignore: Option<String>,
    pub(crate) keep_success: bool,
    pub(crate) parent: Option<String>,
    pub(crate) prepare: Option<Text>,
    pub(crate) at: Option<Text>,
    pub(crate) timeout: Option<String>,
    pub(crate) collect: Vec<Text>,
    pub(crate) results: Vec<Text>,
    pub(crate) private_tmp: bool,
    pub(crate) cores: bool,
    pub(crate) on_start: Option<Text>,
    pub(crate) on_failure: Option<Text>,
    pub(crate) on_timeout: Option<Text>,
    pub(crate) quota_bytes: Option<u64>,
    pub(crate) min_free_bytes: u64,
    pub(crate) baseline: Option<String>,
    pub(crate) confidence: Option<f64>,
}

impl Source {
    fn new(origin: &Origin, working: &Working) -> Source {
        let guid = working.guid.clone();
        match origin {
            Origin::Zfs { snapshot, .. } => Source {
                snapshot: Some(
                    working.taken().unwrap_or(snapshot.as_str()).to_owned(),
                ),
                guid,
                taken: working.taken().is_some(),
                directory: None,
            },
            Origin::Overlay(tree) => Source {
                snapshot: None,
                guid,
                taken: false,
                directory: Some((&tree.dir).into()),
            },
        }
    }
}

impl Manifest {
    pub(crate) fn new(
        config: &Config,
        working: &Working,
        started: Timestamp,
    ) -> anyhow::Result<Manifest> {
        let Config { suite, person, verification, .. } = config;
        let verification = verification.as_ref();
        let ids = person.ids();
        let program = Text::from(&suite.program);
        Ok(Manifest {
            v: VERSION,
            session: working.session.clone(),
            started: started.to_string(),
            gocrash: Gocrash {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                commit: env!("GOCRASH_COMMIT").to_owned(),
            },
            zfs: Versions {
                library: zfs::libzfs_version().to_owned(),
                module: Zfs::kernel_version().ok(),
            },
            host: Host::look()?,
            source: Source::new(&config.origin, working),
            working: Place {
                name: working.name.clone(),
                directory: (&working.path).into(),
            },
            command: std::iter::once(program)
                .chain(suite.args.iter().map(Text::from))
                .collect(),
            cwd: (&suite.cwd).into(),
            environment: environment(suite),
            person: Person {
                name: person.name().to_owned(),
                uid: ids.uid.as_raw(),
                gid: ids.gid.as_raw(),
                groups: ids.groups.iter().map(|gid| gid.as_raw()).collect(),
            },
            called_in: std::env::current_dir()
                .map(|dir| Text::from(&dir))
                .unwrap_or_default(),
            arguments: config.arguments.iter().map(Text::from).collect(),
            options: Options {
                concurrency: config.concurrency,
                stop_after: config.stop_after,
                is_times: config.is_times,
                max_fails: config.stop.limits.fails,
                max_runs: config.stop.limits.runs,
                max_time_ns: config.stop.limits.time.map(super::nanoseconds),
                halt: config.stop.halt.word().to_owned(),
                keep_success: config.keep == Keep::Everything,
                parent: match &config.origin {
                    Origin::Zfs { parent, .. } => Some(parent.to_string()),
                    Origin::Overlay(_) => None,
                },
                prepare: config.prepare.as_ref().map(Text::from),
                at: config.at.as_ref().map(Text::from),
                timeout: (config.timeout != Timeout::None)
                    .then(|| config.timeout.to_string()),
                collect: config.collect.iter().map(Text::from).collect(),
                results: config.results.iter().map(Text::from).collect(),
                private_tmp: config.private_tmp,
                cores: config.suite.cores,
                on_start: config.hooks.start.as_ref().map(Text::from),
                on_failure: config.hooks.failure.as_ref().map(Text::from),
                on_timeout: config.hooks.timeout.as_ref().map(Text::from),
                quota_bytes: config.limits.quota,
                min_free_bytes: working.min_free_bytes,
                baseline: verification.map(|v| v.baseline.clone()),
                confidence: verification.map(|v| v.confidence),
                ..Options::of_patterns(&config.patterns)
            },
        })
    }
}

fn environment(suite: &Suite) -> BTreeMap<String, Text> {
    let named = |(name, value): (&OsString, &OsString)| {
        (name.to_string_lossy().into_owned(), value.into())
    };
    suite.env.iter().map(named).collect()
}

impl Options {
    /// What ended the hunt, besides that every thread did its runs.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            fails: self.max_fails,
            runs: self.max_runs,
            time: self.max_time_ns.map(Duration::from_nanos),
        }
    }

    /// What the output of a run is looked through for, and nothing else.
    pub(crate) fn of_patterns(patterns: &Patterns) -> Options {
        let text = |pattern: &Option<Regex>| {
            pattern.as_ref().map(|pattern| pattern.as_str().to_owned())
        };
        Options {
            pass: text(&patterns.pass),
            fail: text(&patterns.fail),
            ignore: text(&patterns.ignore),
            ..Options::default()
        }
    }
}
