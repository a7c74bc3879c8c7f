//! What it means: complete, and checked as far as it can be without ZFS.

mod chosen;
mod destination;
mod hooks;
pub(crate) mod rules;
mod size;
mod stop;
mod time;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use nix::unistd::Uid;

use crate::attempt::name::AttemptName;
use crate::attempt::patterns::Patterns;
use crate::attempt::person::{Ids, Person};
use crate::attempt::reader::Reader;
use crate::attempt::sys::cores;
use crate::attempt::timer::Timeout;
use crate::attempt::view;
use crate::cli::Cli;
use crate::record::read::History;
use crate::refusal::Refusal;
use crate::slate::Origin;
use crate::slate::found::Found;
use crate::slate::glob::Glob;
use crate::slate::room::Limits;
use crate::stats::Rate;
use crate::triage::rules::Rules;
use chosen::Chosen;
pub(crate) use chosen::{misnamed, state};
pub(crate) use destination::{Destination, keep_apart};
use hooks::Hooks;
pub(crate) use stop::{Halt, Stop};
pub(crate) use time::shown;

/// More threads than this on one host is a typing mistake.
const CONCURRENCY_MAX: u16 = 1024;
const DEFAULT_CWD: &str = "goroot/src";
const DEFAULT_SCRIPT: &str = "all.bash";

/// One hunt, as asked for.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) origin: Origin,
    pub(crate) limits: Limits,
    pub(crate) concurrency: u16,
    /// How many runs each thread does; `None`: until one fails.
    pub(crate) stop_after: Option<u64>,
    /// That was typed as `--times` of `rerun`.
    pub(crate) is_times: bool,
    pub(crate) stop: Stop,
    /// What in the output of a run decides, instead of how it ended.
    pub(crate) patterns: Patterns,
    pub(crate) keep: Keep,
    /// What is copied out of every slate.
    pub(crate) collect: Vec<Glob>,
    /// For `sh -c`, once, before the first attempt.
    pub(crate) prepare: Option<OsString>,
    /// Where the events are written to, besides the record.
    pub(crate) events: Option<Destination>,
    /// Only for `verify-fix`.
    pub(crate) verification: Option<Verification>,
    /// Where reports of the whole go when it is over.
    pub(crate) junit: Option<Destination>,
    pub(crate) html: Option<Destination>,
    pub(crate) progress: Progress,
    /// What is known of failures already.
    pub(crate) rules: Rules,
    /// Where attempts leave JUnit files.
    pub(crate) results: Vec<Glob>,
    pub(crate) suite: Suite,
    pub(crate) timeout: Timeout,
    /// So long apart slates are made, at least.
    pub(crate) pace: Option<Duration>,
    pub(crate) hooks: Hooks,
    /// Where every attempt sees its slate, if not where that is.
    pub(crate) at: Option<PathBuf>,
    /// Whether every attempt has a `/tmp` of its own.
    pub(crate) private_tmp: bool,
    pub(crate) person: Person,
    /// The person who called, where sudo or doas says who that is and gocrash
    /// has more rights than they.
    pub(crate) caller: Option<Person>,
    /// Whose rights the files are opened with that the caller names.
    pub(crate) files: Reader,
    /// The words that ask for just this hunt.
    pub(crate) arguments: Vec<OsString>,
    /// It goes on with one that was begun before.
    pub(crate) resumed: Option<Resumed>,
}

/// A hunt that was begun before, and is to go on.
#[derive(Debug)]
pub(crate) struct Resumed {
    /// What there is of it.
    pub(crate) found: Found,
    pub(crate) history: History,
    /// So many slates are there that stay.
    pub(crate) kept: usize,
    /// What ran when the host went down. That may be what is looked for, so
    /// that these stay as well.
    pub(crate) cut_off: Vec<AttemptName>,
}

/// What a verdict depends on that `--force` asked for.
#[derive(Debug)]
pub(crate) struct Forced {
    /// All of it, as it was and as it is.
    pub(crate) what: String,
    /// In a few words.
    pub(crate) note: String,
}

