//! The manifest: what there is to know of a hunt when it begins.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use zfs::Zfs;

use super::VERSION;
use super::host::Host;
use super::text::Text;
use crate::config::{Config, Keep};
use crate::slate::Working;
use crate::slate::origin::Origin;

/// `gocrash.json`, as docs/record.md has it.
#[derive(Debug, Serialize)]
pub(crate) struct Manifest {
    v: u32,
    session: String,
    started: String,
    gocrash: Gocrash,
    zfs: Versions,
    host: Host,
    source: Source,
    working: Place,
    command: Vec<Text>,
    cwd: Text,
    environment: BTreeMap<String, Text>,
    person: Person,
    arguments: Vec<Text>,
    options: Options,
}

#[derive(Debug, Serialize)]
struct Gocrash {
    version: &'static str,
    commit: &'static str,
}

#[derive(Debug, Serialize)]
struct Versions {
    library: &'static str,
    module: Option<String>,
}

#[derive(Debug, Serialize)]
struct Source {
    snapshot: Option<String>,
    guid: Option<String>,
    directory: Option<Text>,
}

#[derive(Debug, Serialize)]
struct Place {
    name: String,
    directory: Text,
}

#[derive(Debug, Serialize)]
struct Person {
    name: String,
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
}

#[derive(Debug, Serialize)]
struct Options {
    concurrency: u16,
    stop_after: Option<u64>,
    keep_success: bool,
    parent: Option<String>,
    prepare: Option<Text>,
    at: Option<Text>,
    quota_bytes: Option<u64>,
    min_free_bytes: u64,
}

impl Source {
    fn new(origin: &Origin, working: &Working) -> Source {
        let guid = working.guid.clone();
        match origin {
            Origin::Zfs { snapshot, .. } => Source {
                snapshot: Some(working.taken().unwrap_or(snapshot).to_string()),
                guid,
                directory: None,
            },
            Origin::Overlay(tree) => Source {
                snapshot: None,
                guid,
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
        let Config { suite, person, .. } = config;
        let ids = person.ids();
        let program = Text::from(&suite.program);
        Ok(Manifest {
            v: VERSION,
            session: working.session.clone(),
            started: started.to_string(),
            gocrash: Gocrash {
                version: env!("CARGO_PKG_VERSION"),
                commit: env!("GOCRASH_COMMIT"),
            },
            zfs: Versions {
                library: zfs::libzfs_version(),
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
            environment: suite
                .env
                .iter()
                .map(|(name, value)| {
                    (name.to_string_lossy().into_owned(), value.into())
                })
                .collect(),
            person: Person {
                name: person.name().to_owned(),
                uid: ids.uid.as_raw(),
                gid: ids.gid.as_raw(),
                groups: ids.groups.iter().map(|gid| gid.as_raw()).collect(),
            },
            arguments: std::env::args_os().map(|a| Text::from(&a)).collect(),
            options: Options {
                concurrency: config.concurrency,
                stop_after: config.stop_after,
                keep_success: config.keep == Keep::Everything,
                parent: match &config.origin {
                    Origin::Zfs { parent, .. } => Some(parent.to_string()),
                    Origin::Overlay(_) => None,
                },
                prepare: config.prepare.as_ref().map(Text::from),
                at: config.at.as_ref().map(Text::from),
                quota_bytes: config.limits.quota,
                min_free_bytes: working.min_free_bytes,
            },
        })
    }
}
