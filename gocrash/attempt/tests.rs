//! Tests: one command under supervision, in a plain directory.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::thread;

use crossbeam::channel::bounded;
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::sys::stat::Mode;
use nix::unistd::{Uid, mkfifo};
use tempfile::TempDir;

use super::*;
use crate::attempt::clock::Clock;
use crate::attempt::launch::Launched;
use crate::attempt::output::Output;
use crate::attempt::sys::Supervisor;
use crate::attempt::timer::{Pace, Timeout};

/// A directory with a fifo `news` in it.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        mkfifo(&place.news(), Mode::S_IRWXU).unwrap();
        place
    }

    fn news(&self) -> PathBuf {
        self.0.path().join("news")
    }

    /// What was written to the fifo, once nobody has it open any more.
    fn read_news(&self) -> String {
        fs::read_to_string(self.news()).unwrap()
    }

    /// Commands are looked for here too.
    fn path(&self) -> (OsString, OsString) {
        let others = std::env::var_os("PATH").unwrap_or_default();
        let all = std::env::split_paths(&others);
        let all = all.chain([self.0.path().to_owned()]);
        ("PATH".into(), std::env::join_paths(all).unwrap())
    }

    fn start(&self, script: &str) -> (Attempt, Supervisor) {
        let (ready, supervisor) = self.ready("sh", script);
        (ready.go().started().unwrap(), supervisor)
    }

    /// What became of the script, run to its end.
    fn run(&self, script: &str) -> End {
        let (attempt, supervisor) = self.start(script);
        let end = finish(attempt, &never());
        supervisor.end();
        end
    }

    fn ready(&self, program: &str, script: &str) -> (Ready, Supervisor) {
        let suite = Suite {
            program: program.into(),
            args: vec!["-c".into(), script.into()],
            cwd: PathBuf::new(),
            script: None,
            cores: false,
            env: std::env::vars_os().chain([self.path()]).collect(),
        };
        let myself = Uid::current().to_string();
        let person = Person::find(Some(&myself)).unwrap();
        let output = Output::create(self.0.path(), None).unwrap();
        let name = Some(AttemptName { thread: 3, run: 7 });
        let cwd = launch::cwd(self.0.path(), &suite);
        let env = launch::environment(name, &suite, "gocrash-1", &cwd);
        let Launched { supervisor, control } =
            launch::launch(&suite, &person, &env, self.0.path(), None, output)
                .unwrap();
        let control = Control::of(control);
        let steps = Vec::new();
        let ready =
            Ready::new(name, &suite, &person, &cwd, control, steps, None);
        (ready.unwrap(), supervisor)
    }
}

/// With no limit to its time.
fn finish(attempt: Attempt, kills: &Receiver<Kill>) -> End {
    let (pace, clock, wakes) = (Pace::default(), Clock::default(), never());
    let now = Instant::now();
    let timer = Timer::new(Timeout::None, &pace, &clock, &wakes, now);
    match attempt.watch(kills, &timer) {
        Watched::Ended(end) => end,
        Watched::Late(_) => panic!("it has all the time there is"),
    }
}

#[test]
fn a_suite_that_waits_does_nothing_and_is_gone_when_it_is_not_needed() {
    let place = Place::new();
    let (ready, supervisor) = place.ready("sh", "echo ran >ran");
    let pid = supervisor.pid();
    drop(ready);
    supervisor.end();
    assert!(!place.0.path().join("ran").exists());
    assert_eq!(kill(pid, None), Err(Errno::ESRCH));
}

#[test]
fn a_suite_that_is_not_there_says_so_when_it_is_to_run() {
    let place = Place::new();
    let answer = |program| {
        let (ready, _supervisor) = place.ready(program, "");
        ready.go().started().unwrap_err().to_string()
    };
    let missing = answer("no-such-program");
    assert!(missing.contains("No such file or directory"), "{missing}");
    let not_a_program = answer("/etc/passwd");
    assert!(not_a_program.contains("Permission denied"), "{not_a_program}");
    let maybe = "or there is no such command and a directory of PATH can't be \
                 entered";
    assert!(!not_a_program.contains(maybe), "{not_a_program}");
    // As if it were behind a directory that can't be entered.
    fs::write(place.0.path().join("no-program"), "").unwrap();
    let sought = answer("no-program");
    assert!(sought.contains("Permission denied"), "{sought}");
    assert!(sought.ends_with(maybe), "{sought}");
}

#[test]
fn waiting_suites_do_not_keep_each_other_alive() {
    let place = Place::new();
    let (first, supervisor) = place.ready("sh", "true");
    let _second = place.ready("sh", "true");
    // The second one holds no copy of its end, or the first waits for ever.
    drop(first);
    supervisor.end();
}

#[test]
fn an_attempt_knows_its_name_and_its_output_is_in_the_slate() {
    let place = Place::new();
    let script = "echo $GOCRASH_SESSION $GOCRASH_SLOT $GOCRASH_ATTEMPT; \
                  pwd -P >&2; exit 3";
    assert_eq!(place.run(script).outcome, Outcome::Failed(3));
    let read = |name| fs::read_to_string(place.0.path().join(name)).unwrap();
    assert_eq!(read("test_run_stdout"), "gocrash-1 3 7\n");
    let cwd = place.0.path().canonicalize().unwrap();
    assert_eq!(read("test_run_stderr"), format!("{}\n", cwd.display()));
}

#[test]
fn what_remains_of_the_group_dies_with_its_leader() {
    let place = Place::new();
    let (attempt, _supervisor) =
        place.start("exec 9>news; sleep 10000 & kill -STOP $!");
    let reader = thread::spawn(move || place.read_news());
    let end = finish(attempt, &never());
    assert_eq!(end.outcome, Outcome::Passed);
    assert_eq!(end.leaks.to_string(), ", 1 process leaked");
    let held = PathBuf::from("news");
    assert!(end.leaks.first[0].files.contains(&held), "{end:?}");
    // Hangs here if the sleeper lives on.
    assert_eq!(reader.join().unwrap(), "");
}

#[test]
fn a_suite_that_ignores_sigterm_is_killed_after_a_grace() {
    let place = Place::new();
    let (attempt, _supervisor) =
        place.start("trap '' TERM; echo ready >news; sleep 10000");
    assert_eq!(place.read_news(), "ready\n");
    let (kill, kills) = bounded(1);
    kill.send(Kill::Gently).unwrap();
    assert_eq!(finish(attempt, &kills).outcome, Outcome::Interrupted);
}

#[test]
fn a_suite_may_tidy_up_when_it_is_killed_gently() {
    let place = Place::new();
    let (attempt, _supervisor) = place.start(
        "trap 'echo tidied >tidied; exit' TERM; echo ready >news; \
         sleep 10000 & wait",
    );
    place.read_news();
    let (kill, kills) = bounded(1);
    kill.send(Kill::Gently).unwrap();
    assert_eq!(finish(attempt, &kills).outcome, Outcome::Interrupted);
    assert!(place.0.path().join("tidied").exists());
}

#[test]
fn an_attempt_that_is_dropped_does_not_run_on() {
    let place = Place::new();
    let (attempt, _supervisor) =
        place.start("exec 9>news; echo ready >&9; sleep 10000");
    let mut news = BufReader::new(File::open(place.news()).unwrap());
    let mut line = String::new();
    news.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    drop(attempt);
    // Hangs here if the sleeper lives on.
    assert_eq!(news.read_line(&mut line).unwrap(), 0);
}
