//! What a person at a terminal reads: the lines of a hunt, on standard output.

mod beside;
mod ended;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::console::{Console, Mode};
use super::gauges::Gauges;
use super::safe;
use super::units::seconds;
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::Outcome;
use crate::attempt::said::Said;
use crate::config::{Config, Keep, Suite, shown};
use crate::exit::Verdict;
use crate::hunt::{Collection, Event, Hunt};
use crate::refusal::Refusal;
use crate::report::figures;
use crate::slate::baked::Baked;
use crate::slate::collect;
use crate::slate::room;
use crate::slate::{Drift, KEPT_MOUNTED_MAX, Origin, Rest, Seen, Working};

/// How long the figure for free room is good.
const ROOM_LASTS: Duration = Duration::from_secs(2);

/// What helps where the suite can't be started.
const NO_COMMAND: &str = "name a program that is in PATH or, from where it \
    starts, in the clone, as in `-- ./test.sh`; `-- sh -c '...'` for what only \
    a shell understands";

/// What it is said by, and what has to be known for that.
#[derive(Debug)]
pub(crate) struct Terminal {
    console: Console,
    /// Standard output is for something else.
    is_aside: bool,
    /// What attempts have printed that failed just now.
    said: HashMap<AttemptName, Said>,
    room_asked: Option<Instant>,
    /// That no attempt says anything is said.
    is_silence_said: bool,
    /// So is that of results which can't be read.
    is_unread_said: bool,
    /// And that no more of what is kept stays mounted.
    is_unmounted_said: bool,
}

impl Terminal {
    pub(crate) fn new() -> Terminal {
        Terminal {
            console: Console::new(Gauges::new(Instant::now())),
            is_aside: false,
            said: HashMap::new(),
            room_asked: None,
            is_silence_said: false,
            is_unread_said: false,
            is_unmounted_said: false,
        }
    }

    /// One that leaves standard output alone.
    pub(crate) fn aside() -> Terminal {
        Terminal { is_aside: true, ..Terminal::new() }
    }

    /// Shows the status from now on, by a thread of its own.
    pub(super) fn begin(&mut self, mode: Mode, config: &Config) {
        let mut gauges = self.console.gauges();
        gauges.expect_threads(config.concurrency);
        gauges.expect_runs(figures::runs_wanted(config));
        drop(gauges);
        self.console.begin(mode);
    }

    /// Says what happened.
    pub(crate) fn event(
        &mut self,
        event: &Event,
        config: &Config,
        hunt: &Hunt,
    ) {
        self.follow(event, hunt);
        match event {
            Event::Checked(Ok(seen)) => self.doubt(seen, config),
            Event::Golden(Ok(_), took) => {
                let took = seconds(*took);
                self.line(format_args!("{}: prepared after {took}", now()));
            }
            Event::Golden(Err(spoiled), _) => self.tail(&spoiled.tail),
            Event::Opened(Ok(working)) => {
                self.header(config, working);
                if let Some(why) = &working.roomless {
                    self.error(format_args!(
                        "warning: no room is kept for the record: {why}"
                    ));
                }
            }
            Event::Prepared(name, Err(unprepared)) => {
                let why = &unprepared.why;
                self.at(name.thread, name.run, format_args!("no slate: {why}"));
            }
            Event::NoRoom(_, shortage) if hunt.has_begun_to_pause() => {
                self.line(format_args!("{}: paused: {shortage}", now()));
            }
            Event::Started(name, stdout_path, _) => self.at(
                name.thread,
                name.run,
                format_args!("start (see {})", stdout_path.display()),
            ),
            Event::Replaced(name, files) => self.at(
                name.thread,
                name.run,
                format_args!(
                    "replaced {}, which {} brought",
                    files.join(" and "),
                    config.origin.noun()
                ),
            ),
            Event::Ended(name, outcome, span, leaks) => {
                self.ended(*name, outcome, span.took(), leaks, hunt);
            }
            Event::Said(name, said) => {
                self.said.insert(*name, said.clone());
            }
            Event::Asked => self.console.show_status(),
            Event::Kept(_, Ok(())) => self.tell_of_many(config, hunt),
            Event::Kept(name, Err(error)) => self.at(
                name.thread,
                name.run,
                format_args!("kept, but not marked so: {error:#}"),
            ),
            Event::Retired(name, Rest::Left(left)) => {
                self.at(name.thread, name.run, format_args!("left {left}"));
            }
            Event::Looked(drift) => self.drifted(drift),
            Event::Signal(signal) => self.line(format_args!(
                "{}: signal {signal}: {}",
                now(),
                match hunt.is_hurried() {
                    false => "ending the hunt",
                    true => "ending it at once",
                }
            )),
            Event::Lost(_, why) => self.line(format_args!("{}: {why}", now())),
            Event::Unrecorded(why) => {
                self.error(format_args!("warning: {why}"));
            }
            event => self.aside_of_run(event),
        }
    }

