//! What an attempt has printed, read by the descriptors that it was written
//! with: the suite may have put anything under the names of the files.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use super::output::NAMES;
use crate::triage::LOG_BYTES_MAX;

/// So much of the end of each file is shown.
const LINES_MAX: usize = 10;
const BYTES_MAX: u64 = 16 << 10;
const PIECE_BYTES: usize = 64 << 10;

/// Both files, to be read when the attempt is over. They hold its slate.
#[derive(Debug)]
pub(crate) struct Logs([File; 2]);

/// The last lines of each file that has any, as they were written, and its
/// name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said(pub(crate) Vec<(&'static str, Vec<String>)>);

/// Reads a file and moves no offset: processes that the suite left may still
/// write.
struct Reader<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Reader<'_> {
    fn new(file: &File) -> io::Result<Reader<'_>> {
        Ok(Reader { file, at: 0, end: file.metadata()?.len() })
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let wanted = left.min(piece.len());
        let read = self.file.read_at(&mut piece[..wanted], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Logs {
    /// What the attempt writes to, standard output first.
    pub(crate) fn new(files: [File; 2]) -> Logs {
        Logs(files)
    }

    /// All of each file, from the beginning to where it ends now.
    ///
    /// # Errors
    /// Where it can't be told how long one is.
    pub(crate) fn readers(&self) -> io::Result<[impl Read + '_; 2]> {
        let [stdout, stderr] = &self.0;
        Ok([Reader::new(stdout)?, Reader::new(stderr)?])
    }

    /// All of each file; of one that is too long, the beginning and the end.
    /// What can't be read was not said.
    pub(crate) fn whole(&self) -> [Vec<u8>; 2] {
        let [stdout, stderr] = &self.0;
        [stdout, stderr].map(|file| whole(file).unwrap_or_default())
    }

    /// What can't be read was not said.
    pub(crate) fn ends(&self) -> Said {
        let end = |(file, name): (_, &'static str)| {
            let lines = end(file).unwrap_or_default();
            (!lines.is_empty()).then_some((name, lines))
        };
        Said(self.0.iter().zip(NAMES).filter_map(end).collect())
    }
}

/// All of a file; if it is longer than triage reads, the beginning and the end.
pub(crate) fn whole(file: &File) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    let max = LOG_BYTES_MAX as u64;
    if length <= max {
        return read_range(file, 0, max);
    }
    let mut bytes = read_range(file, 0, max / 4)?;
    bytes.push(b'\n');
    let end = max - max / 4;
    bytes.extend(read_range(file, length - end, end)?);
    Ok(bytes)
}

/// Reads so many bytes from there on, or fewer, if there are no more.
fn read_range(file: &File, begin: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut piece = vec![0; PIECE_BYTES];
    while (bytes.len() as u64) < length {
        let at = begin + bytes.len() as u64;
        let wanted = (length - bytes.len() as u64).min(PIECE_BYTES as u64);
        match file.read_at(&mut piece[..wanted as usize], at) {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// The last lines of a file. Reading moves no offset: processes that the suite
/// left may still write.
pub(crate) fn end(file: &File) -> io::Result<Vec<String>> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let length = metadata.len();
    let begin = length.saturating_sub(BYTES_MAX);
    let mut bytes = vec![0; BYTES_MAX as usize];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], begin + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let text = String::from_utf8_lossy(&bytes[..filled]);
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.len().saturating_sub(LINES_MAX);
    Ok(lines[first..].iter().map(|line| (*line).to_owned()).collect())
}
