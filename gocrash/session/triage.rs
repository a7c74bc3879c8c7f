//! `gocrash triage`: logs read once more, from hunts or from anywhere, and
//! their failures grouped.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nix::fcntl::OFlag;
use serde::Serialize;

use super::hunts::{self, Hunt, Hunts};
use super::state;
use crate::attempt::output::NAMES;
use crate::attempt::person::Person;
use crate::attempt::said;
use crate::cli::after::TriageArgs;
use crate::config::rules;
use crate::exit;
use crate::refusal::Refusal;
use crate::report::groups;
use crate::slate::found::Kind;
use crate::triage::group::{self, Group};
use crate::triage::rules::Rules;
use crate::triage::signature::{Signature, sign};
use crate::triage::{self, VERSION};

/// The version of the schema.
const V: u32 = 1;
/// What stands for the hunt that began last.
const LATEST: &str = "latest";
/// A file that begins so is JUnit's, whatever its name.
const XML: [&[u8]; 2] = [b"<?xml", b"<testsuite"];

/// What `gocrash triage --json` prints: docs/triage.md.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    v: u32,
    triage: u32,
    pub(crate) logs: Vec<Read>,
    pub(crate) groups: Vec<Told>,
    pub(crate) unread: Vec<String>,
}

/// A log that was read.
#[derive(Debug, Serialize)]
pub(crate) struct Read {
    pub(crate) name: String,
    signatures: Vec<String>,
    pub(crate) action: Option<&'static str>,
    pub(crate) rule: Option<String>,
}

/// A group of failures: `null` where its members share nothing.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) class: &'static str,
    pub(crate) title: String,
    package: Option<String>,
    test: Option<String>,
    message: Option<String>,
    function: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    systemic_packages: Option<usize>,
    pub(crate) flaky: bool,
    pub(crate) logs: Vec<String>,
    pub(crate) lines: Vec<String>,
}

/// What was printed by one attempt, or is in one file.
struct Log {
    name: String,
    files: Vec<PathBuf>,
}

pub(super) fn triage(args: &TriageArgs) -> anyhow::Result<ExitCode> {
    let caller = Person::find(None).ok();
    let ids = caller.as_ref().and_then(Person::ids_to_take);
    let read_rules = |path: &PathBuf| rules::read(path, ids.as_ref());
    let rules = args.rules.as_ref().map(read_rules).transpose()?;
    let report = Report::of(&logs(&args.logs)?, rules.as_ref());
    match args.json {
        true => groups::print_json(&report),
        false => groups::print(&report),
    }
    Ok(ExitCode::from(match report.unread.is_empty() {
        true => exit::PASSED,
        false => exit::NO_VERDICT,
    }))
}

impl Report {
    fn of(logs: &[Log], rules: Option<&Rules>) -> Report {
        let mut unread = Vec::new();
        let mut read = Vec::new();
        let mut all = Vec::new();
        for log in logs {
            match outputs(log) {
                Ok(outputs) => {
                    let signatures = signatures(&outputs);
                    read.push(Read::new(log, &signatures, &outputs, rules));
                    all.push(signatures);
                }
                Err(why) => unread.push(why),
            }
        }
        let groups = group::group(&all);
        let groups = groups.into_iter().map(|g| Told::new(g, &read)).collect();
        Report { v: V, triage: VERSION, logs: read, groups, unread }
    }
}

impl Read {
    fn new(
        log: &Log,
        signatures: &[Signature],
        outputs: &[Vec<u8>],
        rules: Option<&Rules>,
    ) -> Read {
        let outputs: Vec<&[u8]> = outputs.iter().map(Vec::as_slice).collect();
        let decision = rules.map(|rules| rules.decide(signatures, &outputs));
        let rule = decision.and_then(|decision| decision.rule);
        Read {
            name: log.name.clone(),
            signatures: signatures.iter().map(|s| s.id.clone()).collect(),
            action: decision.map(|decision| decision.action.word()),
            rule: rule.map(|rule| rule.text.clone()),
        }
    }
}

impl Told {
    fn new(group: Group, read: &[Read]) -> Told {
        let (class, title) = (group.class().word(), group.title());
        let Group { id, shared, systemic, logs } = group;
        let known = |text: String| (!text.is_empty()).then_some(text);
        Told {
            id,
            class,
            title,
            package: known(shared.package),
            test: known(shared.test),
            message: known(shared.message),
            function: known(shared.function),
            file: known(shared.file),
            line: shared.line,
            systemic_packages: systemic,
            flaky: shared.is_flaky,
            logs: logs.iter().map(|log| read[*log].name.clone()).collect(),
            lines: shared.essence,
        }
    }
}