    /// Keeps the gauges of the status.
    fn follow(&mut self, event: &Event, hunt: &Hunt) {
        let mut free_bytes = None;
        let was_asked_ago = self.room_asked.map(|asked| asked.elapsed());
        // While an attempt runs, nobody is about to destroy what is asked.
        if matches!(event, Event::Started(..))
            && was_asked_ago.is_none_or(|ago| ago >= ROOM_LASTS)
        {
            self.room_asked = Some(Instant::now());
            free_bytes = hunt
                .working
                .as_ref()
                .and_then(|working| room::free_bytes(&working.path).ok());
        }
        let mut gauges = self.console.gauges();
        gauges.apply(event, hunt);
        gauges.signatures = hunt.signatures();
        gauges.free_bytes = free_bytes.or(gauges.free_bytes);
    }

    /// Says, once, where what is kept is not found any more.
    fn tell_of_many(&mut self, config: &Config, hunt: &Hunt) {
        let working = hunt.working.as_ref();
        let are_many = working.is_some_and(|w| w.are_many(hunt.kept.len()));
        let stay_mounted = config.hooks.need_kept_mounted();
        if !are_many || stay_mounted || self.is_unmounted_said {
            return;
        }
        self.is_unmounted_said = true;
        self.line(format_args!(
            "{}: more than {KEPT_MOUNTED_MAX} are kept: the others are not \
             mounted, `gocrash shell` shows them",
            now()
        ));
    }

    /// Says that runs may not have had the same source.
    fn drifted(&mut self, drift: &Drift) {
        match drift {
            Drift::None => {}
            Drift::Changed(count, first) => {
                let paths = if *count == 1 { "path" } else { "paths" };
                self.error(format_args!(
                    "warning: the source changed while the hunt went on, and \
                     so did what runs saw: {count} {paths}, {first} among them"
                ));
            }
            Drift::Unknown(why) => self.error(format_args!(
                "warning: the source may have changed while the hunt went on: \
                 {why}"
            )),
        }
    }

