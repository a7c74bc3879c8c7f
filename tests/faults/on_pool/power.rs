//! The machine goes while a hunt is on. tests/faults/power runs the first of
//! these in a VM that it then kills, and the second in the next one, which has
//! the same disk.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::ground::{Ground, PERSON};
use super::remains::{check_bystanders, remains_of};
use super::with_bystanders;
use crate::log;
use crate::pool::{Pool, run, zfs, zpool};

/// What outlives the machine.
const DISK: &str = "/dev/vda";

#[test]
#[ignore = "needs a machine that is about to be killed"]
fn cut_off() {
    let pool = Pool::on(0, |_| DISK.into());
    let script = "head -c 100k /dev/urandom >file";
    let ground = with_bystanders(Ground::on(pool, script, |_| ()));
    zpool(&["sync", ground.pool.root().as_str()]);
    let source = ground.snapshot.as_str();
    let mut gocrash = ground.gocrash(&[source, "--events=-"]);
    gocrash.stdout(Stdio::inherit()).stderr(Stdio::inherit());
    let status = gocrash.status().unwrap();
    panic!("the machine is still there: {status}");
}

#[test]
#[ignore = "needs the disk of a machine that was killed"]
fn after_it() {
    let told = std::env::var("GOCRASH_TOLD").unwrap();
    let told = fs::read_to_string(told).unwrap();
    let whole = told
        .lines()
        .filter(|line| line.starts_with('{') && line.ends_with('}'));
    let told = log::lines(&whole.collect::<Vec<_>>().join("\n"));

    run(Command::new("zpool").args(["import", "-f", "-a", "-d", "/dev"]));
    let pool = zpool(&["list", "-Ho", "name"]);
    let root = zfs(&["get", "-Ho", "value", "mountpoint", &pool]);
    let remains = remains_of(&pool, Path::new(&root));
    let known = log::verdicts(&remains.lines);
    remains.check(&log::verdicts(&told));
    check_bystanders(Path::new(&root));
    // What was told to be gone is gone, and has its verdict.
    let mut gone = 0;
    for line in told.iter().filter(|line| line["event"] == "retired") {
        let attempt = (
            line["thread"].as_u64().unwrap(),
            line["attempt"].as_u64().unwrap(),
        );
        assert!(!remains.slates.contains(&attempt), "{attempt:?}");
        assert!(known.contains_key(&attempt), "{attempt:?}: {remains:#?}");
        gone += 1;
    }
    assert!(gone > 0, "{told:#?}");

    // gocrash itself sees what happened, and cleans up after it.
    let uid = run(Command::new("id").args(["-u", PERSON]));
    let gocrash = |args: &[&str]| {
        let mut gocrash = Command::new(env!("CARGO_BIN_EXE_gocrash"));
        gocrash.args(args).env("SUDO_USER", PERSON).env("SUDO_UID", &uid);
        run(&mut gocrash)
    };
    let listed: Value =
        serde_json::from_str(&gocrash(&["list", "--json"])).unwrap();
    let hunt = &listed["sessions"][0];
    assert_eq!(hunt["state"], "broken_off", "{listed:#}");
    assert_eq!(hunt["host_went_down"], true, "{listed:#}");
    let name = hunt["name"].as_str().unwrap();
    gocrash(&["clean", "-y", "--stale", name]);
    gocrash(&["clean", "-y", name]);
    assert!(!zfs(&["list", "-Hro", "name", &pool]).contains("/gocrash-"));
    check_bystanders(Path::new(&root));
    zpool(&["destroy", "-f", &pool]);
}
