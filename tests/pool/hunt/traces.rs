//! What a hunt does behind its output: the processes it starts, the names it
//! takes.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::ground::Ground;

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
