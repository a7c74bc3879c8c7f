//! Linux: what /proc says. The files here are those that can be read however
//! stuck a process is; only its arguments are in memory of its own.

use std::fs;
use std::io::Read;

use nix::unistd::{SysconfVar, sysconf};

use super::Process;

const COMMAND_BYTES_MAX: u64 = 4096;

pub(super) fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let clock = Clock::read();
    entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            let pid: i32 = name.to_str()?.parse().ok()?;
            // It may have ended meanwhile.
            let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
            parse(pid, &stat, &clock)
        })
        .collect()
}

pub(super) fn command(process: &Process) -> String {
    let read = |pid| {
        let mut bytes = Vec::new();
        fs::File::open(format!("/proc/{pid}/cmdline"))
            .and_then(|file| {
                file.take(COMMAND_BYTES_MAX).read_to_end(&mut bytes)
            })
            .map(|_| bytes)
    };
    let bytes = read(process.pid).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    match text.trim_end_matches('\0') {
        // As `ps` shows it.
        "" => format!("[{}]", process.name),
        text => text.replace('\0', " "),
    }
}

struct Clock {
    ticks_per_s: u64,
    uptime_s: Option<u64>,
}

impl Clock {
    fn read() -> Clock {
        let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten();
        let uptime = fs::read_to_string("/proc/uptime").ok();
        let whole = |text: String| text.split('.').next()?.parse().ok();
        Clock {
            ticks_per_s: ticks
                .and_then(|ticks| u64::try_from(ticks).ok())
                .filter(|ticks| *ticks > 0)
                .unwrap_or(100),
            uptime_s: uptime.and_then(whole),
        }
    }
}

/// As proc(5) has it: `1 (init) S 0 …`. A name may have any bytes in it.
fn parse(pid: i32, stat: &[u8], clock: &Clock) -> Option<Process> {
    let open = stat.iter().position(|byte| *byte == b'(')?;
    let close = stat.iter().rposition(|byte| *byte == b')')?;
    let name = stat.get(open + 1..close)?;
    let rest = std::str::from_utf8(stat.get(close + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    // The 22nd of all.
    let start: u64 = fields.nth(17)?.parse().ok()?;
    let age =
        |uptime: u64| Some(uptime.saturating_sub(start / clock.ticks_per_s));
    Some(Process {
        pid,
        parent,
        start,
        age_s: clock.uptime_s.and_then(age),
        state,
        name: String::from_utf8_lossy(name).into_owned(),
        depth: 0,
    })
}