/// What a hunt is to show that is to show that something is fixed.
#[derive(Debug)]
pub(crate) struct Verification {
    /// The hunt in which it failed, and how often.
    pub(crate) baseline: String,
    pub(crate) rate: Rate,
    /// The signatures of its failures.
    pub(crate) signatures: BTreeSet<String>,
    /// So sure, by so many runs that pass.
    pub(crate) confidence: f64,
    pub(crate) runs: u64,
    /// Where it is not like the other one.
    pub(crate) forced: Option<Forced>,
    /// How long that may take.
    pub(crate) expected: Option<Duration>,
}

/// How what goes on is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Progress {
    Auto,
    Bar,
    Plain,
    None,
}

/// Which runs leave their slate behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Failures,
    Everything,
}

impl Keep {
    fn chosen(everything: bool) -> Keep {
        if everything { Keep::Everything } else { Keep::Failures }
    }
}

/// The command that every attempt runs.
#[derive(Debug)]
pub(crate) struct Suite {
    pub(crate) program: OsString,
    pub(crate) args: Vec<OsString>,
    /// Relative to the slate.
    pub(crate) cwd: PathBuf,
    /// A file the command is known to need, relative to the slate.
    pub(crate) script: Option<PathBuf>,
    /// Whether its processes dump core, whatever they set themselves.
    pub(crate) cores: bool,
    /// The whole environment, less what names the attempt.
    pub(crate) env: BTreeMap<OsString, OsString>,
}

impl Config {
    pub(crate) fn new(typed: Cli) -> Result<Config, Refusal> {
        let chosen = Chosen::new(&typed)?;
        let concurrency = concurrency(typed.concurrency)?;
        check_something_runs(&typed)?;
        let stop = Stop::new(&typed)?;
        let patterns = stop::patterns(&typed)?;
        let limits = Limits {
            quota: typed.quota.as_deref().map(size::quota).transpose()?,
            min_free: size::min_free(&typed.min_free)?,
        };
        if let Some(dir) = &typed.at {
            view::check_at(dir)?;
        }
        let timeout =
            typed.timeout.as_deref().map(time::timeout).transpose()?;
        let pace = typed.pace.as_deref().map(time::pace).transpose()?;
        let cwd = typed.cwd.as_deref().map(cwd).transpose()?;
        let set = all(&typed.env, variable)?;
        let collect = all(&typed.collect, collected)?;
        let results = all(&typed.results, results)?;
        let cores = typed.cores;
        if cores {
            check_cores()?;
        }
        let files = files(typed.user.as_deref())?;
        let rules = rules(typed.rules.as_deref(), &files)?;
        let person = Person::find(typed.user.as_deref())?;

        let env = environment(&person, typed.private_tmp, set);
        let [events, junit, html] = [typed.events, typed.junit, typed.html]
            .map(|path| path.map(Destination::new));
        keep_apart(&[
            ("--events", &events),
            ("--junit", &junit),
            ("--html", &html),
        ])?;
        let keep = Keep::chosen(typed.keep_success);
        let origin = chosen.origin(&env, &person)?;
        Ok(Config {
            origin,
            limits,
            concurrency,
            stop_after: typed.stop_after,
            is_times: false,
            stop,
            patterns,
            keep,
            collect,
            prepare: typed.prepare,
            events,
            verification: None,
            junit,
            html,
            rules,
            results,
            progress: typed.progress,
            suite: Suite { cores, ..suite(typed.command, cwd, env) },
            timeout: timeout.unwrap_or(Timeout::None),
            pace,
            hooks: Hooks {
                start: typed.on_start,
                failure: typed.on_failure,
                timeout: typed.on_timeout,
            },
            at: typed.at,
            private_tmp: typed.private_tmp,
            person,
            caller: Person::find(None).ok(),
            files,
            arguments: std::env::args_os().collect(),
            resumed: None,
        })
    }

