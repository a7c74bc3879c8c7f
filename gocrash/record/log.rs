//! A file that lines are appended to.

use std::fs::File;
use std::io::{self, ErrorKind, Write};

/// An open file, written to at its end.
#[derive(Debug)]
pub(crate) struct Log {
    file: File,
    /// The last write broke off inside a line.
    is_torn: bool,
    has_failed: bool,
}

impl Log {
    pub(crate) fn new(file: File) -> Log {
        Log { file, is_torn: false, has_failed: false }
    }

    /// Appends whole lines, by one system call where the system takes them
    /// whole. It is tried again each time, as room may come back, but only the
    /// first failure is an error: one is enough to say.
    pub(crate) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let result = match self.is_torn {
            true => self.write(&[b"\n", lines].concat()),
            false => self.write(lines),
        };
        match result {
            Err(_) if self.has_failed => Ok(()),
            Err(error) => {
                self.has_failed = true;
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = &rest[written..];
                    self.is_torn = !rest.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
