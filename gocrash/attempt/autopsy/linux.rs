//! Linux: what /proc says of one process. What may not be read is said so.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use super::plain;

/// Of each file, so much.
const FILE_BYTES_MAX: u64 = 16 << 10;
/// Of each process, so many.
const THREADS_MAX: usize = 256;
const OPEN_FILES_MAX: usize = 256;
/// What counts of a process's `status`.
const STATUS: [&str; 12] = [
    "State",
    "TracerPid",
    "Uid",
    "Threads",
    "SigPnd",
    "ShdPnd",
    "SigBlk",
    "SigIgn",
    "SigCgt",
    "VmRSS",
    "voluntary_ctxt_switches",
    "nonvoluntary_ctxt_switches",
];

pub(super) fn write(out: &mut impl Write, pid: i32) -> io::Result<()> {
    let process = format!("/proc/{pid}");
    let process = Path::new(&process);
    for link in ["exe", "cwd", "root"] {
        writeln!(out, "{link}: {}", target(&process.join(link)))?;
    }
    for line in read(&process.join("status")).lines() {
        let name = line.split(':').next().unwrap_or_default();
        if STATUS.contains(&name) {
            writeln!(out, "{}", line.replace('\t', " "))?;
        }
    }
    threads(out, &process.join("task"))?;
    open_files(out, &process.join("fd"))
}

fn threads(out: &mut impl Write, tasks: &Path) -> io::Result<()> {
    let (tids, more) = names(tasks, THREADS_MAX);
    for tid in &tids {
        let task = tasks.join(tid);
        let of = |file: &str| read(&task.join(file));
        let line = |file: &str| plain(of(file).trim_end());
        let tid = tid.to_string_lossy();
        writeln!(out, "thread {tid} ({})", line("comm"))?;
        writeln!(out, "  waits in: {}", line("wchan"))?;
        writeln!(out, "  system call: {}", line("syscall"))?;
        writeln!(out, "  kernel stack:")?;
        for line in of("stack").lines() {
            writeln!(out, "    {}", plain(line))?;
        }
    }
    if more > 0 {
        writeln!(out, "and {more} threads more")?;
    }
    Ok(())
}

fn open_files(out: &mut impl Write, fds: &Path) -> io::Result<()> {
    let (numbers, more) = names(fds, OPEN_FILES_MAX);
    writeln!(out, "open files:")?;
    for number in &numbers {
        let link = target(&fds.join(number));
        writeln!(out, "  {} {link}", number.to_string_lossy())?;
    }
    if more > 0 {
        writeln!(out, "  and {more} more")?;
    }
    Ok(())
}

/// The names in a directory, and how many there are beyond the first.
fn names(dir: &Path, max: usize) -> (Vec<OsString>, usize) {
    let Ok(entries) = fs::read_dir(dir) else { return (Vec::new(), 0) };
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    let mut names: Vec<OsString> = names.collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    let more = names.len().saturating_sub(max);
    names.truncate(max);
    (names, more)
}

fn target(link: &Path) -> String {
    match fs::read_link(link) {
        Ok(target) => plain(&target.to_string_lossy()),
        Err(error) => format!("({error})"),
    }
}

fn read(path: &Path) -> String {
    let mut bytes = Vec::new();
    let read = fs::File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes));
    match read {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => format!("({error})"),
    }
}
