//! Making and destroying snapshots, several at once.

use std::slice::from_ref;

use zfs::{Defer, ErrorKind, Properties, SnapshotName};

use super::{error, kind, open};
use crate::pool::{Pool, exists, get};

fn none() -> Properties {
    Properties::new()
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn snapshots_are_of_one_instant() {
    let pool = Pool::new();
    let names = ["a", "b", "c"].map(|path| {
        pool.make(path);
        pool.snapshot(&format!("{path}@now"))
    });
    let tagged = none().with("gocrash:session", "7");
    open().snapshot(&names, &tagged).unwrap();
    let groups = names.each_ref().map(|name| get(name, "createtxg"));
    assert!(groups.iter().all(|group| *group == groups[0]), "{groups:?}");
    assert_eq!(get(&names[2], "gocrash:session"), "7");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn one_bad_name_leaves_no_snapshot_at_all() {
    let pool = Pool::new();
    for path in ["a", "b", "c"] {
        pool.make(path);
    }
    let taken = ["b@now", "c@now"].map(|name| pool.make_snapshot(name));
    let names = [vec![pool.snapshot("a@now")], taken.to_vec()].concat();
    let failed = error(open().snapshot(&names, &none()));
    assert!(!exists(&names[0]));
    let failures: Vec<_> = failed
        .failures()
        .iter()
        .map(|failure| (failure.name(), failure.kind()))
        .collect();
    let taken = taken.each_ref().map(SnapshotName::as_str);
    let expected = taken.map(|name| (name, ErrorKind::AlreadyExists));
    assert_eq!(failures, expected);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn snapshot_says_why_it_failed() {
    let pool = Pool::new();
    let other = Pool::with_bytes(64 << 20);
    let zfs = open();
    pool.make("a");
    other.make("a");
    let make = |names: &[SnapshotName]| zfs.snapshot(names, &none());

    let there = pool.make_snapshot("a@there");
    assert_eq!(kind(make(&[there])), ErrorKind::AlreadyExists);
    let missing = pool.snapshot("missing@now");
    assert_eq!(kind(make(&[missing])), ErrorKind::NotFound);
    let nowhere = SnapshotName::new("no-such-pool@now").unwrap();
    assert_eq!(kind(make(&[nowhere])), ErrorKind::NotFound);
    let across = [pool.snapshot("a@now"), other.snapshot("a@now")];
    assert_eq!(kind(make(&across)), ErrorKind::DifferentPool);
    let twice = error(make(&[pool.snapshot("a@x"), pool.snapshot("a@y")]));
    assert!(twice.to_string().contains("same dataset"), "{twice}");
    let native = none().with("compression", "lz4");
    let refused = zfs.snapshot(&[pool.snapshot("a@now")], &native);
    assert!(refused.is_err());
    assert!(!exists(&pool.snapshot("a@now")));
    make(&[]).unwrap();
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn destroys_snapshots_and_passes_over_missing_ones() {
    let pool = Pool::new();
    pool.make("a");
    let names = [pool.make_snapshot("a@1"), pool.make_snapshot("a@2")];
    let missing = pool.snapshot("a@missing");
    let all = [names[0].clone(), missing, names[1].clone()];
    open().destroy_snapshots(&all, Defer::No).unwrap();
    assert!(!exists(&names[0]) && !exists(&names[1]));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_snapshot_with_a_clone_goes_with_its_clone() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("src");
    let origin = pool.make_snapshot("src@a");
    let free = pool.make_snapshot("src@b");
    let clone = pool.dataset("clone");
    zfs.clone_from(&clone, &origin, &none()).unwrap();

    let both = [free.clone(), origin.clone()];
    let failed = error(zfs.destroy_snapshots(&both, Defer::No));
    assert_eq!(failed.kind(), ErrorKind::HasClones);
    assert_eq!(failed.dataset(), Some(origin.as_str()));
    assert!(failed.to_string().contains(clone.as_str()), "{failed}");
    assert!(exists(&free), "all or none");

    zfs.destroy_snapshots(&both, Defer::Yes).unwrap();
    assert!(exists(&origin) && !exists(&free));
    zfs.destroy(&clone).unwrap();
    assert!(!exists(&origin));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn destroying_snapshots_says_why_it_failed() {
    let pool = Pool::new();
    let other = Pool::with_bytes(64 << 20);
    let zfs = open();
    pool.make("a");
    other.make("a");
    let held = pool.make_snapshot("a@held");
    crate::pool::zfs(&["hold", "keep", held.as_str()]);
    let failed = error(zfs.destroy_snapshots(from_ref(&held), Defer::No));
    assert_eq!(failed.kind(), ErrorKind::Busy);
    assert!(failed.to_string().contains("`keep`"), "{failed}");

    let across = [held.clone(), other.make_snapshot("a@now")];
    let failed = kind(zfs.destroy_snapshots(&across, Defer::No));
    assert_eq!(failed, ErrorKind::DifferentPool);
    let nowhere = SnapshotName::new("no-such-pool@now").unwrap();
    let failed = kind(zfs.destroy_snapshots(&[nowhere], Defer::No));
    assert_eq!(failed, ErrorKind::NotFound);
    crate::pool::zfs(&["release", "keep", held.as_str()]);
}
