//! Who uses a file system, from proc(5) of illumos.

use std::fs;
use std::path::{Path, PathBuf};

use super::{HOLDERS_MAX, Holder, Process, Usage};
use crate::mount::table::{self, Mount};

/// Mounts of it, and the processes with files in it.
pub(super) fn users(name: &str) -> Vec<Holder> {
    let all = table::all().unwrap_or_default();
    let (of_it, others): (Vec<Mount>, Vec<Mount>) =
        all.into_iter().partition(|mount| mount.source == name);
    let roots: Vec<PathBuf> =
        of_it.into_iter().map(|mount| mount.path).collect();
    let inside: Vec<PathBuf> = others
        .into_iter()
        .map(|mount| mount.path)
        .filter(|path| is_below(path, &roots))
        .collect();
    let mount = |path: &PathBuf| Holder::Mount {
        path: path.clone(),
        namespace_of: None,
    };
    let mut holders: Vec<Holder> =
        roots.iter().chain(&inside).map(mount).collect();
    for pid in pids() {
        if holders.len() >= HOLDERS_MAX {
            break;
        }
        holders.extend(files(pid, &roots, &inside));
    }
    holders
}

fn pids() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids: Vec<u32> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    pids.sort_unstable();
    pids
}

/// Everything a process uses is a link in `path`: `cwd`, `root`, `a.out`, a
/// number for each open file, and names for what is mapped.
fn files(pid: u32, roots: &[PathBuf], inside: &[PathBuf]) -> Vec<Holder> {
    let links = PathBuf::from(format!("/proc/{pid}/path"));
    let entries = fs::read_dir(&links).into_iter().flatten().flatten();
    let holder = |entry: fs::DirEntry| {
        let path = fs::read_link(entry.path()).ok()?;
        if !is_below(&path, roots) || is_below(&path, inside) {
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

fn is_below(path: &Path, roots: &[PathBuf]) -> bool {
    roots.iter().any(|root| path.starts_with(root))
}