fn signatures(outputs: &[Vec<u8>]) -> Vec<Signature> {
    let is_xml = |output: &[u8]| {
        let begin = output.trim_ascii_start();
        XML.iter().any(|words| begin.starts_with(words))
    };
    match outputs {
        [xml] if is_xml(xml) => sign(triage::read_junit(xml).failures),
        outputs => {
            let outputs: Vec<&[u8]> =
                outputs.iter().map(Vec::as_slice).collect();
            sign(triage::read(&outputs))
        }
    }
}

/// What a log holds: one file or two, of which one may be missing.
fn outputs(log: &Log) -> Result<Vec<Vec<u8>>, String> {
    let mut outputs = Vec::new();
    let mut missing = None;
    for path in &log.files {
        match open(path).and_then(|file| said::whole(&file)) {
            Ok(output) => outputs.push(output),
            Err(error) => {
                let why = format!("cannot read `{}`: {error}", path.display());
                if error.kind() != ErrorKind::NotFound {
                    return Err(why);
                }
                missing.get_or_insert(why);
            }
        }
    }
    match missing {
        Some(why) if outputs.is_empty() => Err(why),
        _ => Ok(outputs),
    }
}

/// Waits for no pipe.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let is_output = path.file_name().is_some_and(|name| {
        NAMES.iter().any(|output| name == OsStr::new(output))
    });
    // A suite can put a link in the place of what it printed.
    let flags = match is_output {
        true => flags | OFlag::O_NOFOLLOW,
        false => flags,
    };
    let file =
        OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is not a file")),
    }
}

/// What is meant by each of the words: first, what is there under that name.
fn logs(typed: &[impl AsRef<OsStr>]) -> Result<Vec<Log>, Refusal> {
    let mut logs = Vec::new();
    let mut hunts: Option<Hunts> = None;
    for word in typed {
        let path = Path::new(word.as_ref());
        match path.metadata() {
            Ok(there) if there.is_dir() => logs.push(Log::in_directory(path)),
            Ok(_) => logs.push(Log::at(path)),
            Err(_) => {
                let hunts = hunts.get_or_insert_with(hunts::find);
                logs.extend(kept(hunts, &path.to_string_lossy())?);
            }
        }
    }
    Ok(logs)
}

impl Log {
    fn at(path: &Path) -> Log {
        // The two files of an attempt are one log.
        if path.file_name() == Some(OsStr::new(NAMES[0])) {
            if let Some(directory) = path.parent() {
                return Log {
                    name: path.display().to_string(),
                    ..Log::in_directory(directory)
                };
            }
        }
        let files = vec![path.to_owned()];
        Log { name: path.display().to_string(), files }
    }

    fn in_directory(path: &Path) -> Log {
        let files = NAMES.iter().map(|name| path.join(name)).collect();
        Log { name: path.display().to_string(), files }
    }
}

/// What the hunt has kept that is meant, or the attempt alone.
fn kept(hunts: &Hunts, typed: &str) -> Result<Vec<Log>, Refusal> {
    let (name, attempt) = match typed.rsplit_once('/') {
        Some((name, last)) if last.starts_with("thread-") => (name, Some(last)),
        _ => (typed, None),
    };
    let hunt = meant(hunts, name).ok_or_else(|| {
        Refusal::new(
            format!("there is no file and no hunt `{typed}`"),
            "name a file, or what `gocrash list` shows",
        )
    })?;
    let found = &hunt.found;
    let opened = found.record.as_ref().ok();
    let opened = opened.and_then(|record| record.history.opened.as_ref());
    let directory = opened.ok_or_else(|| {
        Refusal::new(
            format!("the record of `{}` can't be read", found.name),
            "name the files themselves, or ask with the rights to read it",
        )
    })?;
    let all = state::kept(found).into_iter();
    let logs: Vec<Log> = all
        .filter(|kept| attempt.is_none_or(|a| kept.attempt.to_string() == a))
        .map(|kept| {
            let slate = directory.directory.join(kept.attempt.to_string());
            let slate = match found.kind {
                Kind::Zfs => slate,
                Kind::Overlay => slate.join("upper"),
            };
            let name = format!("{}/{}", hunt.id, kept.attempt);
            Log { name, ..Log::in_directory(&slate) }
        })
        .collect();
    match logs.is_empty() {
        true => Err(Refusal::new(
            format!("`{typed}` has kept nothing"),
            "`gocrash list` shows what was kept",
        )),
        false => Ok(logs),
    }
}

fn meant<'a>(hunts: &'a Hunts, name: &str) -> Option<&'a Hunt> {
    if name == LATEST {
        return hunts.all.iter().rev().find(|hunt| !hunt.found.is_copy);
    }
    hunts.all.iter().find(|Hunt { id, found }| {
        [id, &found.session, &found.name].iter().any(|n| *n == name)
    })
}
