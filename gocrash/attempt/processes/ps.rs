//! Where there is no /proc to read as text: what `ps` says, by the columns that
//! all systems have.

use std::process::{Command, Stdio};

use super::Process;

pub(super) fn all() -> Vec<Process> {
    let columns = ["pid=", "ppid=", "etime=", "args="];
    let options = columns.iter().flat_map(|column| ["-o", column]);
    let output = Command::new("ps")
        .arg("-A")
        .args(options)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let Ok(output) = output else { return Vec::new() };
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(parse).collect()
}

pub(super) fn command(process: &Process) -> String {
    process.name.clone()
}

fn parse(line: &str) -> Option<Process> {
    let (pid, rest) = line.trim_start().split_once(' ')?;
    let (parent, rest) = rest.trim_start().split_once(' ')?;
    let (age, name) = rest.trim_start().split_once(' ')?;
    Some(Process {
        pid: pid.parse().ok()?,
        parent: parent.parse().ok()?,
        start: 0,
        age_s: seconds(age),
        // Not told.
        state: '?',
        name: name.trim().to_owned(),
        depth: 0,
    })
}

/// As POSIX has it: `[[dd-]hh:]mm:ss`.
fn seconds(age: &str) -> Option<u64> {
    let (days, rest) = age.split_once('-').unwrap_or(("0", age));
    let clock = rest.split(':').try_fold(0, |sum: u64, part| {
        Some(sum * 60 + part.parse::<u64>().ok()?)
    });
    Some(days.parse::<u64>().ok()? * 86_400 + clock?)
}
