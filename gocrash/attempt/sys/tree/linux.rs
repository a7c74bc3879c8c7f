//! Linux: a supervisor is a subreaper, so orphans below it become its own
//! children. Only its children are killed: until it reaps one, that one's
//! number is nobody else's, and its children come next.

use std::ffi::CStr;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, openat};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::{Pid, getpid, getppid, read};

use super::memory::{Plain, Room};
use super::message::{Leak, NAME_BYTES, PATH_BYTES};
use super::supervisor::{signal_group, signal_one};

/// More processes than this are not looked at.
const PROCESSES_MAX: usize = 32_768;
/// More files of one than this are not looked at.
const FILES_MAX: usize = 4096;
/// A process that is being signalled may fork another one.
const SIGNAL_ROUNDS: u32 = 3;
/// What `ps` calls a supervisor. `pkill gocrash` must not mean it: nobody would
/// be left then who ends what the suite has started.
const NAME: &CStr = c"attempt-guard";

pub(super) fn become_reaper() -> nix::Result<()> {
    control(libc::PR_SET_CHILD_SUBREAPER, 1)
}

/// Makes orphans below this process its children.
pub(super) fn adopt_orphans() -> nix::Result<()> {
    become_reaper()
}

/// The children of this process. Allocates.
pub(super) fn children() -> Vec<Pid> {
    let myself = getpid().as_raw();
    let mut children = Vec::new();
    each_process(|process| {
        if process.parent == myself {
            children.push(Pid::from_raw(process.leak.pid));
        }
    });
    children
}

/// Makes this process end with the one that forked it.
pub(super) fn die_with(parent: Pid) -> nix::Result<()> {
    control(libc::PR_SET_PDEATHSIG, Signal::SIGKILL as libc::c_ulong)?;
    match getppid() == parent {
        true => Ok(()),
        // It has ended already.
        false => Err(Errno::ESRCH),
    }
}

/// Nobody without rights can look into this process or trace it.
pub(super) fn hide() -> nix::Result<()> {
    hide_as(NAME)
}

/// The same, under this name.
pub(super) fn hide_as(name: &CStr) -> nix::Result<()> {
    // SAFETY: the name ends with a zero byte.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
    be_opaque()
}

/// The same, under the name that it has.
pub(super) fn be_opaque() -> nix::Result<()> {
    control(libc::PR_SET_DUMPABLE, 0)
}

fn control(what: libc::c_int, value: libc::c_ulong) -> nix::Result<()> {
    let nought: libc::c_ulong = 0;
    // SAFETY: takes numbers only.
    let done = unsafe { libc::prctl(what, value, nought, nought, nought) };
    Errno::result(done)?;
    Ok(())
}

/// The suite's process is there.
pub(super) fn has_forked() -> nix::Result<()> {
    Ok(())
}

/// All there may be are its children, now or soon.
pub(super) fn is_there_more() -> bool {
    false
}

/// Kills the children there are.
pub(super) fn kill_once() {
    if each_child(|pid| signal_one(pid, Signal::SIGKILL as i32)).is_err() {
        // A kernel that has no list of them.
        let myself = getpid().as_raw();
        each_process(|process| {
            if process.parent == myself {
                signal_one(process.leak.pid, Signal::SIGKILL as i32);
            }
        });
    }
}

/// Signals whoever is there, the suite's group first.
pub(super) fn signal_all(suite: Pid, signal: i32) {
    signal_group(suite, signal);
    for _ in 0..SIGNAL_ROUNDS {
        each_descendant(|process| signal_one(process.pid, signal));
    }
}

/// Those below this process that have not ended.
pub(super) fn each_descendant(mut found: impl FnMut(Leak)) {
    let Ok(mut room) = Room::<Process>::new(PROCESSES_MAX) else { return };
    let table = room.as_slice();
    let mut count = 0;
    each_process(|process| {
        if let Some(place) = table.get_mut(count) {
            *place = process;
            count += 1;
        }
    });
    let table = &mut table[..count];
    let myself = getpid().as_raw();
    // A generation each time.
    for _ in 0..count {
        let mut is_news = false;
        for i in 0..count {
            let parent = table[i].parent;
            let is_below = parent == myself
                || table.iter().any(|p| p.is_below && p.leak.pid == parent);
            is_news |= is_below && !table[i].is_below;
            table[i].is_below = is_below;
        }
        if !is_news {
            break;
        }
    }
    for process in table.iter().filter(|p| p.is_below && !p.has_ended) {
        found(process.leak);
    }
}

/// The files that a process has open, as far as they have names that are not
/// too long, until enough of them were found.
pub(super) fn each_open_file(pid: i32, mut found: impl FnMut(&[u8]) -> bool) {
    let mut place = [0u8; 32];
    // Room for any number: no place is written beyond its end.
    let _ = write!(&mut place[..], "/proc/{pid}/fd");
    let Ok(path) = CStr::from_bytes_until_nul(&place) else { return };
    let Ok(directory) = open(AT_FDCWD, path) else { return };
    let mut count = 0;
    each_entry(&directory, |name| {
        let mut path = [0; PATH_BYTES];
        let path = read_link(&directory, name, &mut path);
        count += 1;
        path.is_none_or(&mut found) && count < FILES_MAX
    });
}

