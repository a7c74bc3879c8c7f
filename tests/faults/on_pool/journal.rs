//! A disk whose writes are written down, by the device mapper's log-writes, so
//! that it can be had again as it was at any moment: as after a power cut.
//!
//! The format is that of the kernel's drivers/md/dm-log-writes.c.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::id;

use super::looped::{Looped, dmsetup};

const MAGIC: u64 = 0x006a_7366_7773_6872;
const SECTOR: u64 = 512;
const FLUSH: u64 = 1;
const DISCARD: u64 = 4;
const MARK: u64 = 8;

/// The disk that is written to.
pub(super) struct Journal {
    name: String,
    log: PathBuf,
    /// What is below it, which goes after it.
    _loops: [Looped; 2],
}

impl Journal {
    /// Over this file; what is written is noted in another one.
    pub(super) fn over(file: &Path, log_bytes: u64) -> Journal {
        let log = file.with_extension("log");
        File::create(&log).unwrap().set_len(log_bytes).unwrap();
        let loops = [file, &log].map(Looped::on);
        let [below, noted] = loops.each_ref().map(Looped::device);
        let sectors = loops[0].sectors();
        let table = format!("0 {sectors} log-writes {below} {noted}");
        let name = format!("gocrash-journal-{}", id());
        let journal = Journal { name, log, _loops: loops };
        let create = ["create", &journal.name, "--table"];
        journal.dmsetup(&[&create[..], &[&table]].concat());
        journal
    }

    pub(super) fn device(&self) -> PathBuf {
        Path::new("/dev/mapper").join(&self.name)
    }

    /// Notes that it is this moment.
    pub(super) fn mark(&self) {
        self.dmsetup(&["message", &self.name, "0", "mark", "now"]);
    }

    fn dmsetup(&self, args: &[&str]) {
        dmsetup("dm-log-writes", args);
    }

    /// No more is written; gives what was.
    pub(super) fn close(self) -> Writes {
        let log = self.log.clone();
        drop(self);
        Writes::read(File::open(log).unwrap())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.dmsetup(&["remove", "--retry", &self.name]);
    }
}

/// Everything that was written, in order.
pub(super) struct Writes {
    log: File,
    entries: Vec<Entry>,
}

struct Entry {
    to: u64,
    bytes: u64,
    flags: u64,
    /// Where the data are in the log.
    at: u64,
}

impl Writes {
    fn read(log: File) -> Writes {
        let number = |at: u64| {
            let mut bytes = [0; 8];
            log.read_exact_at(&mut bytes, at).unwrap();
            u64::from_le_bytes(bytes)
        };
        assert_eq!((number(0), number(8)), (MAGIC, 1), "the format is another");
        let count = number(16);
        let mut at = SECTOR;
        let mut entries = Vec::new();
        for _ in 0..count {
            let [to, bytes] = [0, 8].map(|field| number(at + field) * SECTOR);
            let flags = number(at + 16);
            at += SECTOR;
            entries.push(Entry { to, bytes, flags, at });
            if flags & DISCARD == 0 {
                at += bytes;
            }
        }
        Writes { log, entries }
    }

    /// Moments at which the disk may have been cut off: so many between the
    /// two marks (the end of the device is a third), each right after a flush,
    /// or in the middle of what is written between flushes.
    pub(super) fn moments(&self, count: usize) -> Vec<usize> {
        let marks: Vec<usize> = (0..self.entries.len())
            .filter(|i| self.entries[*i].flags & MARK != 0)
            .collect();
        let [begin, end, ..] = marks[..] else { panic!("marks: {marks:?}") };
        let mut moments: Vec<usize> = (1..=count)
            .map(|i| {
                let middle = begin + (end - begin) * i / (count + 1);
                let flush =
                    (middle..end).find(|i| self.entries[*i].flags & FLUSH != 0);
                if i % 2 == 0 { middle } else { flush.unwrap_or(middle) }
            })
            .collect();
        // The next flush may be beyond the next middle.
        moments.sort_unstable();
        moments
    }

    /// Does to a disk what was done up to a moment, from another one on.
    pub(super) fn replay(&self, disk: &File, from: usize, to: usize) {
        for entry in &self.entries[from..to] {
            if entry.flags & (DISCARD | MARK) != 0 || entry.bytes == 0 {
                continue;
            }
            let mut data = vec![0; usize::try_from(entry.bytes).unwrap()];
            self.log.read_exact_at(&mut data, entry.at).unwrap();
            disk.write_all_at(&data, entry.to).unwrap();
        }
    }
}
