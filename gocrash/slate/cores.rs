//! Core dumps: where the system puts them, those of a time and a person, and
//! the programs that they are of.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use super::glob::Glob;
use super::walk::{self, Found};

/// Where they are copied to, in the slate.
pub(crate) const DIRECTORY: &str = "test_run_cores";
/// So many are looked at.
const CORES_MAX: usize = 16;
/// A larger one is named and stays where it is.
const COPIED_BYTES_MAX: u64 = 4 << 30;
/// The clock that files get their times from is behind by no more.
const TICK: Duration = Duration::from_secs(1);
/// Of what a core says of itself, so much is read.
const NOTES_BYTES_MAX: u64 = 1 << 20;
/// How often, and how long apart, one is looked for that may be on its way.
const LOOKS_MAX: u32 = 8;
const PAUSE: Duration = Duration::from_millis(250);
/// Where systemd-coredump puts them.
const SYSTEMD: &str = "/var/lib/systemd/coredump";

/// One core dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Core {
    /// Relative to the slate, or from the root of the host.
    pub(crate) path: PathBuf,
    /// As the process saw its path, where that can be told.
    pub(crate) program: Option<PathBuf>,
}

/// What there was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cores {
    pub(crate) found: Vec<Core>,
    /// What could not be looked at, or copied.
    pub(crate) trouble: Option<String>,
}

/// Where the system puts core dumps.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// Where the process is, which is in the slate for most.
    Slate(Glob),
    Directory(PathBuf, Glob),
    Systemd,
    /// To a program, whose habits aren't known.
    Program(String),
}

/// Those that this user's processes have left since then.
pub(crate) fn find(
    slate: BorrowedFd<'_>,
    since: SystemTime,
    uid: u32,
) -> Cores {
    let since = since.checked_sub(TICK).unwrap_or(since);
    let mut cores = Cores::default();
    for place in places() {
        let looked = match place {
            Place::Slate(glob) => slate.try_clone_to_owned().and_then(|dir| {
                look(dir, &glob, Path::new(""), &mut cores.found, |file| {
                    is_recent(file, since)
                })
            }),
            Place::Directory(path, glob) => File::open(&path).and_then(|dir| {
                look(dir.into(), &glob, &path, &mut cores.found, |file| {
                    is_recent(file, since)
                        && file.metadata().is_ok_and(|m| m.uid() == uid)
                })
            }),
            Place::Systemd => {
                let look = || of_systemd(since, uid);
                look_for_a_while(look).map(|found| cores.found.extend(found))
            }
            Place::Program(what) => {
                let what = format!("cores go to `{what}`, wherever that is");
                cores.trouble.get_or_insert(what);
                Ok(())
            }
        };
        match looked {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                cores.trouble.get_or_insert(format!("looking for cores: {e}"));
            }
            _ => {}
        }
    }
    cores
}

impl Cores {
    /// Those that are to be copied, and programs that are not in the slate,
    /// which the suite sees at `seen_at`.
    pub(crate) fn copies(&self, seen_at: &Path) -> Vec<PathBuf> {
        let cores = self.found.iter().filter(|core| core.is_to_copy());
        let programs = self.found.iter().filter_map(|c| c.program.as_ref());
        let programs = programs
            .filter(|path| path.is_absolute() && path.is_file())
            .filter(|path| !path.starts_with(seen_at));
        let mut copies: Vec<PathBuf> =
            cores.map(|core| &core.path).chain(programs).cloned().collect();
        copies.sort();
        copies.dedup();
        copies
    }
}

impl Core {
    /// Notes that it is in the slate, if it was to be copied.
    pub(crate) fn was_copied(&mut self) {
        match self.path.file_name() {
            Some(name) if self.is_to_copy() => {
                self.path = Path::new(DIRECTORY).join(name);
            }
            _ => {}
        }
    }

    /// Whether it is not in the slate already, and not too large to be copied
    /// there.
    pub(crate) fn is_to_copy(&self) -> bool {
        self.path.is_absolute()
            && fs::metadata(&self.path)
                .is_ok_and(|meta| meta.len() <= COPIED_BYTES_MAX)
    }
}

fn look(
    dir: OwnedFd,
    glob: &Glob,
    path: &Path,
    cores: &mut Vec<Core>,
    is_wanted: impl Fn(&File) -> bool,
) -> io::Result<()> {
    let globs = std::slice::from_ref(glob);
    walk::walk(dir, globs, &mut |found: &Found<'_>| {
        // One that can't be opened is none of the attempt's.
        let Ok(Some(file)) = found.open() else { return Ok(()) };
        if is_core(&file) && is_wanted(&file) {
            if cores.len() == CORES_MAX {
                return Err(walk::too_much(&format!("{CORES_MAX} cores")));
            }
            let way = found.way.iter().map(Vec::as_slice);
            let names = way.chain([found.name]).map(OsStr::from_bytes);
            let path = path.join(names.collect::<PathBuf>());
            cores.push(Core { path, program: program(&file) });
        }
        Ok(())
    })
}

