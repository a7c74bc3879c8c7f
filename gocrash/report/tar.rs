//! An archive that any tar reads: the POSIX format of 1988, with GNU's way to
//! write long names.

use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const BLOCK: usize = 512;
const NAME_MAX: usize = 100;
/// The largest number that eleven octal digits hold.
const SIZE_MAX: u64 = 0o777_7777_7777;

/// Appends files to an archive.
#[derive(Debug)]
pub(crate) struct Tar<W>(W);

impl<W: Write> Tar<W> {
    pub(crate) fn new(out: W) -> Tar<W> {
        Tar(out)
    }

    /// Appends a file with what is read, of which there are so many bytes. What
    /// is missing is filled up with zeros, and what is more left out: it may
    /// still be written to.
    pub(crate) fn append(
        &mut self,
        name: &Path,
        mtime: u64,
        bytes: u64,
        content: impl Read,
    ) -> io::Result<()> {
        if bytes > SIZE_MAX {
            return Err(io::Error::other("it is too large for an archive"));
        }
        let name = name.as_os_str().as_bytes();
        if name.len() > NAME_MAX {
            let long = [name, b"\0"].concat();
            let bytes = long.len() as u64;
            self.header(b"././@LongLink", b'L', 0, bytes)?;
            self.content(bytes, &long[..])?;
        }
        let short = &name[..name.len().min(NAME_MAX)];
        self.header(short, b'0', mtime, bytes)?;
        self.content(bytes, content)
    }

    /// Ends the archive.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.0.write_all(&[0; 2 * BLOCK])?;
        self.0.flush()?;
        Ok(self.0)
    }

    fn header(
        &mut self,
        name: &[u8],
        kind: u8,
        mtime: u64,
        bytes: u64,
    ) -> io::Result<()> {
        let mut header = [0; BLOCK];
        let mut put = |at: usize, field: &[u8]| {
            header[at..at + field.len()].copy_from_slice(field);
        };
        put(0, name);
        put(100, b"0000644\0");
        // Nobody in particular.
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        put(124, format!("{bytes:011o}\0").as_bytes());
        put(136, format!("{:011o}\0", mtime.min(SIZE_MAX)).as_bytes());
        put(148, b"        ");
        put(156, &[kind]);
        put(257, b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.0.write_all(&header)
    }

    fn content(&mut self, bytes: u64, content: impl Read) -> io::Result<()> {
        let copied = io::copy(&mut content.take(bytes), &mut self.0)?;
        let whole = bytes.next_multiple_of(BLOCK as u64);
        io::copy(&mut io::repeat(0).take(whole - copied), &mut self.0)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn tar_reads_what_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let long = format!("{}/file", "d".repeat(150));
        let mut tar = Tar::new(Vec::new());
        tar.append(Path::new("a/short"), 7, 5, &b"hello, and more"[..])
            .unwrap();
        tar.append(Path::new(&long), 1 << 40, 600, &[b'x'; 512][..]).unwrap();
        let archive = dir.path().join("a.tar");
        std::fs::write(&archive, tar.finish().unwrap()).unwrap();
        let status = Command::new("tar")
            .arg("xf")
            .arg(&archive)
            .current_dir(dir.path())
            .status();
        assert!(status.unwrap().success());
        let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
        assert_eq!(read("a/short"), b"hello");
        let padded = [[b'x'; 512].as_slice(), &[0; 88]].concat();
        assert_eq!(read(&long), padded);
    }
}
