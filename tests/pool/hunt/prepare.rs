//! What is done once, before the first attempt.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::ground::{Ground, PERSON};
use crate::pool::get;

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn every_attempt_starts_from_what_was_prepared() {
    let ground = Ground::new(
        "[ \"$(cat made)\" = \"by $LOGNAME\" ] || exit 1; echo more >>made
         [ $GOCRASH_ATTEMPT = 0 ] || exit ${ENDS:-0}",
    );
    let before = ground.datasets();
    let prepare = "--prepare=echo by $(id -un) >>made; echo said";
    let passed = ground.hunt(&[prepare, "--stop-after=2"]);
    assert_eq!(passed.code(), Some(0), "{}{}", passed.stdout, passed.stderr);
    assert!(passed.stdout.contains(" UTC: prepared after "));
    assert_eq!(ground.datasets(), before);

    let failed = ground.hunt(&[prepare, "-p1", "--env=ENDS=7"]);
    assert_eq!(failed.code(), Some(1), "{}", failed.stderr);
    let left = ground.left();
    let [working, golden, slate] = &left[..] else { panic!("{left:?}") };
    let origin = get(&ground.dataset(slate), "origin");
    assert_eq!(origin, format!("{}@prepared", ground.dataset(golden)));
    let log = ground.path(working).join("prepare.log");
    assert_eq!(fs::read_to_string(log).unwrap(), "said\n");
    let made = fs::read_to_string(ground.path(slate).join("goroot/src/made"));
    assert_eq!(made.unwrap(), format!("by {PERSON}\nmore\n"));
    // Nobody can reach into what later attempts start from.
    assert_eq!(get(&ground.dataset(golden), "mounted"), "no");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_command_that_fails_is_no_failure_of_the_suite() {
    let ground = Ground::new(">$DESK/ran");
    let hunted =
        ground.hunt(&["--prepare", "touch made; echo why >&2; exit 3"]);
    assert_eq!(hunted.code(), Some(125), "{}", hunted.stdout);
    let left = ground.left();
    let [working, golden] = &left[..] else { panic!("{left:?}") };
    let log = ground.path(working).join("prepare.log");
    let expected = format!(
        "gocrash: prepare: why\n\
         gocrash: error: `--prepare`: exited with code 3 (see {})\n",
        log.display()
    );
    assert_eq!(hunted.stderr, expected);
    let line = format!("left: {}: as the command", ground.dataset(golden));
    assert!(hunted.stdout.contains(&line), "{}", hunted.stdout);
    assert!(ground.path(golden).join("goroot/src/made").exists());
    assert!(!ground.desk().join("ran").exists());
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_signal_ends_the_command_and_leaves_nothing() {
    let ground = Ground::new("true");
    let before = ground.datasets();
    let prepare = "--prepare=>$DESK/up; sleep 10000";
    let args = [ground.snapshot.as_str(), prepare];
    let child = ground.gocrash(&args).spawn().unwrap();
    while !ground.desk().join("up").exists() {
        thread::sleep(Duration::from_millis(20));
    }
    let pid = i32::try_from(child.id()).unwrap();
    kill(Pid::from_raw(pid), Signal::SIGINT).unwrap();
    let hunted = ground.end(child.wait_with_output().unwrap());
    assert_eq!(hunted.output.status.signal(), Some(2), "{}", hunted.stderr);
    assert_eq!(ground.datasets(), before);
}