fn is_recent(file: &File, since: SystemTime) -> bool {
    let time = file.metadata().and_then(|meta| meta.modified());
    time.is_ok_and(|time| time >= since)
}

/// Its files are compressed, but their names tell whose they are:
/// `core.NAME.UID.BOOT.PID.MICROSECONDS.zst`.
fn of_systemd(since: SystemTime, uid: u32) -> io::Result<Vec<Core>> {
    let mut cores = Vec::new();
    for entry in fs::read_dir(SYSTEMD)? {
        let Ok(entry) = entry else { continue };
        let time = entry.metadata().and_then(|meta| meta.modified());
        let is_recent = time.is_ok_and(|time| time >= since);
        let name = entry.file_name();
        if is_recent && uid_of(&name) == Some(uid) {
            if cores.len() == CORES_MAX {
                return Err(walk::too_much(&format!("{CORES_MAX} cores")));
            }
            cores.push(Core { path: entry.path(), program: None });
        }
    }
    Ok(cores)
}

/// It is written behind the end of its process.
fn look_for_a_while(
    look: impl Fn() -> io::Result<Vec<Core>>,
) -> io::Result<Vec<Core>> {
    for _ in 1..LOOKS_MAX {
        let found = look()?;
        if !found.is_empty() {
            return Ok(found);
        }
        thread::sleep(PAUSE);
    }
    look()
}

fn uid_of(name: &OsStr) -> Option<u32> {
    let name = name.to_str()?.strip_prefix("core.")?;
    let name = [".zst", ".lz4", ".xz"]
        .into_iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name);
    name.rsplit('.').nth(3)?.parse().ok()
}

#[cfg(target_os = "linux")]
fn places() -> Vec<Place> {
    let read = |name| {
        let path = Path::new("/proc/sys/kernel").join(name);
        fs::read(path).unwrap_or_default()
    };
    let pattern = read("core_pattern");
    let uses_pid = read("core_uses_pid").starts_with(b"1");
    let mut pattern = pattern.trim_ascii().to_vec();
    if uses_pid && !pattern.starts_with(b"|") && !has_pid(&pattern) {
        pattern.extend_from_slice(b".%p");
    }
    place(&pattern).into_iter().collect()
}

#[cfg(target_os = "linux")]
fn has_pid(pattern: &[u8]) -> bool {
    pattern.windows(2).any(|pair| pair == b"%p" || pair == b"%P")
}

#[cfg(target_os = "illumos")]
fn places() -> Vec<Place> {
    let text = fs::read_to_string("/etc/coreadm.conf").unwrap_or_default();
    let named = ["COREADM_INIT_PATTERN=", "COREADM_GLOB_PATTERN="];
    let mut places: Vec<Place> = text
        .lines()
        .filter_map(|line| {
            named.iter().find_map(|name| line.strip_prefix(name))
        })
        .filter_map(|pattern| place(pattern.trim().as_bytes()))
        .collect();
    if places.is_empty() {
        places.extend(place(b"core"));
    }
    places
}

#[cfg(not(any(target_os = "linux", target_os = "illumos")))]
fn places() -> Vec<Place> {
    place(b"%N.core").into_iter().collect()
}

/// What a pattern of the system means: `%` and a letter stand for anything.
fn place(pattern: &[u8]) -> Option<Place> {
    if let Some(program) = pattern.strip_prefix(b"|") {
        let program = String::from_utf8_lossy(program).into_owned();
        return Some(match program.contains("systemd-coredump") {
            true => Place::Systemd,
            false => Place::Program(program),
        });
    }
    let end = pattern.iter().rposition(|byte| *byte == b'/');
    let (dir, name) = match end {
        Some(end) => (&pattern[..end], &pattern[end + 1..]),
        None => (&pattern[..0], pattern),
    };
    let glob = |glob: Vec<u8>| Glob::new(&OsString::from_vec(glob));
    if !pattern.starts_with(b"/") {
        return glob([b"**/", &any(name)[..]].concat()).map(Place::Slate);
    }
    // From the first directory on whose name is a pattern.
    let is_plain = |part: &&[u8]| !part.contains(&b'%');
    let parts: Vec<&[u8]> = dir.split(|byte| *byte == b'/').collect();
    let plain = parts.iter().take_while(|part| is_plain(part)).count();
    let names = parts[plain..].iter().copied().chain([name]);
    let below: Vec<Vec<u8>> = names.map(any).collect();
    let mut path = PathBuf::from("/");
    path.extend(parts[..plain].iter().map(|part| OsStr::from_bytes(part)));
    Some(Place::Directory(path, glob(below.join(&b'/'))?))
}