    /// Has the events told on standard output, if that is asked for.
    pub(crate) fn tell_json(&mut self, json: bool) -> Result<(), Refusal> {
        if !json {
            return Ok(());
        }
        if let Some(Destination::File(path)) = &self.events {
            return Err(Refusal::new(
                format!(
                    "the events that `--json` prints go to `{}` already",
                    path.display()
                ),
                "leave out one of `--json` and `--events`",
            ));
        }
        let json = Some(Destination::Stdout);
        keep_apart(&[
            ("--junit", &self.junit),
            ("--html", &self.html),
            ("--json", &json),
        ])?;
        self.events = json;
        Ok(())
    }

    /// Whom all of gocrash becomes that needs no rights, and who runs hooks:
    /// the person who called, or, where that can't be told, the one who runs
    /// the suite. Root is it only where it was said.
    pub(crate) fn acting_person(&self) -> &Person {
        self.caller.as_ref().unwrap_or(&self.person)
    }

    /// What a command takes that runs beside an attempt, to be them.
    pub(crate) fn ids_beside(&self) -> Option<Ids> {
        // On Linux, all of gocrash that starts such commands is them already.
        let is_them = cfg!(target_os = "linux");
        self.ids_of_caller().filter(|_| !is_them)
    }

    /// What that takes, where gocrash is not them yet.
    pub(crate) fn ids_of_caller(&self) -> Option<Ids> {
        self.acting_person().ids_to_take()
    }

    /// Whether the suite runs as somebody else than gocrash, which then can't
    /// do anything as they.
    pub(crate) fn is_for_another(&self) -> bool {
        let own = match cfg!(target_os = "linux") {
            true => self.acting_person().ids().uid,
            false => Uid::effective(),
        };
        own != self.person.ids().uid
    }

    /// Where an attempt sees a slate that is at `path`.
    pub(crate) fn seen_at<'a>(&'a self, path: &'a Path) -> &'a Path {
        self.at.as_deref().unwrap_or(path)
    }

    /// What `--prepare` runs.
    pub(crate) fn preparation(&self) -> Suite {
        let Config { suite, prepare, .. } = self;
        Suite {
            program: "sh".into(),
            args: vec!["-c".into(), prepare.clone().unwrap_or_default()],
            cwd: suite.cwd.clone(),
            script: None,
            cores: false,
            env: suite.env.clone(),
        }
    }
}

