//! Who uses a file system, from proc(5) of illumos.

use std::fs;
use std::path::{Path, PathBuf};

use super::place::Place;
use super::{HOLDERS_MAX, Holder, Process, Usage, pids};

/// Mounts of it, and the processes with files in it.
pub(super) fn users(name: &str) -> Vec<Holder> {
    let place = Place::of(name);
    let mut holders = place.mounts();
    for pid in pids() {
        if holders.len() >= HOLDERS_MAX {
            break;
        }
        holders.extend(files(pid, &place));
    }
    holders
}

/// Everything a process uses is a link in `path`: `cwd`, `root`, `a.out`, a
/// number for each open file, and names for what is mapped.
fn files(pid: u32, place: &Place) -> Vec<Holder> {
    let links = PathBuf::from(format!("/proc/{pid}/path"));
    let entries = fs::read_dir(&links).into_iter().flatten().flatten();
    let holder = |entry: fs::DirEntry| {
        let path = fs::read_link(entry.path()).ok()?;
        if !place.has(&path) {
            return None;
        }
        let usage = match entry.file_name().to_str()? {
            "cwd" => Usage::WorkingDirectory,
            "root" => Usage::Root,
            "a.out" => Usage::Executable,
            number if number.parse::<u32>().is_ok() => Usage::OpenFile,
            _ => Usage::MappedFile,
        };
        let process = Process { pid, command: command(&links) };
        Some(Holder::Process { process, path, usage })
    };
    entries.filter_map(holder).collect()
}

fn command(links: &Path) -> String {
    let program = fs::read_link(links.join("a.out")).unwrap_or_default();
    let name = program.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
