//! What outlived a command: processes that it left behind.

use std::fmt;

use crate::attempt::sys::Found;

/// So many processes, and the first few of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Leaks {
    pub(crate) count: u32,
    /// Their numbers, and what the system called them.
    pub(crate) first: Vec<(i32, String)>,
}

impl Leaks {
    pub(super) fn of(found: &Found) -> Leaks {
        let count = found.count as usize;
        let name = |bytes: &[u8]| {
            let end = bytes.iter().position(|byte| *byte == 0);
            let bytes = &bytes[..end.unwrap_or(bytes.len())];
            String::from_utf8_lossy(bytes).into_owned()
        };
        let first = found.first.iter().take(count);
        Leaks {
            count: found.count,
            first: first.map(|leak| (leak.pid, name(&leak.name))).collect(),
        }
    }
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
