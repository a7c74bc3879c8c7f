//! What a person at a terminal sees of a hunt, and a program at a pipe.

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use vt100::Parser;

use crate::ground::{Caller, Ground, Hunted, wait_for};

/// What a test waits for has come by then, or does not come.
const PATIENCE: Duration = Duration::from_secs(60);
const ROWS: u16 = 24;

/// A terminal with a program on it.
struct Screen {
    child: Child,
    parser: Parser,
    all: Vec<u8>,
    heard: Receiver<Vec<u8>>,
}

impl Screen {
    /// The program writes to it as to a terminal of its own.
    fn start(mut command: Command, columns: u16) -> Screen {
        let (child, master) = start(&mut command, columns);
        let (say, heard) = channel();
        thread::spawn(move || {
            let mut master = File::from(master);
            let mut bytes = [0; 4096];
            // Ends with EIO when nobody has the other side open any more.
            while let Ok(read) = master.read(&mut bytes) {
                if read == 0 || say.send(bytes[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        let (rows, columns) = (ROWS.try_into(), columns.try_into());
        let parser = Parser::new(rows.unwrap(), columns.unwrap(), 1000);
        Screen { child, parser, all: Vec::new(), heard }
    }

    fn contents(&self) -> String {
        self.parser.screen().contents()
    }

    /// Reads on until the screen shows this.
    fn until(&mut self, shows: impl Fn(&str) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !shows(&self.contents()) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.heard.recv_timeout(left) else {
                panic!("{}", self.contents());
            };
            self.parser.process(&bytes);
            self.all.extend(bytes);
        }
    }

    fn send(&self, signal: Signal) {
        let id = Pid::from_raw(self.child.id().try_into().unwrap());
        kill(id, signal).unwrap();
    }

    /// Reads on to the end, and gives the exit status or signal, and all that
    /// is on the screen or went above it.
    fn end(mut self) -> (Option<i32>, Option<i32>, String) {
        while let Ok(bytes) = self.heard.recv_timeout(PATIENCE) {
            self.parser.process(&bytes);
            self.all.extend(bytes);
        }
        let status = self.child.wait().unwrap();
        // Once more on a screen on which nothing scrolls away.
        let (rows, columns) = (999.try_into(), 200.try_into());
        let mut parser = Parser::new(rows.unwrap(), columns.unwrap(), 0);
        parser.process(&self.all);
        (status.code(), status.signal(), parser.screen().contents())
    }
}

/// Starts it on a new terminal.
fn start(command: &mut Command, columns: u16) -> (Child, OwnedFd) {
    let size =
        Winsize { ws_row: ROWS, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let pty = openpty(&size, None).unwrap();
    let err = Stdio::from(pty.slave.as_fd().try_clone_to_owned().unwrap());
    command.env("TERM", "xterm").env_remove("NO_COLOR");
    command.env("CLICOLOR_FORCE", "1");
    command.stdout(Stdio::from(pty.slave)).stderr(err);
    let child = command.spawn().unwrap();
    // Until it ends, the terminal is open in here: then only its reader is.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    (child, pty.master)
}

fn ground(source: &str) -> Ground {
    Ground::new(Caller::all()[0], source)
}

/// A suite that runs until the file `name` is on the desk.
fn until(name: &str) -> String {
    format!(r#"until [ -e "$DESK/{name}" ]; do sleep 0.05; done"#)
}

#[test]
fn a_terminal_shows_the_status_below_the_lines_and_nothing_in_the_end() {
    let ground = ground("echo a >file");
    let script = format!(
        r#"printf 'one\ntwo\033[31m\tx\n'
        [ "$GOCRASH_SLOT-$GOCRASH_ATTEMPT" != 0-3 ] || {{ {}; exit 3; }}
        [ "$GOCRASH_SLOT" = 0 ] || {}"#,
        until("fail"),
        until("end")
    );
    let suite = ["--progress=auto", "--", "sh", "-c", &script];
    let mut screen = Screen::start(ground.gocrash(&suite), 100);
    screen.until(|shown| {
        shown.contains("thread 0: attempt 3")
            && shown.contains(": 3 runs so far, 0 failures, 2 active, avg ")
            && shown.contains("attempt 2: passed after")
    });
    let shown = screen.contents();
    let last: Vec<&str> = shown.lines().rev().take(3).collect();
    assert!(last[2].starts_with("thread 0: attempt 3  "), "{shown}");
    assert!(last[1].starts_with("thread 1: attempt 0  "), "{shown}");
    assert!(last[0].contains(" free"), "{shown}");
    fs::write(ground.path("desk/fail"), "").unwrap();
    screen.until(|shown| {
        shown.contains(" 4 runs so far, 1 failure (25%, 95% CI 0.6–81%)")
            && shown.contains(") [1 sig], 1 active,")
            && shown.contains(" [1 sig], 1 active,")
    });
    screen.until(|shown| shown.contains("\n    see /"));
    // Standard output and standard error, in the order in which it was said.
    let shown = screen.contents();
    let (_, said) = shown.split_once("exited with code 3 after ").unwrap();
    let said: Vec<&str> = said.lines().skip(1).take(3).collect();
    assert!(said[0].starts_with("    assert "), "{shown}");
    assert!(said[0].ends_with(": two x"), "{shown}");
    assert_eq!(said[1..], ["    | one", "    | two    x"], "{shown}");
    fs::write(ground.path("desk/end"), "").unwrap();
    let (code, _, all) = screen.end();
    assert_eq!(code, Some(1), "{all}");
    assert!(!all.contains("runs so far"), "{all}");
    assert!(all.ends_with("\ngocrash: test failed"), "{all}");
    assert_eq!(all.matches("using snapshot:").count(), 1, "{all}");
    assert_eq!(all.matches(": start (see ").count(), 5, "{all}");
}

#[test]
fn nothing_of_the_status_is_left_after_a_signal() {
    let ground = ground("echo a >file");
    let suite = ["-p3", "--progress=bar", "--", "sleep", "10000"];
    let mut screen = Screen::start(ground.gocrash(&suite), 40);
    screen.until(|shown| {
        shown.matches(": attempt 0  ").count() == 3
            && shown.contains("0 runs so far, 0 failures,\n  3 active, oldest")
    });
    screen.send(Signal::SIGTERM);
    let (_, signal, all) = screen.end();
    assert_eq!(signal, Some(Signal::SIGTERM as i32), "{all}");
    assert!(!all.contains("runs so far"), "{all}");
    let last = all.lines().last().unwrap();
    assert!(last.contains("thread 2: 1 tries, result = interrupted"), "{all}");
}

#[test]
fn a_terminal_that_nobody_reads_delays_no_attempt() {
    const RUNS: usize = 100;
    let ground = ground("echo a >file");
    let options = ["--progress=bar", "-p1", "--stop-after=100"];
    let script = r#"echo >"$DESK/$GOCRASH_ATTEMPT""#;
    let suite = ["--", "sh", "-c", script];
    let mut gocrash = ground.gocrash(&[&options[..], &suite].concat());
    let (mut child, master) = start(&mut gocrash, 100);
    let end = Instant::now() + PATIENCE;
    let done = || fs::read_dir(ground.path("desk")).unwrap().count();
    while done() < RUNS {
        assert!(Instant::now() < end, "{} runs of {RUNS}", done());
        thread::sleep(Duration::from_millis(20));
    }
    let mut all = Vec::new();
    // Ends with EIO when the program does.
    let _ = File::from(master).read_to_end(&mut all);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let all = String::from_utf8(all).unwrap();
    assert_eq!(all.matches(": passed after ").count(), RUNS);
}

#[test]
fn a_pipe_gets_lines_and_sigusr1_asks_for_one() {
    let ground = ground("echo a >file");
    for progress in ["plain", "none"] {
        let progress = format!("--progress={progress}");
        let script = until("end");
        let suite = [&progress, "--stop-after=1", "--", "sh", "-c", &script];
        let mut child = ground.gocrash(&suite).spawn().unwrap();
        wait_for(&mut child, "thread 1: attempt 0: start");
        ask_for_status(&mut child);
        fs::write(ground.path("desk/end"), "").unwrap();
        let hunted = Hunted::new(child.wait_with_output().unwrap()).expect(0);
        assert!(!hunted.output.stdout.contains(&0x1b), "{hunted:#?}");
        assert!(!hunted.output.stderr.contains(&0x1b), "{hunted:#?}");
        fs::remove_file(ground.path("desk/end")).unwrap();
    }
}

/// Sends SIGUSR1, until the answer on the child's standard error is of both
/// threads: they begin one after the other.
fn ask_for_status(child: &mut Child) {
    let id = Pid::from_raw(child.id().try_into().unwrap());
    let mut seen = String::new();
    let err = child.stderr.as_mut().unwrap();
    while !seen.contains("thread 1: attempt 0  ")
        || !seen.contains("0 runs so far, 0 failures, 2 active, oldest ")
    {
        kill(id, Signal::SIGUSR1).unwrap();
        let mut bytes = [0; 4096];
        let read = err.read(&mut bytes).unwrap();
        assert!(read > 0, "{seen}");
        seen += std::str::from_utf8(&bytes[..read]).unwrap();
    }
}

#[test]
fn a_failure_shows_the_last_ten_lines_of_each_log_and_where_it_is() {
    let ground = ground("echo a >file");
    // The file's name is the suite's to change: what it printed is not there.
    let script = "seq 1 30; echo oops >&2; echo fake >fake; \
                  mv fake test_run_stdout; exit 1";
    let hunted = ground.hunt(&["-p1"], script).expect(1);
    let upper = hunted.upper("attempt 0: start");
    let mut expected = "    assert c07b7828: oops\n".to_owned();
    expected.extend((21..=30).map(|n| format!("    | {n}\n")));
    expected += &format!("    see {}/test_run_stdout\n", upper.display());
    expected += "    | oops\n";
    expected += &format!("    see {}/test_run_stderr\n", upper.display());
    expected += "gocrash: test failed\n";
    assert_eq!(hunted.stderr, expected);
}

#[test]
fn an_area_where_there_is_no_terminal_is_refused() {
    let ground = ground("echo a >file");
    let hunted = ground.hunt(&["--progress=bar"], "true").expect(129);
    assert_eq!(
        hunted.stderr,
        "gocrash: error: `--progress bar` needs a terminal on standard error\n\
         \x20 help: leave it out, or choose `--progress plain`\n"
    );
    assert_eq!(ground.left(), [""; 0]);
}
