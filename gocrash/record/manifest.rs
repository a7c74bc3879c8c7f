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
    snapshot: String,
    guid: String,
}

#[derive(Debug, Serialize)]
struct Place {
    dataset: String,
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
    parent: String,
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
            source: Source {
                snapshot: config.snapshot.to_string(),
                guid: working.snapshot_guid.clone(),
            },
            working: Place {
                dataset: working.dataset.to_string(),
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
                parent: config.parent.to_string(),
            },
        })
    }
}
