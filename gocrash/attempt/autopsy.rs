//! What there is to know of an attempt that hangs, written down before anything
//! is done about it: its processes, what each waits for, what it has open.

#[cfg_attr(target_os = "linux", path = "autopsy/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "autopsy/none.rs")]
mod details;
pub(crate) mod stacks;

use std::fs::File;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use crossbeam::channel::{RecvTimeoutError, bounded};
use jiff::Timestamp;

use crate::attempt::processes::{self, Process};

/// The file's name, at the root of the slate.
pub(crate) const NAME: &str = "test_run_autopsy";
/// Reading what the system says of a process that is stuck can get stuck.
const TIME_MAX: Duration = Duration::from_secs(20);
/// So much is written of the system's words, and then of the debugger's.
pub(super) const BYTES_MAX: usize = 4 << 20;
/// More processes than these are only listed.
const DETAILED_MAX: usize = 200;

/// Writes down what the system says of the processes below the supervisor.
/// What was written until something got stuck stays, and the error says so.
pub(crate) fn write(file: File, supervisor: i32) -> anyhow::Result<()> {
    let (done, is_done) = bounded(1);
    thread::Builder::new().name("autopsy".to_owned()).spawn(move || {
        let mut out = Bounded::new(file, BYTES_MAX);
        let _ = done.send(examine(&mut out, supervisor));
    })?;
    match is_done.recv_timeout(TIME_MAX) {
        Ok(written) => Ok(written?),
        Err(RecvTimeoutError::Timeout) => anyhow::bail!(
            "reading what the system says of it took longer than {TIME_MAX:?}"
        ),
        Err(RecvTimeoutError::Disconnected) => {
            anyhow::bail!("what the system says of it could not be read")
        }
    }
}

fn examine(out: &mut Bounded, supervisor: i32) -> io::Result<()> {
    writeln!(out, "autopsy at {}", Timestamp::now())?;
    let tree = processes::below(supervisor);
    writeln!(
        out,
        "\n== {} processes, indented below their parents",
        tree.len()
    )?;
    writeln!(out, "{:>8} {:>8} S {:>8}  COMMAND", "PID", "PPID", "AGE")?;
    for process in &tree {
        let Process { pid, parent, state, age_s, depth, .. } = process;
        let age = age_s.map_or_else(|| "?".to_owned(), |age| format!("{age}s"));
        let indent = "  ".repeat(depth.saturating_sub(1));
        let command = plain(&processes::command(process));
        writeln!(
            out,
            "{pid:>8} {parent:>8} {state} {age:>8}  {indent}{command}"
        )?;
    }
    // What matters most is at the leaves.
    for process in tree.iter().rev().take(DETAILED_MAX) {
        let name = plain(&process.name);
        writeln!(out, "\n== process {} ({name})", process.pid)?;
        details::write(out, process.pid)?;
    }
    Ok(())
}

/// Whoever chose the words does not get at a terminal that shows them.
fn plain(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

/// A file that takes so much and no more.
#[derive(Debug)]
pub(super) struct Bounded {
    file: File,
    left: usize,
    is_cut: bool,
}

impl Bounded {
    pub(super) fn new(file: File, bytes_max: usize) -> Bounded {
        Bounded { file, left: bytes_max, is_cut: false }
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }
}

/// What is too much is said once, and forgotten.
impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fits = &bytes[..bytes.len().min(self.left)];
        self.file.write_all(fits)?;
        self.left -= fits.len();
        if fits.len() < bytes.len() && !self.is_cut {
            self.is_cut = true;
            self.file.write_all(b"\n(cut here: it was too much)\n")?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    #[test]
    fn what_is_too_much_is_cut_and_said() {
        let mut file = tempfile::tempfile().unwrap();
        let mut out = Bounded::new(file.try_clone().unwrap(), 5);
        for word in ["abc", "def", "ghi"] {
            out.write_all(word.as_bytes()).unwrap();
        }
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "abcde\n(cut here: it was too much)\n");
        assert!(out.is_cut());
    }
}
