//! What a user without rights may do, and is told.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

use zfs::{DatasetName, Error, ErrorKind, List, NvList, Properties, Unmount};

use super::{kind, open};
use crate::pool::{Pool, run};

const NOBODY: u32 = 65534;

/// Set in the process that runs as another user: the pool to work on.
const POOL: &str = "GOCRASH_TEST_POOL_OF_ANOTHER_USER";

/// Runs the rest of the same test as another user, in a process of its own.
fn as_nobody(test: &str, pool: &Pool) {
    let output = run(Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("zfs::permission::{test}")])
        .args(["--include-ignored", "--nocapture"])
        .env(POOL, pool.root().as_str())
        .uid(NOBODY)
        .gid(NOBODY));
    assert!(output.contains("1 passed"), "{output}");
}

fn pool_of_another_user() -> Option<DatasetName> {
    Some(env::var(POOL).ok()?.parse().unwrap())
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn changes_nothing_without_the_right() {
    let Some(root) = pool_of_another_user() else {
        let pool = Pool::new();
        pool.make("a");
        pool.make_snapshot("a@s");
        let unmounted = pool.make("unmounted");
        open().unmount(&unmounted, Unmount::Plain).unwrap();
        as_nobody("changes_nothing_without_the_right", &pool);
        return;
    };
    let zfs = open();
    let dataset = root.child("a").unwrap();
    let snapshot = dataset.snapshot("s").unwrap();
    let new = root.child("new").unwrap();
    let none = Properties::new();
    let snapshots = [snapshot.clone()];
    let later = [dataset.snapshot("later").unwrap()];
    let no = zfs::Defer::No;
    let program = || {
        let args = NvList::new();
        let limits = zfs::ProgramLimits::default();
        zfs.channel_program(root.as_str(), "return 1", &args, limits)
    };
    let unmounted = root.child("unmounted").unwrap();
    let refusals: [(&str, Result<(), Error>); 14] = [
        ("create", zfs.create(&new, &none)),
        ("clone", zfs.clone_from(&new, &snapshot, &none)),
        ("snapshot", zfs.snapshot(&later, &none)),
        ("destroy", zfs.destroy(&unmounted)),
        ("destroy", zfs.destroy(&snapshot)),
        ("destroy_snapshots", zfs.destroy_snapshots(&snapshots, no)),
        ("rollback_to", zfs.rollback_to(&dataset, &snapshot)),
        ("rename", zfs.rename(&dataset, &new)),
        ("hold", zfs.hold(&snapshots, "tag")),
        ("set", zfs.set_property(&dataset, "gocrash:x", "1")),
        ("set", zfs.set_property(&dataset, "quota", "1G")),
        ("mount", zfs.mount(&unmounted).map(drop)),
        ("unmount", zfs.unmount(&dataset, Unmount::Plain)),
        ("channel_program", program().map(drop)),
    ];
    for (operation, result) in refusals {
        let error = result.expect_err(operation);
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
        assert!(error.help().is_some(), "{error:?}");
    }
    // Looking is free.
    assert!(zfs.exists(&dataset));
    assert!(!zfs.list(&root, &List::all()).unwrap().is_empty());
    assert_eq!(zfs.property(&dataset, "type").unwrap().value, "filesystem");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn does_what_was_delegated() {
    let Some(root) = pool_of_another_user() else {
        let pool = Pool::new();
        pool.make("a");
        pool.make_snapshot("a@s");
        let rights =
            "clone,create,destroy,snapshot,hold,release,userprop,mount";
        let name = pool.root().as_str();
        let limited = pool.make("limited");
        let limit = "filesystem_limit=0";
        crate::pool::zfs(&["set", limit, limited.as_str()]);
        crate::pool::zfs(&["allow", "-u", "nobody", rights, name]);
        as_nobody("does_what_was_delegated", &pool);
        return;
    };
    let zfs = open();
    let snapshot = root.child("a").unwrap().snapshot("s").unwrap();
    let clone = root.child("clone").unwrap();
    let properties = Properties::new().with("gocrash:session", "7");
    zfs.clone_from(&clone, &snapshot, &properties).unwrap();
    let hold = zfs.hold_while_open(&[snapshot], "tag").unwrap();
    drop(hold);
    // Root set that limit, and is not bound by it.
    let below = root.child("limited/one").unwrap();
    let limited = kind(zfs.create(&below, &Properties::new()));
    assert_eq!(limited, ErrorKind::QuotaExceeded);
    // Linux keeps mounting for root.
    assert_eq!(kind(zfs.mount(&clone)), ErrorKind::PermissionDenied);
    zfs.destroy(&clone).unwrap();
}