#[derive(Clone, Copy)]
struct Process {
    leak: Leak,
    parent: i32,
    has_ended: bool,
    is_below: bool,
}

// SAFETY: numbers and truth values can be noughts.
unsafe impl Plain for Process {}

/// Reads the kernel's list of the calling thread's children; supervisors have
/// one thread.
fn each_child(mut found: impl FnMut(i32)) -> nix::Result<()> {
    let list = open(AT_FDCWD, c"/proc/thread-self/children")?;
    let mut bytes = [0; 1024];
    let mut number = 0;
    loop {
        let length = read(&list, &mut bytes)?;
        if length == 0 {
            return Ok(());
        }
        for byte in &bytes[..length] {
            match byte {
                b'0'..=b'9' => number = number * 10 + i32::from(byte - b'0'),
                _ if number > 0 => {
                    found(number);
                    number = 0;
                }
                _ => {}
            }
        }
    }
}

/// Reads what the kernel says of every process.
fn each_process(mut found: impl FnMut(Process)) {
    let Ok(proc) = open(AT_FDCWD, c"/proc") else { return };
    each_entry(&proc, |name| {
        found_in(&proc, name, &mut found);
        true
    });
}

/// The names in a directory, each with a zero byte after it, as long as more
/// are wanted.
fn each_entry(directory: &OwnedFd, mut found: impl FnMut(&[u8]) -> bool) {
    let mut entries = [0u8; 4096];
    loop {
        let length = list(directory, &mut entries);
        let Some(mut rest) = entries.get(..length).filter(|e| !e.is_empty())
        else {
            return;
        };
        // As getdents64(2) has it: two numbers of eight bytes, the length of
        // the entry in two, its type in one, and its name.
        while let Some(bytes) = rest.get(16..18) {
            let size = usize::from(u16::from_ne_bytes([bytes[0], bytes[1]]));
            let Some(entry) = rest.get(19..size) else { break };
            if !found(entry) {
                return;
            }
            rest = &rest[size..];
        }
    }
}

fn found_in(proc: &OwnedFd, name: &[u8], found: &mut impl FnMut(Process)) {
    let length = name.iter().take_while(|b| b.is_ascii_digit()).count();
    if length == 0 || name.get(length) != Some(&0) {
        return;
    }
    let mut path = [0; 32];
    path[..length].copy_from_slice(&name[..length]);
    path[length..][..5].copy_from_slice(b"/stat");
    let Ok(path) = CStr::from_bytes_until_nul(&path) else { return };
    // It may have ended meanwhile.
    let Ok(file) = open(proc.as_fd(), path) else { return };
    let mut stat = [0; 512];
    let Ok(length) = read(&file, &mut stat) else { return };
    if let Some(process) = parse(&stat[..length]) {
        found(process);
    }
}

/// As proc(5) has it: `1 (init) S 0 …`. A name may have any bytes in it.
fn parse(stat: &[u8]) -> Option<Process> {
    let open = stat.iter().position(|byte| *byte == b'(')?;
    let close = stat.iter().rposition(|byte| *byte == b')')?;
    let mut name = [0; NAME_BYTES];
    let shown = stat.get(open + 1..close)?;
    let length = shown.len().min(NAME_BYTES - 1);
    name[..length].copy_from_slice(&shown[..length]);
    let rest = stat.get(close + 1..)?;
    Some(Process {
        leak: Leak { pid: number(stat.get(..open)?)?, name },
        has_ended: matches!(rest.get(1)?, b'Z' | b'X'),
        parent: number(rest.get(3..)?)?,
        is_below: false,
    })
}

fn number(text: &[u8]) -> Option<i32> {
    let length = text.iter().take_while(|b| b.is_ascii_digit()).count();
    std::str::from_utf8(&text[..length]).ok()?.parse().ok()
}

fn open(dir: BorrowedFd<'_>, path: &CStr) -> nix::Result<OwnedFd> {
    openat(dir, path, OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())
}

/// Wraps `readlinkat`. Nothing on an error, or for what is too long.
fn read_link<'a>(
    directory: &OwnedFd,
    name: &[u8],
    path: &'a mut [u8; PATH_BYTES],
) -> Option<&'a [u8]> {
    let name = CStr::from_bytes_until_nul(name).ok()?;
    // SAFETY: the name ends with a zero byte, and the call writes into a place
    // of just this length.
    let length = unsafe {
        libc::readlinkat(
            directory.as_raw_fd(),
            name.as_ptr(),
            path.as_mut_ptr().cast(),
            path.len(),
        )
    };
    let length = usize::try_from(length).ok()?;
    path.get(..length).filter(|path| path.len() < PATH_BYTES)
}

/// Wraps `getdents64`. Nothing on an error.
fn list(dir: &OwnedFd, entries: &mut [u8]) -> usize {
    // SAFETY: the call writes into a place of just this length.
    let length = unsafe {
        libc::syscall(
            libc::SYS_getdents64,
            dir.as_raw_fd(),
            entries.as_mut_ptr(),
            entries.len(),
        )
    };
    usize::try_from(length).unwrap_or(0)
}