    /// The last lines: each thread's result, and where things are.
    pub(crate) fn closing(&mut self, config: &Config, hunt: &Hunt) {
        self.console.be_patient();
        if !hunt.was_opened() {
            for left in &hunt.left {
                self.line(format_args!("left: {left}"));
            }
            return;
        }
        for (i, thread) in hunt.threads.iter().enumerate() {
            let tries = thread.tries;
            let result = result(thread.outcome.as_ref(), &config.suite);
            self.line(format_args!(
                "thread {i}: {tries} tries, result = {result}"
            ));
        }
        let before = hunt.kept_before();
        if before > 0 {
            let slates = hunt.slates(before);
            self.line(format_args!(
                "kept: {before} {slates} before it went on"
            ));
        }
        let (passing, failed): (Vec<_>, Vec<_>) =
            hunt.kept.iter().partition(|kept| kept.outcome.is_pass());
        for kept in failed {
            self.line(format_args!(
                "kept: {}: {} (see {})",
                kept.name,
                kept.outcome,
                kept.stdout_path.display()
            ));
        }
        if !passing.is_empty() {
            let count = passing.len();
            let slates = hunt.slates(count);
            self.line(format_args!(
                "kept: {count} {slates} of runs that passed"
            ));
        }
        if let (Some(working), 1..) = (&hunt.working, hunt.collected.files) {
            let Collection { runs, files } = hunt.collected;
            let place = working.path.join(collect::DIRECTORY);
            self.line(format_args!(
                "collected: {files} files of {runs} runs (see {})",
                place.display()
            ));
        }
        if hunt.keeps_record() && hunt.kept.is_empty() && hunt.left.is_empty() {
            let name = hunt.working.as_ref().map(|working| &working.name);
            if let Some(name) = name {
                self.line(format_args!("kept: {name}: the record"));
            }
        }
        for left in &hunt.left {
            self.line(format_args!("left: {left}"));
        }
        if let Some(working) = &hunt.working {
            self.line(format_args!(
                "to remove all of it: gocrash clean {}",
                working.session
            ));
        }
        for line in figures::closing(config, hunt) {
            self.line(format_args!("{line}"));
        }
        self.trouble(hunt);
        if hunt.has_failed() {
            self.error(format_args!("test failed"));
        }
    }

    /// Says why there is no verdict, and what would help.
    fn trouble(&mut self, hunt: &Hunt) {
        if let Some(trouble) = &hunt.trouble {
            self.error(format_args!("error: {trouble}"));
            if hunt.has_found_no_command() {
                self.help(format_args!("{NO_COMMAND}"));
            }
        } else if hunt.verdict() == Verdict::None {
            let why = match hunt.rate() {
                Some(_) => "too few runs were done to be sure",
                None => "no run gave a verdict",
            };
            self.error(format_args!("error: {why}"));
        }
    }

    /// Says what went wrong that changes no verdict.
    pub(super) fn warn(&mut self, what: &str) {
        self.error(format_args!("warning: {what}"));
    }

    /// Says why nothing was started, and what would help.
    pub(crate) fn refused(&mut self, refusal: &Refusal) {
        self.error(format_args!("error: {refusal}"));
        self.help(format_args!("{}", refusal.help()));
    }

    /// Says what went wrong before the hunt began.
    pub(crate) fn failed(&mut self, error: &anyhow::Error) {
        self.error(format_args!("error: {error:#}"));
    }

    fn header(&mut self, config: &Config, working: &Working) {
        let Config { origin, concurrency, person, suite, .. } = config;
        let Working { name, limits, .. } = working;
        let save = match config.keep {
            Keep::Everything => "for all runs",
            Keep::Failures => "for failed runs only",
        };
        let stop = figures::stop(config);
        let label = suite.label();
        let place = match suite.cwd.as_os_str().is_empty() {
            true => String::new(),
            false => format!(" in {}", suite.cwd.display()),
        };
        match origin {
            Origin::Zfs { snapshot, taken_of, .. } => {
                let snapshot = working.taken().unwrap_or(snapshot.as_str());
                let taken = match taken_of {
                    None => String::new(),
                    Some(dir) => {
                        format!(" (taken of {} just now)", dir.display())
                    }
                };
                self.line(format_args!("using snapshot:  {snapshot}{taken}"));
            }
            Origin::Overlay(_) => {
                self.line(format_args!("using snapshot:  none"));
            }
        }
        self.line(format_args!("working dataset: {name}"));
        self.line(format_args!("concurrency:     {concurrency}"));
        self.line(format_args!("save results:    {save}"));
        self.line(format_args!("stop:            {stop}"));
        for (title, text) in figures::verification(config) {
            self.line(format_args!("{title:16} {text}"));
        }
        if let Origin::Overlay(_) = origin {
            let origin = safe::line(&origin.to_string());
            self.line(format_args!("source:          overlay on {origin}"));
        }
        for (i, limit) in limits.iter().enumerate() {
            let title = if i == 0 { "limits:" } else { "" };
            self.line(format_args!("{title:16} {limit}"));
        }
        if let Some(prepare) = &config.prepare {
            self.line(format_args!("prepare:         {prepare:?}"));
        }
        self.line(format_args!("command:         {label}{place}"));
        self.line(format_args!("timeout:         {}", config.timeout));
        if let Some(pace) = config.pace {
            let pace = shown(pace);
            self.line(format_args!(
                "pace:            a clone every {pace} at most"
            ));
        }
        if !config.patterns.is_empty() {
            self.line(format_args!("output decides:  {}", config.patterns));
        }
        if let Some(at) = &config.at {
            self.line(format_args!("at:              {}", at.display()));
        }
        self.line(format_args!("run as:          {person}"));
        self.go_variables(suite);
        self.line(format_args!(""));
        self.line(format_args!("{}", working.created()));
    }

