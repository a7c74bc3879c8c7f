//! Who uses a file system, from sysctl(3) of FreeBSD.

#![expect(unsafe_code, reason = "calls sysctl(3)")]

use std::ffi::{OsStr, c_int};
use std::mem::{offset_of, size_of};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr;

use super::place::Place;
use super::{HOLDERS_MAX, Holder, Process, Usage};

// From <sys/user.h>: what stands in the place of a file descriptor.
const KF_FD_TYPE_CWD: c_int = -1;
const KF_FD_TYPE_ROOT: c_int = -2;
const KF_FD_TYPE_TEXT: c_int = -5;

/// Mounts of it, and the processes with files in it.
pub(super) fn users(name: &str) -> Vec<Holder> {
    let place = Place::of(name);
    let mut holders = place.mounts();
    for process in processes() {
        if holders.len() >= HOLDERS_MAX {
            break;
        }
        holders.extend(files(&process, &place));
    }
    holders
}

fn processes() -> Vec<Process> {
    let all = sysctl(&[libc::CTL_KERN, libc::KERN_PROC, libc::KERN_PROC_PROC]);
    let record = size_of::<libc::kinfo_proc>();
    all.chunks_exact(record)
        .filter_map(|record| {
            let pid = number(record, offset_of!(libc::kinfo_proc, ki_pid))?;
            let command = text(record, offset_of!(libc::kinfo_proc, ki_comm));
            Some(Process {
                pid: u32::try_from(pid).ok()?,
                command: String::from_utf8_lossy(command).into_owned(),
            })
        })
        .collect()
}

fn files(process: &Process, place: &Place) -> Vec<Holder> {
    let Ok(pid) = c_int::try_from(process.pid) else { return Vec::new() };
    let name = [libc::CTL_KERN, libc::KERN_PROC, libc::KERN_PROC_FILEDESC, pid];
    let all = sysctl(&name);
    let mut rest = all.as_slice();
    let mut holders = Vec::new();
    // Each record says how long it is: its path is cut to what it needs.
    while let Some(length) = number(rest, 0) {
        let Ok(length) = usize::try_from(length) else { break };
        let Some((record, later)) = rest.split_at_checked(length) else {
            break;
        };
        if record.is_empty() {
            break;
        }
        rest = later;
        let Some(fd) = number(record, offset_of!(libc::kinfo_file, kf_fd))
        else {
            continue;
        };
        let path = text(record, offset_of!(libc::kinfo_file, kf_path));
        let path = PathBuf::from(OsStr::from_bytes(path));
        if !place.has(&path) {
            continue;
        }
        let usage = match fd {
            KF_FD_TYPE_CWD => Usage::WorkingDirectory,
            KF_FD_TYPE_ROOT => Usage::Root,
            KF_FD_TYPE_TEXT => Usage::Executable,
            _ => Usage::OpenFile,
        };
        let process = process.clone();
        holders.push(Holder::Process { process, path, usage });
    }
    holders
}

/// What is under that name; nothing if the caller may not see it.
fn sysctl(name: &[c_int]) -> Vec<u8> {
    let mut length = 0;
    // SAFETY: without a buffer the call tells the length only; the name has
    // as many parts as is said.
    let code = unsafe {
        libc::sysctl(
            name.as_ptr(),
            name.len() as libc::c_uint,
            ptr::null_mut(),
            &raw mut length,
            ptr::null(),
            0,
        )
    };
    if code != 0 {
        return Vec::new();
    }
    // Room for what appears between the two calls.
    length += length / 8;
    let mut buffer = vec![0_u8; length];
    // SAFETY: the buffer has the length that is given, which the call
    // replaces with what it has filled in.
    let code = unsafe {
        libc::sysctl(
            name.as_ptr(),
            name.len() as libc::c_uint,
            buffer.as_mut_ptr().cast(),
            &raw mut length,
            ptr::null(),
            0,
        )
    };
    if code != 0 {
        return Vec::new();
    }
    buffer.truncate(length);
    buffer
}

fn number(record: &[u8], offset: usize) -> Option<c_int> {
    let bytes = record.get(offset..offset + size_of::<c_int>())?;
    Some(c_int::from_ne_bytes(bytes.try_into().ok()?))
}

/// Up to the zero byte.
fn text(record: &[u8], offset: usize) -> &[u8] {
    let text = record.get(offset..).unwrap_or_default();
    text.split(|&byte| byte == 0).next().unwrap_or_default()
}
