//! The machine, as far as it tells without being asked in C.

use std::fs;
use std::thread;

use nix::sys::utsname::uname;
use serde::{Deserialize, Serialize};

use super::text::Text;

/// What the manifest says of the host. What only Linux tells in a file is
/// missing elsewhere.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Host {
    pub(crate) name: Text,
    pub(crate) system: Text,
    pub(crate) release: Text,
    pub(crate) build: Text,
    pub(crate) machine: Text,
    pub(crate) cpu: Option<String>,
    /// As many as gocrash may use at the same time.
    pub(crate) cpus: Option<usize>,
    pub(crate) memory_bytes: Option<u64>,
    /// Another one after each boot.
    pub(crate) boot: Option<String>,
}

impl Host {
    pub(crate) fn look() -> anyhow::Result<Host> {
        let names = uname()?;
        Ok(Host {
            name: names.nodename().into(),
            system: names.sysname().into(),
            release: names.release().into(),
            build: names.version().into(),
            machine: names.machine().into(),
            cpu: field("/proc/cpuinfo", "model name"),
            cpus: thread::available_parallelism().ok().map(Into::into),
            memory_bytes: memory_bytes(),
            boot: boot(),
        })
    }
}

/// What this boot is called.
pub(crate) fn boot() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim_end().to_owned())
}

fn memory_bytes() -> Option<u64> {
    let text = field("/proc/meminfo", "MemTotal")?;
    let kibibytes: u64 = text.strip_suffix(" kB")?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The first value with that name in a file of lines `name: value`.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(found, _)| found.trim_end() == name)
        .map(|(_, value)| value.trim().to_owned())
}
