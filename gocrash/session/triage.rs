//! `gocrash triage`: logs read once more, from hunts or from anywhere, and
//! their failures grouped.

use std::cell::OnceCell;
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use super::hunts::{self, Hunts};
use super::results;
use super::state::{self, KeptSlate};
use crate::attempt::outcome::Outcome;
use crate::attempt::output::NAMES;
use crate::attempt::reader::Reader;
use crate::attempt::said;
use crate::cli::after::TriageArgs;
use crate::config::rules;
use crate::exit;
use crate::refusal::Refusal;
use crate::report::{groups, printed};
use crate::slate::found::{Found, FoundSlate};
use crate::slate::inside::Inside;
use crate::slate::visit::Tree;
use crate::triage::group::{self, Group};
use crate::triage::rules::Rules;
use crate::triage::signature::{Signature, sign};
use crate::triage::{self, VERSION};

/// The version of the schema.
const V: u32 = 1;
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
    /// What would help where a word meant nothing.
    #[serde(skip)]
    pub(crate) help: Option<String>,
}

/// A log that was read.
#[derive(Debug, Serialize)]
pub(crate) struct Read {
    pub(crate) name: String,
    pub(crate) signatures: Vec<String>,
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
    pub(crate) message: Option<String>,
    function: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    systemic_packages: Option<usize>,
    pub(crate) flaky: bool,
    pub(crate) logs: Vec<String>,
    pub(crate) lines: Vec<String>,
}

/// What was printed by one attempt, or is in one file.
struct Log<'a> {
    name: String,
    place: Place<'a>,
}

/// Where it is to be read.
enum Place<'a> {
    /// A file that was named.
    File(PathBuf),
    /// A directory that was named: a suite may have put links there.
    Directory(PathBuf),
    /// What was kept of an attempt.
    Kept { found: &'a Found, slate: &'a FoundSlate, ended: Ended },
}

/// How what printed it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Passed,
    Failed,
    /// It failed because it took too long.
    TimedOut,
}

/// What there is to read of a log.
struct Output {
    /// One file or two.
    printed: Vec<Vec<u8>>,
    /// What the suite wrote beside them.
    junit: Vec<Vec<u8>>,
    ended: Ended,
}

pub(super) fn triage(args: &TriageArgs) -> anyhow::Result<ExitCode> {
    let caller = Reader::caller()?;
    let read_rules = |path: &PathBuf| rules::read(path, &caller);
    let rules = args.rules.as_ref().map(read_rules).transpose()?;
    let hunts = OnceCell::new();
    let meant = Meant::by(&args.logs, &caller, &hunts)?;
    let report = Report::of(&meant, &caller, rules.as_ref());
    match args.json {
        true => printed::json(&report)?,
        false => groups::print(&report)?,
    }
    Ok(ExitCode::from(match report.unread.is_empty() {
        true => exit::PASSED,
        false => exit::NO_VERDICT,
    }))
}

impl Report {
    fn of(meant: &Meant<'_>, caller: &Reader, rules: Option<&Rules>) -> Report {
        let mut unread = meant.nothing.clone();
        let mut read = Vec::new();
        let mut all = Vec::new();
        for log in &meant.logs {
            match output(log, caller) {
                Ok(output) => {
                    let signatures = output.signatures();
                    read.push(Read::new(log, &signatures, &output, rules));
                    all.push(signatures);
                }
                Err(why) => unread.push(why),
            }
        }
        let groups = group::group(&all);
        let groups = groups.into_iter().map(|g| Told::new(g, &read)).collect();
        let help = meant.help.clone();
        Report { v: V, triage: VERSION, logs: read, groups, unread, help }
    }
}

