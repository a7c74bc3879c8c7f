//! What a hunt does behind its output: the processes it starts, the names it
//! takes.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::ground::Ground;
use crate::pool::run;

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn no_command_does_the_work() {
    let ground = Ground::new("exec true");
    let trace = ground.pool.folder().join("trace");
    let gocrash = ground.gocrash(&[]);
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-e", "trace=execve,execveat", "-o"])
        .arg(&trace)
        .arg(gocrash.get_program())
        .args([ground.snapshot.as_str(), "--stop-after", "2"])
        .args(["--user", super::ground::PERSON])
        .env("DESK", ground.desk());
    let hunted = ground.end(strace.output().unwrap());
    assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);

    let trace = fs::read_to_string(trace).unwrap();
    // Programs tried, found or not, by their last part; and gocrash itself.
    let tried: BTreeSet<&str> = trace
        .lines()
        .filter(|line| line.contains(" exec"))
        .filter_map(|line| line.split('"').nth(1)?.rsplit('/').next())
        .collect();
    assert_eq!(tried, BTreeSet::from(["bash", "gocrash", "true"]));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn hunts_of_the_same_millisecond_take_different_names() {
    let ground = Ground::new("true");
    // A clock that stands still, for the name of the hunt.
    let source = ground.pool.folder().join("clock.c");
    let clock = ground.pool.folder().join("clock.so");
    fs::write(
        &source,
        "#include <time.h>
         #include <sys/syscall.h>
         long syscall(long number, ...);
         int clock_gettime(clockid_t id, struct timespec *now) {
             if (id != CLOCK_REALTIME)
                 return syscall(SYS_clock_gettime, id, now);
             now->tv_sec = 1700000000; now->tv_nsec = 0; return 0;
         }",
    )
    .unwrap();
    run(Command::new("cc")
        .args(["-shared", "-fPIC", "-w", "-o"])
        .args([&clock, &source]));

    let hunt = || {
        let options = ["-p1", "--stop-after=1", "--keep-success"];
        let args = [&[ground.snapshot.as_str()], &options[..]].concat();
        ground.gocrash(&args).env("LD_PRELOAD", &clock).spawn().unwrap()
    };
    let children = [hunt(), hunt(), hunt()];
    for child in children {
        let hunted = ground.end(child.wait_with_output().unwrap());
        assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
    }
    let mut left = ground.left();
    left.retain(|name| !name.contains('/'));
    let expected =
        ["000", "001", "002"].map(|ms| format!("gocrash-1700000000{ms}"));
    assert_eq!(left, expected);
}