impl Suite {
    /// The command as error messages show it: every word quoted.
    pub(crate) fn label(&self) -> String {
        std::iter::once(&self.program)
            .chain(&self.args)
            .map(|word| format!("{:?}", word.to_string_lossy()))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn suite(
    command: Vec<OsString>,
    cwd: Option<PathBuf>,
    env: BTreeMap<OsString, OsString>,
) -> Suite {
    let mut words = command.into_iter();
    match words.next() {
        Some(program) => Suite {
            program,
            args: words.collect(),
            cwd: cwd.unwrap_or_default(),
            script: None,
            cores: false,
            env,
        },
        None => {
            let cwd = cwd.unwrap_or_else(|| DEFAULT_CWD.into());
            Suite {
                program: "bash".into(),
                args: vec![format!("./{DEFAULT_SCRIPT}").into()],
                script: Some(cwd.join(DEFAULT_SCRIPT)),
                cwd,
                cores: false,
                env,
            }
        }
    }
}

/// That of gocrash, as the person has it, with what is set.
fn environment(
    person: &Person,
    private_tmp: bool,
    set: Vec<(OsString, OsString)>,
) -> BTreeMap<OsString, OsString> {
    let mut env: BTreeMap<_, _> = std::env::vars_os().collect();
    env.extend(person.environment());
    if private_tmp {
        env.insert("TMPDIR".into(), view::TMP.into());
    }
    env.extend(set);
    env
}

fn concurrency(threads: u64) -> Result<u16, Refusal> {
    if threads == 0 {
        return Err(Refusal::new(
            "`--concurrency 0` leaves no thread to run the suite",
            "choose at least 1",
        ));
    }
    match u16::try_from(threads) {
        Ok(threads) if threads <= CONCURRENCY_MAX => Ok(threads),
        _ => Err(Refusal::new(
            format!("`--concurrency {threads}` is more than gocrash starts"),
            format!("choose at most {CONCURRENCY_MAX}"),
        )),
    }
}

fn cwd(dir: &Path) -> Result<PathBuf, Refusal> {
    let help = "name a directory inside the clone, relative to its root, as \
                in `--cwd goroot/src`";
    if dir.is_absolute() {
        return Err(Refusal::new(
            format!("`--cwd {}` is absolute", dir.display()),
            help,
        ));
    }
    if dir.components().any(|part| part == Component::ParentDir) {
        return Err(Refusal::new(
            format!("`--cwd {}` has `..` in it", dir.display()),
            help,
        ));
    }
    // So that one directory has one name.
    Ok(dir.components().filter(|part| *part != Component::CurDir).collect())
}

fn check_something_runs(typed: &Cli) -> Result<(), Refusal> {
    if typed.stop_after == Some(0) {
        return Err(Refusal::new(
            "`--stop-after 0` leaves nothing to run",
            "each thread needs at least one run: `--stop-after 1`",
        ));
    }
    if typed.command.first().is_some_and(|word| word.is_empty()) {
        return Err(Refusal::new(
            "the first word of the COMMAND is empty",
            "a variable may not be set: say what to run after `--`",
        ));
    }
    Ok(())
}

/// Only root can raise a hard limit.
fn check_cores() -> Result<(), Refusal> {
    match cores::may_dump() || Uid::effective().is_root() {
        true => Ok(()),
        false => Err(Refusal::new(
            "`--cores`: the hard limit for core files is 0 here",
            "raise it (`ulimit -Hc unlimited`, as root, or limits.conf), or \
             call gocrash by sudo or doas",
        )),
    }
}

/// Whose rights files are opened with: where it can't be told who called, those
/// of who is to run the suite, if that was said.
fn files(user: Option<&str>) -> Result<Reader, Refusal> {
    Reader::caller().or_else(|refusal| match user {
        Some(_) => Ok(Reader::of(&Person::find(user)?)),
        None => Err(refusal),
    })
}

/// Read with the rights of whoever called.
fn rules(path: Option<&Path>, files: &Reader) -> Result<Rules, Refusal> {
    let Some(path) = path else { return Ok(Rules::default()) };
    rules::read(path, files)
}

/// What may be repeated.
fn all<T>(
    typed: &[OsString],
    meant: impl Fn(&OsStr) -> Result<T, Refusal>,
) -> Result<Vec<T>, Refusal> {
    typed.iter().map(|text| meant(text)).collect()
}

fn collected(text: &OsStr) -> Result<Glob, Refusal> {
    glob("--collect", text, "logs/*.log")
}

fn results(text: &OsStr) -> Result<Glob, Refusal> {
    glob("--results", text, "target/nextest/*/junit.xml")
}

fn glob(option: &str, text: &OsStr, example: &str) -> Result<Glob, Refusal> {
    Glob::new(text).ok_or_else(|| {
        let text = text.to_string_lossy();
        Refusal::new(
            format!("`{option} {text}` is no path in the clone"),
            format!(
                "name files by their path from the clone's root, as in \
                 `{option} '{example}'`"
            ),
        )
    })
}

fn variable(pair: &OsStr) -> Result<(OsString, OsString), Refusal> {
    let bytes = pair.as_bytes();
    match bytes.iter().position(|byte| *byte == b'=') {
        Some(at) if at > 0 => Ok((
            OsStr::from_bytes(&bytes[..at]).to_owned(),
            OsStr::from_bytes(&bytes[at + 1..]).to_owned(),
        )),
        _ => Err(Refusal::new(
            format!(
                "`--env {}` is not of the form K=V",
                pair.to_string_lossy()
            ),
            "name the variable and its value, as in `--env GOGC=off`",
        )),
    }
}