impl Read {
    fn new(
        log: &Log<'_>,
        signatures: &[Signature],
        output: &Output,
        rules: Option<&Rules>,
    ) -> Read {
        // Rules are about failures.
        let rules = rules.filter(|_| output.ended != Ended::Passed);
        let printed = output.printed();
        let decision = rules.map(|rules| rules.decide(signatures, &printed));
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

impl Output {
    /// By what is in it alone.
    fn foreign(printed: Vec<Vec<u8>>) -> Output {
        let ended = Ended::Failed;
        let mut output = Output { printed, junit: Vec::new(), ended };
        if !output.is_xml() && triage::passed(&output.printed()) {
            output.ended = Ended::Passed;
        }
        output
    }

    fn printed(&self) -> Vec<&[u8]> {
        self.printed.iter().map(Vec::as_slice).collect()
    }

    fn is_xml(&self) -> bool {
        let [file] = &self.printed[..] else { return false };
        let begin = file.trim_ascii_start();
        XML.iter().any(|words| begin.starts_with(words))
    }

    fn signatures(&self) -> Vec<Signature> {
        if self.ended == Ended::Passed {
            return sign(triage::flaky(
                &self.printed(),
                &triage::results(&self.junit),
            ));
        }
        match self.is_xml() {
            true => sign(triage::read_junit(&self.printed[0]).failures),
            false => {
                let is_timed_out = self.ended == Ended::TimedOut;
                let printed = self.printed();
                sign(triage::read_with(
                    &printed,
                    &triage::results(&self.junit),
                    is_timed_out,
                ))
            }
        }
    }
}

fn output(log: &Log<'_>, caller: &Reader) -> Result<Output, String> {
    match &log.place {
        Place::File(path) => {
            let read = caller.open(path).and_then(|file| said::whole(&file));
            let printed = read.map_err(|error| unread(path, &error))?;
            Ok(Output::foreign(vec![printed]))
        }
        Place::Directory(path) => {
            let directory = Inside::named(path, caller);
            let directory = directory.map_err(|e| unread(path, &e))?;
            Ok(Output::foreign(printed_in(path, &directory)?))
        }
        Place::Kept { found, slate, ended } => {
            kept_output(found, slate, *ended)
        }
    }
}

fn kept_output(
    found: &Found,
    slate: &FoundSlate,
    ended: Ended,
) -> Result<Output, String> {
    let tree = Tree::open_anywhere(found, slate);
    let tree = tree.map_err(|error| format!("{error:#}"))?;
    let printed = printed_in(tree.path(), tree.inside())?;
    let junit = results::of(found, slate.attempt, tree.inside());
    Ok(Output { printed, junit, ended })
}

/// One file or two, of which one may be missing.
fn printed_in(path: &Path, directory: &Inside) -> Result<Vec<Vec<u8>>, String> {
    let mut outputs = Vec::new();
    let mut missing = None;
    for name in NAMES {
        match directory.file(name).and_then(|file| said::whole(&file)) {
            Ok(output) => outputs.push(output),
            Err(error) => {
                let why = unread(&path.join(name), &error);
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

fn unread(path: &Path, error: &io::Error) -> String {
    format!("cannot read `{}`: {error}", path.display())
}

/// What is meant by words that were typed.
#[derive(Default)]
struct Meant<'a> {
    logs: Vec<Log<'a>>,
    /// Why some mean nothing: the others are read all the same.
    nothing: Vec<String>,
    help: Option<String>,
}

impl<'a> Meant<'a> {
    /// First, what is there under that name, as far as the person who called
    /// can see.
    fn by(
        typed: &[impl AsRef<OsStr>],
        caller: &Reader,
        hunts: &'a OnceCell<Hunts>,
    ) -> Result<Meant<'a>, Refusal> {
        let mut meant = Meant::default();
        for word in typed {
            let path = Path::new(word.as_ref());
            let error = match caller.act(|| path.metadata()) {
                Ok(there) if there.is_dir() => {
                    meant.logs.push(Log::in_directory(path));
                    continue;
                }
                Ok(_) => {
                    meant.logs.push(Log::at(path));
                    continue;
                }
                Err(error) => error,
            };
            let there = match hunts.get() {
                Some(there) => there,
                None => {
                    let found = hunts::find()?;
                    hunts.get_or_init(|| found)
                }
            };
            match kept(there, &path.to_string_lossy(), &error) {
                Ok(logs) => meant.logs.extend(logs),
                Err(refusal) => {
                    meant.nothing.push(refusal.to_string());
                    meant.help.get_or_insert(refusal.help().to_owned());
                }
            }
        }
        Ok(meant)
    }
}

impl Log<'_> {
    fn at(path: &Path) -> Log<'static> {
        // The two files of an attempt are one log.
        let is_output = path.file_name() == Some(OsStr::new(NAMES[0]));
        let place = match path.parent() {
            Some(directory) if is_output => {
                Place::Directory(directory.to_owned())
            }
            _ => Place::File(path.to_owned()),
        };
        Log { name: path.display().to_string(), place }
    }

    fn in_directory(path: &Path) -> Log<'static> {
        let place = Place::Directory(path.to_owned());
        Log { name: path.display().to_string(), place }
    }
}

/// What the hunt has kept that is meant, or the attempt alone, since there is
/// no file of that name.
fn kept<'a>(
    hunts: &'a Hunts,
    typed: &str,
    no_file: &io::Error,
) -> Result<Vec<Log<'a>>, Refusal> {
    let (hunt, attempt) = hunts.pick_attempt(typed).map_err(|no_hunt| {
        Refusal::new(
            format!("cannot read `{typed}`: {no_file}, and {no_hunt}"),
            format!("name a file, or a hunt: {}", no_hunt.help()),
        )
    })?;
    let found = &hunt.found;
    let of = |kept: &KeptSlate<'_>| {
        let mut slates = found.slates.iter();
        let slate = slates.find(|slate| slate.attempt == kept.attempt)?;
        let name = format!("{}/{}", hunt.id, kept.attempt);
        let ended = match kept.outcome {
            word if word == Outcome::Passed.word() => Ended::Passed,
            word if word == Outcome::TimedOut.word() => Ended::TimedOut,
            _ => Ended::Failed,
        };
        Some(Log { name, place: Place::Kept { found, slate, ended } })
    };
    let logs: Vec<Log<'_>> = state::kept(found)
        .iter()
        .filter(|kept| attempt.is_none_or(|name| kept.attempt == name))
        .filter_map(of)
        .collect();
    match logs.is_empty() {
        true => Err(Refusal::new(
            format!("`{typed}` has kept nothing"),
            "`gocrash list` shows what was kept",
        )),
        false => Ok(logs),
    }
}
