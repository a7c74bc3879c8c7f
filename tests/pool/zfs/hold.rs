//! Tags that keep a snapshot from being destroyed.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::slice::from_ref;
use std::time::{Duration, SystemTime};

use zfs::{Defer, ErrorKind, SnapshotName, Zfs};

use super::{error, kind, open};
use crate::pool::{Pool, exists, run, zfs as zfs_command};

fn tags(zfs: &Zfs, name: &SnapshotName) -> Vec<String> {
    let holds = zfs.holds(name).unwrap();
    holds.iter().map(|hold| hold.tag().to_owned()).collect()
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_held_snapshot_stays_until_it_is_released() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("a");
    let name = pool.make_snapshot("a@1");
    let all = [name.clone()];
    zfs.hold(&all, "keep").unwrap();
    assert!(zfs_command(&["holds", "-H", name.as_str()]).contains("keep"));
    assert_eq!(tags(&zfs, &name), ["keep"]);
    let age =
        SystemTime::now().duration_since(zfs.holds(&name).unwrap()[0].since());
    assert!(age.unwrap() < Duration::from_secs(3600));

    let refused = error(zfs.destroy(&name));
    assert_eq!(refused.kind(), ErrorKind::Busy);
    assert!(refused.to_string().contains("`keep`"), "{refused}");

    zfs.destroy_snapshots(&all, Defer::Yes).unwrap();
    assert!(exists(&name));
    zfs.release(&all, "keep").unwrap();
    assert!(!exists(&name));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_temporary_hold_goes_with_its_value() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("a");
    let name = pool.make_snapshot("a@1");
    let hold = zfs.hold_while_open(from_ref(&name), "while").unwrap();
    assert_eq!(tags(&zfs, &name), ["while"]);
    assert_eq!(kind(zfs.destroy(&name)), ErrorKind::Busy);
    drop(hold);
    assert!(tags(&zfs, &name).is_empty());
    zfs.destroy(&name).unwrap();
}

/// Set in the process that holds the snapshot of that name.
const SNAPSHOT: &str = "GOCRASH_TEST_SNAPSHOT_TO_HOLD";

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_temporary_hold_goes_with_its_process_whatever_that_started() {
    if let Ok(name) = env::var(SNAPSHOT) {
        let name: SnapshotName = name.parse().unwrap();
        let _hold = open().hold_while_open(from_ref(&name), "died").unwrap();
        // What it says, it says after `exec` closed what it inherited.
        let mut survivor = Command::new("sh")
            .args(["-c", "echo survivor $$; exec sleep 1000"])
            .spawn()
            .unwrap();
        // This process is killed meanwhile.
        survivor.wait().unwrap();
        return;
    }
    let pool = Pool::new();
    let zfs = open();
    pool.make("a");
    let name = pool.make_snapshot("a@1");
    let test = "a_temporary_hold_goes_with_its_process_whatever_that_started";
    let mut holder = Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("zfs::hold::{test}")])
        .args(["--include-ignored", "--nocapture"])
        .env(SNAPSHOT, name.as_str())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let survivor = lines
        .find_map(|line| {
            let line = line.unwrap();
            let (_, pid) = line.split_once("survivor ")?;
            Some(pid.to_owned())
        })
        .unwrap();
    assert_eq!(tags(&zfs, &name), ["died"]);
    holder.kill().unwrap();
    holder.wait().unwrap();
    let left = tags(&zfs, &name);
    run(Command::new("kill").arg(survivor));
    assert!(left.is_empty(), "{left:?}");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn hold_says_why_it_failed() {
    let pool = Pool::new();
    let other = Pool::with_bytes(64 << 20);
    let zfs = open();
    pool.make("a");
    other.make("a");
    let (one, two) = (pool.make_snapshot("a@1"), pool.make_snapshot("a@2"));
    zfs.hold(from_ref(&one), "tag").unwrap();

    let both = [two.clone(), one.clone()];
    let failed = error(zfs.hold(&both, "tag"));
    assert_eq!(failed.kind(), ErrorKind::AlreadyExists);
    assert_eq!(failed.dataset(), Some(one.as_str()));
    assert!(tags(&zfs, &two).is_empty());

    let missing = pool.snapshot("a@missing");
    let failed = error(zfs.hold(&[two.clone(), missing.clone()], "tag"));
    assert_eq!(failed.kind(), ErrorKind::NotFound);
    assert_eq!(failed.dataset(), Some(missing.as_str()));
    assert_eq!(tags(&zfs, &two), ["tag"]);
    let failed = zfs.hold_while_open(from_ref(&two), "tag");
    assert_eq!(kind(failed), ErrorKind::AlreadyExists);
    assert_eq!(tags(&zfs, &two), ["tag"], "a tag of others is left alone");
    let failed = zfs.hold_while_open(&[two.clone(), missing.clone()], "t");
    assert_eq!(kind(failed), ErrorKind::NotFound);
    assert_eq!(tags(&zfs, &two), ["tag"], "nothing is held after an error");

    let long = "t".repeat(1000);
    let failed = kind(zfs.hold(from_ref(&two), &long));
    assert_eq!(failed, ErrorKind::InvalidArgument);
    let across = [two.clone(), other.make_snapshot("a@1")];
    assert_eq!(kind(zfs.hold(&across, "x")), ErrorKind::DifferentPool);
    assert_eq!(kind(zfs.holds(&missing)), ErrorKind::NotFound);
    zfs.release(&[one, two], "tag").unwrap();
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn release_says_why_it_failed() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("a");
    let (one, two) = (pool.make_snapshot("a@1"), pool.make_snapshot("a@2"));
    zfs.hold(from_ref(&one), "tag").unwrap();

    let failed = error(zfs.release(&[two.clone(), one.clone()], "tag"));
    assert_eq!(failed.kind(), ErrorKind::NotFound);
    assert!(tags(&zfs, &one).is_empty(), "the others are released even so");
    let missing = pool.snapshot("a@missing");
    let failed = kind(zfs.release(&[missing], "tag"));
    assert_eq!(failed, ErrorKind::NotFound);
}
