//! What outlived a command: processes that it left behind, and what those had
//! open.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::attempt::sys::{Found, Holds};

/// So many processes, and the first few of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Leaks {
    pub(crate) count: u32,
    pub(crate) first: Vec<Leak>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leak {
    pub(crate) pid: i32,
    /// What the system called it.
    pub(crate) name: String,
    /// Some of what it had open of the slate, relative to that.
    pub(crate) files: BTreeSet<PathBuf>,
}

impl Leaks {
    /// Who is told of, and what was told of them before.
    pub(super) fn of(found: &Found, open: &[Holds]) -> Leaks {
        let files = |pid: i32| {
            let its = open.iter().filter(move |holds| holds.pid == pid);
            its.map(|holds| OsStr::from_bytes(text(&holds.path)).into())
        };
        let first = found.first.iter().take(found.count as usize);
        Leaks {
            count: found.count,
            first: first
                .map(|leak| Leak {
                    pid: leak.pid,
                    name: String::from_utf8_lossy(text(&leak.name)).into(),
                    files: files(leak.pid).collect(),
                })
                .collect(),
        }
    }
}

/// Up to a zero byte.
fn text(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == 0);
    &bytes[..end.unwrap_or(bytes.len())]
}

/// What a line ends with that tells of an attempt; nothing, for none.
impl fmt::Display for Leaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            0 => Ok(()),
            1 => f.write_str(", 1 process leaked"),
            count => write!(f, ", {count} processes leaked"),
        }
    }
}