fn any(name: &[u8]) -> Vec<u8> {
    let mut glob = Vec::new();
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => match bytes.next() {
                Some(b'%') => glob.push(b'%'),
                Some(_) => glob.push(b'*'),
                None => {}
            },
            b'*' | b'?' | b'[' => glob.extend_from_slice(&[b'[', *byte, b']']),
            other => glob.push(*other),
        }
    }
    glob
}

/// An ELF file that says so.
fn is_core(file: &File) -> bool {
    const ET_CORE: u16 = 4;
    let mut head = [0; 18];
    file.read_exact_at(&mut head, 0).is_ok()
        && head.starts_with(b"\x7fELF")
        && u16::from_ne_bytes([head[16], head[17]]) == ET_CORE
}

/// The first file that the process had mapped, which is its program; as Linux
/// notes that in cores of 64 bits.
pub(crate) fn program(file: &File) -> Option<PathBuf> {
    const NOTE: u32 = 4;
    const OF_FILES: u32 = 0x4649_4c45;
    let mut head = [0; 64];
    file.read_exact_at(&mut head, 0).ok()?;
    let table = u64_at(&head, 32)?;
    // The notes come first.
    let mut segment = [0; 56];
    file.read_exact_at(&mut segment, table).ok()?;
    if head[4] != 2 || u32_at(&segment, 0)? != NOTE {
        return None;
    }
    let length = u64_at(&segment, 32)?.min(NOTES_BYTES_MAX);
    let mut notes = vec![0; usize::try_from(length).ok()?];
    file.read_exact_at(&mut notes, u64_at(&segment, 8)?).ok()?;
    let mut rest = &notes[..];
    loop {
        let padded = |size: u32| Some(size.checked_add(3)? as usize & !3);
        let name = padded(u32_at(rest, 0)?)?;
        let length = padded(u32_at(rest, 4)?)?;
        let begin = name.checked_add(12)?;
        let note = rest.get(begin..begin.checked_add(length)?)?;
        if u32_at(rest, 8)? == OF_FILES {
            let count = usize::try_from(u64_at(note, 0)?).ok()?;
            let names = count.checked_mul(24)?.checked_add(16)?;
            let first = note.get(names..)?.split(|byte| *byte == 0).next()?;
            return Some(OsStr::from_bytes(first).into());
        }
        rest = &rest[begin + length..];
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_ne_bytes(*chunk))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|chunk| u64::from_ne_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_of_the_system_names_a_place() {
        let say = |pattern: &str| match place(pattern.as_bytes()).unwrap() {
            Place::Slate(glob) => format!("slate {glob}"),
            Place::Directory(dir, glob) => format!("{} {glob}", dir.display()),
            Place::Systemd => "systemd".to_owned(),
            Place::Program(program) => format!("program {program}"),
        };
        assert_eq!(say("core"), "slate **/core");
        assert_eq!(say("core.%e.%p%%"), "slate **/core.*.*%");
        assert_eq!(say("/var/crash/%u/core-%t"), "/var/crash */core-*");
        assert_eq!(say("/core"), "/ core");
        assert_eq!(say("a[b?"), "slate **/a[[]b[?]");
        let systemd = "|/usr/lib/systemd/systemd-coredump %P %u";
        assert_eq!(say(systemd), "systemd");
        assert_eq!(say("|/usr/bin/abrt %p"), "program /usr/bin/abrt %p");
    }

    #[test]
    fn whose_a_core_of_systemd_is_is_in_its_name() {
        let boot = "0123456789abcdef0123456789abcdef";
        let of = |name: &str| uid_of(OsStr::new(name));
        let name = format!("core.a.b\\x2fc.1000.{boot}.77.1700000000000000");
        assert_eq!(of(&name), Some(1000));
        assert_eq!(of(&format!("{name}.zst")), Some(1000));
        assert_eq!(of("core"), None);
        assert_eq!(of("core.1000"), None);
    }

    #[test]
    fn what_only_looks_like_a_core_is_harmless() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("core");
        let mut bytes = vec![0xff; 4096];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[16..18].copy_from_slice(&4u16.to_ne_bytes());
        for table in [0u64, 64, 4000, u64::MAX] {
            bytes[32..40].copy_from_slice(&table.to_ne_bytes());
            bytes[64..68].copy_from_slice(&4u32.to_ne_bytes());
            fs::write(&path, &bytes).unwrap();
            let file = File::open(&path).unwrap();
            assert!(is_core(&file));
            assert_eq!(program(&file), None);
        }
    }
}
