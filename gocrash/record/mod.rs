//! The record of a hunt, in the working dataset, where the suite can't write:
//! the manifest and the event log. docs/record.md is their schema.
//!
//! The coordinator feeds it with each event before it takes the steps that the
//! event leads to. So a verdict is written before its slate is destroyed, and
//! because the destroy waits for the same transaction group or a later one,
//! the verdict is on the disk when the slate is gone.

pub(crate) mod host;
mod line;
pub(crate) mod log;
pub(crate) mod manifest;
pub(crate) mod read;
pub(crate) mod text;

#[cfg(target_os = "linux")]
use std::ffi::OsStr;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use jiff::Timestamp;
use nix::fcntl::OFlag;
use nix::unistd::Gid;

use crate::config::Config;
use crate::hunt::{Event, Hunt, Step};
use crate::slate::Working;
use line::Line;
pub(crate) use line::Rate;
use log::Log;
use manifest::Manifest;
use read::History;

/// The version of the schema.
const VERSION: u32 = 1;
pub(crate) const MANIFEST: &str = "gocrash.json";
pub(crate) const EVENTS: &str = "events.jsonl";
/// All there is of it.
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "a dataset goes with all that is in it")
)]
pub(crate) const FILES: [&str; 2] = [MANIFEST, EVENTS];

/// Whether it is called as one of its files is.
#[cfg(target_os = "linux")]
pub(crate) fn is_file_of_it(name: &OsStr) -> bool {
    FILES.iter().any(|own| name == *own)
}

/// Anybody may read it.
const EVENTS_MODE: u32 = 0o644;
/// The environment may hold secrets: only for the suite's person to read.
const MANIFEST_MODE: u32 = 0o640;

/// What is written down of one hunt.
#[derive(Debug)]
pub(crate) struct Record {
    began: Instant,
    /// So long before that was the moment that `t_ns` counts from. It is not
    /// when this process began where the hunt goes on that another one began.
    before: Duration,
    started: Timestamp,
    /// Open as long as the working dataset is there.
    log: Option<Log>,
}

impl Record {
    /// Begins to count time. There is no place to write to yet.
    pub(crate) fn begin() -> Record {
        Record {
            began: Instant::now(),
            before: Duration::ZERO,
            started: Timestamp::now(),
            log: None,
        }
    }

    /// Goes on with one that was begun before. Its stamps are of the clock on
    /// the wall where it does, and never before those that are there.
    pub(crate) fn resume(self, history: &History) -> Record {
        let Some(opened) = &history.opened else { return self };
        let since = Timestamp::now().duration_since(opened.started);
        let since = u64::try_from(since.as_nanos()).unwrap_or(0);
        let before = Duration::from_nanos(since.max(history.last_ns));
        Record { before, started: opened.started, ..self }
    }

    /// Takes the files that [`open_files`] gave, as far as they are there, and
    /// writes the manifest. Where the hunt is a resumed one, writes on in the
    /// log that is there.
    pub(crate) fn open(
        &mut self,
        files: Vec<File>,
        config: &Config,
        working: &Working,
    ) -> anyhow::Result<()> {
        let mut files = files.into_iter();
        if working.is_reopened {
            self.log = files.next().map(continued).transpose()?;
            return Ok(());
        }
        self.log = files.next().map(Log::new);
        let Some(mut file) = files.next() else { return Ok(()) };
        let manifest = Manifest::new(config, working, self.started)?;
        let mut text = serde_json::to_vec_pretty(&manifest)?;
        text.push(b'\n');
        file.write_all(&text)
            .with_context(|| format!("cannot write `{MANIFEST}`"))
    }

    /// What an event says, with the steps that it led to: no line, one, or
    /// some.
    pub(crate) fn lines(
        &self,
        event: &Event,
        steps: &[Step],
        hunt: &Hunt,
    ) -> Vec<u8> {
        let since = self.moment(event).duration_since(self.began);
        let t_ns = nanoseconds(self.before + since);
        let mut lines = Vec::new();
        for fact in line::facts(event, steps, hunt, self.started) {
            serde_json::to_writer(&mut lines, &Line { t_ns, fact })
                .expect("all keys are strings, and memory takes any bytes");
            lines.push(b'\n');
        }
        lines
    }

    /// Appends lines to the event log, where there is one.
    pub(crate) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        match &mut self.log {
            Some(log) => log.append(lines),
            None => Ok(()),
        }
    }

    /// Lets go of the event log: it would keep the working dataset busy.
    ///
    /// # Errors
    /// Where lines waited for room in vain.
    pub(crate) fn close(&mut self) -> io::Result<()> {
        self.log.take().map_or(Ok(()), |mut log| log.finish())
    }

    /// When it happened: the two that matter say so, the others happen when
    /// they are heard of.
    fn moment(&self, event: &Event) -> Instant {
        match event {
            Event::Started(_, _, go) => *go,
            Event::Ended(_, _, span, _) => span.exit,
            _ => Instant::now(),
        }
    }
}

pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Makes the event log and the manifest, both empty, in the hunt's directory;
/// or opens the event log of a hunt that goes on. Gives as many as can be had,
/// and why not all.
pub(crate) fn open_files(
    working: &Working,
    reader: Option<Gid>,
) -> (Vec<File>, Option<anyhow::Error>) {
    let events = || match working.is_reopened {
        true => reopen(&working.path),
        false => create(&working.path, EVENTS, EVENTS_MODE, None),
    };
    let manifest = || create(&working.path, MANIFEST, MANIFEST_MODE, reader);
    let mut files = Vec::new();
    let opened = events().and_then(|file| {
        files.push(file);
        if !working.is_reopened {
            files.push(manifest()?);
        }
        Ok(())
    });
    (files, opened.err())
}

/// Opens the event log of a hunt that goes on.
fn reopen(directory: &Path) -> anyhow::Result<File> {
    let path = directory.join(EVENTS);
    OpenOptions::new()
        .read(true)
        .append(true)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(&path)
        .with_context(|| format!("cannot open `{}`", path.display()))
}

/// A log to write on in. Its last line may have been cut.
fn continued(mut file: File) -> anyhow::Result<Log> {
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(-1)).is_ok() {
        file.read_exact(&mut last)?;
    }
    let mut log = Log::new(file);
    if last != [b'\n'] {
        log.append(b"\n")?;
    }
    Ok(log)
}

/// A new file that only its owner can write to.
fn create(
    directory: &Path,
    name: &str,
    mode: u32,
    reader: Option<Gid>,
) -> anyhow::Result<File> {
    let create = || {
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(mode)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(directory.join(name))?;
        if let Some(gid) = reader {
            fchown(&file, None, Some(gid.as_raw()))?;
        }
        // Whatever the umask says.
        file.set_permissions(Permissions::from_mode(mode))?;
        io::Result::Ok(file)
    };
    create().with_context(|| format!("cannot create `{name}`"))
}

#[cfg(test)]
mod tests;
