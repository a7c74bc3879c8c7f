//! The mount table of Linux: mountinfo in proc(5).

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::Mount;
use crate::error::{Error, Operation, Result};

/// Not that of the process: a thread can be in a mount namespace of its own.
const MOUNT_INFO: &str = "/proc/thread-self/mountinfo";

/// The kernel doesn't tell how long the table is, and hands out a page at a
/// time; without room to begin with it would be asked for a few bytes first.
const ROOM_BYTES: usize = 64 * 1024;

pub(super) fn all() -> Result<Vec<Mount>> {
    let mut text = Vec::with_capacity(ROOM_BYTES);
    File::open(MOUNT_INFO)
        .and_then(|mut file| file.read_to_end(&mut text))
        .map_err(|error| {
            let code = error.raw_os_error().unwrap_or(0);
            Error::errno(Operation::ReadMounts, MOUNT_INFO, code)
        })?;
    Ok(parse(&text))
}

/// Each mounted dataset has a device number of its own.
pub(super) fn is_covered(mount: &Mount) -> bool {
    let Some(device) = mount.device else { return false };
    match mount.path.metadata() {
        Ok(metadata) => {
            let seen = metadata.dev();
            (libc::major(seen), libc::minor(seen)) != device
        }
        // A path that can't be followed for other reasons is left to the
        // kernel to judge.
        Err(error) => matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        ),
    }
}

/// The mounts in a mountinfo, the latest last.
pub(crate) fn parse(text: &[u8]) -> Vec<Mount> {
    text.split(|&byte| byte == b'\n').filter_map(parse_line).collect()
}

/// ```text
/// 36 35 0:45 / /tank/src rw,noatime shared:1 - zfs tank/src rw,xattr
/// ```
/// with any number of fields before the dash.
fn parse_line(line: &[u8]) -> Option<Mount> {
    let fields: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
    let dash = fields.iter().position(|&field| field == b"-")?;
    let (device, path) = (fields.get(2)?, fields.get(4)?);
    let source = match *fields.get(dash + 1)? {
        b"zfs" => unescape(fields.get(dash + 2)?),
        _ => Vec::new(),
    };
    Some(Mount {
        source: String::from_utf8_lossy(&source).into_owned(),
        path: PathBuf::from(OsString::from_vec(unescape(path))),
        device: parse_device(device),
    })
}

fn parse_device(text: &[u8]) -> Option<(u32, u32)> {
    let (major, minor) = std::str::from_utf8(text).ok()?.split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The kernel writes white space and backslashes as `\` and three octal
/// digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, tail @ ..] = rest {
        let octal = tail.get(..3).and_then(octal);
        match (first, octal) {
            (b'\\', Some(byte)) => {
                plain.push(byte);
                rest = &tail[3..];
            }
            (&byte, _) => {
                plain.push(byte);
                rest = tail;
            }
        }
    }
    plain
}

fn octal(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_mounts_from_zfs_and_others() {
        let text = b"\
            22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n\
            36 22 0:45 / /tank/a\\040b rw,noatime - zfs tank/a\\040b rw\n\
            37 22 0:46 / /mnt\\134x ro shared:7 master:2 - zfs tank@s ro\n";
        let mounts = parse(text);
        let expected = [
            Mount {
                source: String::new(),
                path: PathBuf::from("/"),
                device: Some((8, 1)),
            },
            Mount {
                source: "tank/a b".to_owned(),
                path: PathBuf::from("/tank/a b"),
                device: Some((0, 45)),
            },
            Mount {
                source: "tank@s".to_owned(),
                path: PathBuf::from("/mnt\\x"),
                device: Some((0, 46)),
            },
        ];
        assert_eq!(mounts, expected);
    }

    #[test]
    fn lines_that_are_cut_short_are_passed_over() {
        let whole = b"36 22 0:45 / /t rw - zfs tank rw";
        for length in 0..whole.len() - " rw".len() {
            parse(&whole[..length]);
        }
        assert_eq!(parse(whole).len(), 1);
    }
}
