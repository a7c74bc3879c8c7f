//! A file that lines are appended to.

use std::fs::File;
use std::io::{self, ErrorKind, Write};

/// So much may wait for room that is about to come back: ZFS frees behind
/// what is destroyed.
const WAITING_MAX_BYTES: usize = 1 << 20;

/// An open file, written to at its end.
#[derive(Debug)]
pub(crate) struct Log {
    file: File,
    /// What could not be written yet, in part or whole.
    waiting: Vec<u8>,
    /// The last write broke off inside a line whose rest is lost.
    is_torn: bool,
    is_late: bool,
    has_failed: bool,
}

impl Log {
    pub(crate) fn new(file: File) -> Log {
        Log {
            file,
            waiting: Vec::new(),
            is_torn: false,
            is_late: false,
            has_failed: false,
        }
    }

    /// Appends whole lines, by one system call where the system takes them
    /// whole. Where there is no room they wait for the next ones. It is an
    /// error when they have waited in vain, or for anything else; only the
    /// first time, as one is enough to say.
    pub(crate) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.is_torn && self.waiting.is_empty() {
            self.waiting.push(b'\n');
        }
        self.waiting.extend_from_slice(lines);
        let Err(error) = self.write() else {
            self.is_late = false;
            return Ok(());
        };
        let may_pass = matches!(
            error.kind(),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded
        );
        let is_first = may_pass && !self.is_late;
        self.is_late = true;
        if !may_pass || self.waiting.len() > WAITING_MAX_BYTES {
            self.waiting.clear();
        }
        if is_first || self.has_failed {
            return Ok(());
        }
        self.has_failed = true;
        Err(error)
    }

    fn write(&mut self) -> io::Result<()> {
        while !self.waiting.is_empty() {
            match self.file.write(&self.waiting) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.is_torn = self.waiting[written - 1] != b'\n';
                    self.waiting.drain(..written);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
