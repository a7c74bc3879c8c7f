//! Tags that keep a snapshot from being destroyed.

use std::slice::from_ref;
use std::time::{Duration, SystemTime};

use zfs::{Defer, ErrorKind, Zfs};

use super::{error, kind, open};
use crate::pool::{Pool, exists, zfs as zfs_command};

fn tags(zfs: &Zfs, name: &zfs::SnapshotName) -> Vec<String> {
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
    // A child that runs another program must not prolong it.
    let mut child =
        std::process::Command::new("sleep").arg("1000").spawn().unwrap();
    drop(hold);
    let left = tags(&zfs, &name);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(left.is_empty(), "{left:?}");
    zfs.destroy(&name).unwrap();
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
