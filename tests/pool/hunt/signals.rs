//! Signals end a hunt and leave nothing unnamed.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::ground::{Ground, lines};
use crate::pool::zfs;

fn send(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id()).unwrap();
    kill(Pid::from_raw(pid), signal).unwrap();
}

/// Waits for a file that has something in it, and reads it.
fn word(path: &Path) -> String {
    loop {
        match fs::read_to_string(path) {
            Ok(word) if word.ends_with('\n') => return word,
            _ => thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn is_alive(pid: &str) -> bool {
    PathBuf::from(format!("/proc/{}", pid.trim())).exists()
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn ctrl_c_kills_the_suites_and_destroys_their_clones() {
    let ground = Ground::new("echo $$ >$DESK/$GOCRASH_SLOT; sleep 10000");
    let before = ground.datasets();
    let args = [ground.snapshot.as_str()];
    let child = ground.gocrash(&args).spawn().unwrap();
    let pids = ["0", "1"].map(|slot| word(&ground.desk().join(slot)));
    send(&child, Signal::SIGINT);
    let hunted = ground.end(child.wait_with_output().unwrap());
    assert_eq!(hunted.output.status.signal(), Some(2), "{}", hunted.stderr);
    assert_eq!(ground.datasets(), before);
    assert!(!pids.iter().any(|pid| is_alive(pid)));
    let line = "thread 1: 1 tries, result = interrupted\n";
    assert!(hunted.stdout.contains(line), "{}", hunted.stdout);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn what_failed_before_ctrl_c_is_kept() {
    // A failure keeps others from starting: it waits until the other has.
    let ground = Ground::new(
        "if [ $GOCRASH_SLOT = 1 ]; then >$DESK/one; exec sleep 10000; fi
        until [ -e $DESK/one ]; do sleep 0.1; done; exit 3",
    );
    let args = [ground.snapshot.as_str()];
    let mut child = ground.gocrash(&args).spawn().unwrap();
    let mut lines = lines(&mut child);
    // Both lines come, in whichever order.
    let mut seen = lines.until("attempt 0: start");
    seen += &lines.until("attempt 0: start");
    if !seen.contains("exited with code 3") {
        seen += &lines.until("exited with code 3");
    }
    send(&child, Signal::SIGTERM);
    let stdout = seen + &lines.rest();
    assert_eq!(child.wait().unwrap().signal(), Some(15), "{stdout}");
    let left = ground.left();
    let [working, slate] = &left[..] else { panic!("{left:?}: {stdout}") };
    assert_eq!(*slate, format!("{working}/thread-0-run-0"));
    let line = format!("kept: {}: exited with code 3", ground.dataset(slate));
    assert!(stdout.contains(&line), "{stdout}");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_second_ctrl_c_waits_for_nothing_and_names_what_is_left() {
    let script = "trap '' TERM; echo $$ >$DESK/pid; sleep 10000 & wait; wait";
    let ground = Ground::new(script);
    let args = [ground.snapshot.as_str(), "-p1"];
    let mut child = ground.gocrash(&args).spawn().unwrap();
    let mut lines = lines(&mut child);
    let pid = word(&ground.desk().join("pid"));
    send(&child, Signal::SIGINT);
    let seen = lines.until("signal 2: ending the hunt");
    send(&child, Signal::SIGINT);
    let stdout = seen + &lines.rest();
    assert_eq!(child.wait().unwrap().signal(), Some(2), "{stdout}");
    for name in ground.left() {
        let line = format!("left: {}: ", ground.dataset(&name));
        assert!(stdout.contains(&line), "{stdout}");
    }
    while is_alive(&pid) {
        thread::sleep(Duration::from_millis(20));
    }
    // The keeper ends last, and lets go of the snapshot.
    while !zfs(&["holds", "-H", ground.snapshot.as_str()]).is_empty() {
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_signal_at_any_moment_leaves_nothing() {
    const MOMENTS: u64 = 16;
    const APART_MS: u64 = 70;
    let ground = Ground::new("sleep 0.2");
    let before = ground.datasets();
    let mut interrupted = 0;
    for moment in 0..MOMENTS {
        let args = [ground.snapshot.as_str(), "--stop-after", "1"];
        let child = ground.gocrash(&args).spawn().unwrap();
        let look = format!("gocrash-look-{}-0", child.id());
        thread::sleep(Duration::from_millis(moment * APART_MS));
        send(&child, Signal::SIGTERM);
        let hunted = ground.end(child.wait_with_output().unwrap());
        let status = hunted.output.status;
        let passed = status.code() == Some(0);
        assert!(passed || status.signal() == Some(15), "{}", hunted.stderr);
        interrupted += u64::from(!passed);
        assert_eq!(ground.datasets(), before, "{moment}: {}", hunted.stdout);
        assert!(!Path::new("/tmp").join(look).exists());
    }
    assert!(interrupted > 0);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_signal_that_was_ignored_stays_so() {
    let script = "echo >$DESK/up; until [ -e $DESK/go-on ]; do sleep 0.1; done";
    let ground = Ground::new(script);
    let gocrash = ground.gocrash(&[]);
    let mut nohup = Command::new("nohup");
    nohup
        .arg(gocrash.get_program())
        .args([ground.snapshot.as_str(), "-p1", "--stop-after=1"])
        .args(["--user", super::ground::PERSON])
        .env("DESK", ground.desk())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let child = nohup.spawn().unwrap();
    word(&ground.desk().join("up"));
    send(&child, Signal::SIGHUP);
    fs::write(ground.desk().join("go-on"), "").unwrap();
    let hunted = ground.end(child.wait_with_output().unwrap());
    assert_eq!(hunted.code(), Some(0), "{}", hunted.stdout);
    assert!(!hunted.stdout.contains("signal"), "{}", hunted.stdout);
}
