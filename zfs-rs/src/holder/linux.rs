//! Who uses a file system, from proc(5) of Linux.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{HOLDERS_MAX, Holder, Process, Usage, pids};
use crate::mount::table;

/// Major and minor number. Every mounted dataset has its own.
type Device = (u32, u32);

/// Mounts of it in any mount namespace, and the processes with files in it.
pub(super) fn users(name: &str) -> Vec<Holder> {
    let pids = pids();
    let (mut holders, devices) = mounts(name, &pids);
    if devices.is_empty() {
        return holders;
    }
    for pid in pids {
        if holders.len() >= HOLDERS_MAX {
            break;
        }
        holders.extend(files(pid, &devices));
    }
    holders
}

/// Looks into each mount namespace once.
fn mounts(name: &str, pids: &[u32]) -> (Vec<Holder>, BTreeSet<Device>) {
    let mut holders = Vec::new();
    let mut devices = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let own = fs::read_link("/proc/thread-self/ns/mnt").ok();
    for &pid in pids {
        let proc = proc(pid);
        let Ok(namespace) = fs::read_link(proc.join("ns/mnt")) else {
            continue;
        };
        if !seen.insert(namespace.clone()) {
            continue;
        }
        let Ok(text) = fs::read(proc.join("mountinfo")) else { continue };
        let (of_it, others): (Vec<_>, Vec<_>) = table::parse(&text)
            .into_iter()
            .partition(|mount| mount.source == name);
        devices.extend(of_it.iter().filter_map(|mount| mount.device));
        let inside = others.into_iter().filter(|other| {
            of_it.iter().any(|mount| other.path.starts_with(&mount.path))
        });
        let namespace_of = (own != Some(namespace)).then(|| process(pid));
        // The outer ones are in nobody's way before the inner ones are gone.
        let paths = inside.chain(of_it.iter().cloned()).map(|m| m.path);
        holders.extend(paths.map(|path| Holder::Mount {
            path,
            namespace_of: namespace_of.clone(),
        }));
    }
    (holders, devices)
}

fn files(pid: u32, devices: &BTreeSet<Device>) -> Vec<Holder> {
    let proc = proc(pid);
    let links = [
        ("cwd", Usage::WorkingDirectory),
        ("root", Usage::Root),
        ("exe", Usage::Executable),
    ];
    let open = fs::read_dir(proc.join("fd")).into_iter().flatten().flatten();
    let links = links
        .map(|(name, usage)| (proc.join(name), usage))
        .into_iter()
        .chain(open.map(|entry| (entry.path(), Usage::OpenFile)));
    let mut found: Vec<(PathBuf, Usage)> = links
        .filter_map(|(link, usage)| Some((on(&link, devices)?, usage)))
        .collect();
    for path in mapped(&proc, devices) {
        if !found.iter().any(|(known, _)| *known == path) {
            found.push((path, Usage::MappedFile));
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    let process = process(pid);
    let holder = |(path, usage)| Holder::Process {
        process: process.clone(),
        path,
        usage,
    };
    found.into_iter().map(holder).collect()
}

/// Where a link leads, if that is on one of the devices.
fn on(link: &Path, devices: &BTreeSet<Device>) -> Option<PathBuf> {
    let target = fs::read_link(link).ok()?;
    // Pipes and sockets lead nowhere.
    if !target.is_absolute() {
        return None;
    }
    let device = fs::metadata(link).ok()?.dev();
    let device = (libc::major(device), libc::minor(device));
    devices.contains(&device).then_some(target)
}

/// ```text
/// 7f00-7f01 r-xp 00000000 00:2d 34  /tank/src/lib.so
/// ```
/// with the device in hexadecimal.
fn mapped(proc: &Path, devices: &BTreeSet<Device>) -> BTreeSet<PathBuf> {
    let text = fs::read(proc.join("maps")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let path = |line: &str| {
        let (major, minor) = line.split_whitespace().nth(3)?.split_once(':')?;
        let device = (
            u32::from_str_radix(major, 16).ok()?,
            u32::from_str_radix(minor, 16).ok()?,
        );
        let path = &line[line.find('/')?..];
        devices.contains(&device).then(|| PathBuf::from(path))
    };
    text.lines().filter_map(path).collect()
}

fn process(pid: u32) -> Process {
    let command = fs::read(proc(pid).join("comm")).unwrap_or_default();
    let command = String::from_utf8_lossy(&command).trim_end().to_owned();
    Process { pid, command }
}

fn proc(pid: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}"))
}
