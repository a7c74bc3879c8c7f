//! The stacks of the processes of an attempt, by whatever debugger is there. It
//! has no more rights than the person who called: what it reads is the suite's
//! choice.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::unistd::pipe2;

use super::{BYTES_MAX, Bounded};
use crate::attempt::aside::{Aside, Done, Hurry};
use crate::attempt::person::Ids;
use crate::attempt::processes::Process;

/// So long a debugger may take for one process, and for all.
const ONE_MAX: Duration = Duration::from_secs(15);
const ALL_MAX: Duration = Duration::from_secs(60);
/// How much of what it prints is read at once.
const CHUNK_BYTES: usize = 16 << 10;

/// What is run for each process, with its number for `PID`.
#[cfg(target_os = "linux")]
const DEBUGGER: &[&str] = &[
    "gdb",
    "--nx",
    "--batch",
    "-iex",
    "set auto-load off",
    "-iex",
    "set debuginfod enabled off",
    // The attempt may see other files than others do.
    "-iex",
    "set sysroot /proc/PID/root",
    "-ex",
    "set pagination off",
    "-ex",
    "thread apply all bt 100",
    "-p",
    "PID",
];
#[cfg(target_os = "freebsd")]
const DEBUGGER: &[&str] = &["procstat", "-kk", "PID"];
#[cfg(target_os = "illumos")]
const DEBUGGER: &[&str] = &["pstack", "PID"];

/// Appends the stacks, the leaves' first, and says why there are none.
pub(crate) fn write(
    file: &File,
    tree: &[Process],
    ids: Option<&Ids>,
    env: &BTreeMap<OsString, OsString>,
    hurry: &Hurry,
) -> io::Result<()> {
    let mut out = Bounded::new(file.try_clone()?, BYTES_MAX);
    let begin = Instant::now();
    for process in tree.iter().rev() {
        let Process { pid, name, .. } = process;
        let left = ALL_MAX.saturating_sub(begin.elapsed());
        if left.is_zero() || out.is_cut() || hurry.is_asked_for() {
            writeln!(out, "\n== no more stacks: it took too long")?;
            break;
        }
        let name = super::plain(name);
        writeln!(out, "\n== stacks of process {pid} ({name})")?;
        let words: Vec<OsString> = DEBUGGER
            .iter()
            .map(|word| word.replace("PID", &pid.to_string()).into())
            .collect();
        let ids = ids.cloned();
        let aside = Aside { words, env, dir: "/".as_ref(), ids };
        match run(&aside, left.min(ONE_MAX), hurry, &mut out)? {
            Done::Exited(status) if status.success() => {}
            Done::Exited(status) => writeln!(out, "({status})")?,
            Done::Cut => writeln!(out, "(ended: it took too long)")?,
            Done::NotStarted(why) => {
                writeln!(out, "(no {}: {why})", DEBUGGER[0])?;
                break;
            }
        }
    }
    Ok(())
}

/// With what it prints in `out`, as far as that takes it.
fn run(
    aside: &Aside<'_>,
    limit: Duration,
    hurry: &Hurry,
    out: &mut Bounded,
) -> io::Result<Done> {
    let (read, write) = pipe2(OFlag::O_CLOEXEC)?;
    thread::scope(|scope| {
        let reader = scope.spawn(move || copy(read.into(), out));
        let done = aside.run(write, limit, hurry);
        // It ends when nothing of the debugger is left.
        let _ = reader.join();
        done
    })
}

fn copy(mut from: File, out: &mut Bounded) {
    let mut chunk = [0; CHUNK_BYTES];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        if out.write_all(&chunk[..length]).is_err() || out.is_cut() {
            break;
        }
    }
}