    /// What decides most about a Go suite, and what sudo likes to take away.
    fn go_variables(&mut self, suite: &Suite) {
        let mut any = false;
        let go = suite.env.iter().filter(|(name, _)| is_go(name));
        for (name, value) in go {
            if !any {
                self.line(format_args!(
                    "Environment variables starting with GO:"
                ));
            }
            any = true;
            self.line(format_args!(
                "    {:>20}={}",
                name.to_string_lossy(),
                value.to_string_lossy()
            ));
        }
        if !any {
            self.line(format_args!(
                "Environment variables starting with GO: none"
            ));
        }
    }

    /// A suite that builds in place needs to write there.
    fn doubt(&mut self, seen: &Seen, config: &Config) {
        let Seen { cwd_mode, cwd_uid, cwd_gid, .. } = *seen;
        let Config { suite, person, at, .. } = config;
        if suite.script.is_some()
            && !person.may_write(cwd_mode, cwd_uid, cwd_gid)
        {
            self.error(format_args!(
                "warning: `{}` does not look writable for {}",
                suite.cwd.display(),
                person.name()
            ));
        }
        let is_elsewhere = |baked: &&Baked| at.as_ref() != Some(&baked.tree);
        if let Some(baked) = seen.baked.as_ref().filter(is_elsewhere) {
            let Baked { file, names, tree } = baked;
            self.error(format_args!(
                "warning: `{}` was built at `{}`: runs may use the files there",
                file.display(),
                names.display(),
            ));
            self.help(format_args!("--at {}", tree.display()));
        }
    }

    fn at(&mut self, thread: u16, run: u64, what: fmt::Arguments<'_>) {
        let now = now();
        self.line(format_args!(
            "{now}: thread {thread}: attempt {run}: {what}"
        ));
    }

    // Whatever was typed, or found, is in these: none of it writes to the
    // terminal as it likes.

    fn line(&mut self, line: fmt::Arguments<'_>) {
        let line = safe::text(&line.to_string());
        match self.is_aside {
            false => self.console.out(format!("{line}\n")),
            true => self.console.err(format!("{line}\n")),
        }
    }

    /// The last words of the command that was to prepare.
    fn tail(&mut self, lines: &[String]) {
        for line in lines {
            self.error(format_args!("prepare: {line}"));
        }
    }

    fn help(&mut self, line: fmt::Arguments<'_>) {
        let line = safe::text(&line.to_string());
        self.console.err(format!("  help: {line}\n"));
    }

    fn error(&mut self, line: fmt::Arguments<'_>) {
        let line = safe::text(&line.to_string());
        self.console.err(format!("gocrash: {line}\n"));
    }
}

fn result(outcome: Option<&Outcome>, suite: &Suite) -> String {
    match outcome {
        None => "no run".to_owned(),
        Some(Outcome::Passed) => "ok".to_owned(),
        Some(outcome) if outcome.is_failure() => {
            format!("command failed: {}: {outcome}", suite.label())
        }
        Some(outcome) => outcome.to_string(),
    }
}

fn is_go(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b"GO")
}

fn now() -> impl fmt::Display {
    Timestamp::now().strftime("%Y-%m-%d %H:%M:%S%.9f UTC")
}
