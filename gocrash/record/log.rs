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
    has_failed: bool,
}

impl Log {
    pub(crate) fn new(file: File) -> Log {
        Log { file, waiting: Vec::new(), is_torn: false, has_failed: false }
    }

    /// Appends whole lines, by one system call where the system takes them
    /// whole. Where there is no room they wait for the next ones. It is an
    /// error when lines are lost; only the first time, as one is enough to say.
    pub(crate) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.is_torn && self.waiting.is_empty() {
            self.waiting.push(b'\n');
        }
        self.waiting.extend_from_slice(lines);
        let Err(error) = self.write() else { return Ok(()) };
        let may_pass = matches!(
            error.kind(),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded
        );
        match may_pass && self.waiting.len() <= WAITING_MAX_BYTES {
            true => Ok(()),
            false => self.lose(error),
        }
    }

    /// Writes what waits still, for the last time.
    ///
    /// # Errors
    /// As above.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.write().or_else(|error| self.lose(error))
    }

    fn lose(&mut self, error: io::Error) -> io::Result<()> {
        self.waiting.clear();
        match std::mem::replace(&mut self.has_failed, true) {
            true => Ok(()),
            false => Err(error),
        }
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

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs::OpenOptions;

    use super::*;

    /// On which there is never any room.
    fn full() -> Log {
        Log::new(OpenOptions::new().append(true).open("/dev/full").unwrap())
    }

    #[test]
    fn lines_that_wait_for_room_are_not_missing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut log = full();
        log.append(b"one\n").unwrap();
        log.append(b"two\n").unwrap();
        log.file = File::create(&path).unwrap();
        log.append(b"three\n").unwrap();
        log.finish().unwrap();
        let written = std::fs::read_to_string(&path).unwrap();
        assert_eq!(written, "one\ntwo\nthree\n");
    }

    #[test]
    fn lines_that_wait_in_vain_are_missed_once() {
        let mut log = full();
        log.append(b"one\n").unwrap();
        assert_eq!(log.finish().unwrap_err().kind(), ErrorKind::StorageFull);
        assert!(log.finish().is_ok());

        let mut log = full();
        let piece = vec![b'x'; WAITING_MAX_BYTES];
        log.append(&piece).unwrap();
        assert!(log.append(b"more\n").is_err());
        log.append(&piece).unwrap();
        log.append(b"more\n").unwrap();
    }
}
