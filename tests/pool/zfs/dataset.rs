//! Making, cloning, renaming and destroying datasets.

use zfs::{DatasetName, ErrorKind, Properties, Unmount};

use super::{error, kind, open};
use crate::pool::{Pool, exists, get, zfs};

fn none() -> Properties {
    Properties::new()
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn creates_a_file_system_with_properties() {
    let pool = Pool::new();
    let name = pool.dataset("new");
    let properties = Properties::new()
        .with("compression", "lz4")
        .with("quota", "10M")
        .with("canmount", "noauto")
        .with("mountpoint", "/nowhere")
        .with("gocrash:session", "7");
    open().create(&name, &properties).unwrap();
    let values = ["compression", "quota", "canmount", "mountpoint"]
        .map(|property| get(&name, property));
    assert_eq!(values, ["lz4", "10485760", "noauto", "/nowhere"]);
    assert_eq!(get(&name, "gocrash:session"), "7");
    assert_eq!(get(&name, "mounted"), "no");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn create_says_why_it_failed() {
    let pool = Pool::new();
    let zfs = open();
    let there = pool.make("there");
    let create = |path| zfs.create(&pool.dataset(path), &none());
    assert_eq!(kind(create("there")), ErrorKind::AlreadyExists);
    assert_eq!(kind(create("missing/new")), ErrorKind::NotFound);
    let elsewhere = DatasetName::new("no-such-pool/new").unwrap();
    assert_eq!(kind(zfs.create(&elsewhere, &none())), ErrorKind::NotFound);
    assert_eq!(zfs_list(&pool), [pool.root().as_str(), there.as_str()]);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn nothing_is_made_below_a_volume() {
    let pool = Pool::new();
    let volume = pool.dataset("volume");
    zfs(&["create", "-s", "-V", "1M", volume.as_str()]);
    let below = volume.child("new").unwrap();
    let refused = kind(open().create(&below, &none()));
    assert_eq!(refused, ErrorKind::WrongType);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn names_are_nested_only_so_deep() {
    let pool = Pool::new();
    let zfs = open();
    let mut name = pool.root().clone();
    let refused = loop {
        name = name.child("d").unwrap();
        if let Err(error) = zfs.create(&name, &none()) {
            break error;
        }
    };
    assert_eq!(refused.kind(), ErrorKind::NameTooLong, "{refused}");
    assert!(exists(&name.parent().unwrap()));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn clones_a_snapshot() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("src");
    let origin = pool.make_snapshot("src@a");
    let clone = pool.dataset("src/clone");
    let tagged = none().with("gocrash:session", "7");
    zfs.clone_from(&clone, &origin, &tagged).unwrap();
    assert_eq!(get(&clone, "origin"), origin.as_str());
    assert_eq!(get(&clone, "gocrash:session"), "7");
    assert_eq!(get(&clone, "mounted"), "no");
    assert!(zfs.exists(&clone) && zfs.exists(&origin));

    zfs.destroy(&clone).unwrap();
    assert!(!exists(&clone) && !zfs.exists(&clone));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn clone_says_why_it_failed() {
    let pool = Pool::new();
    let other = Pool::with_bytes(64 << 20);
    let zfs = open();
    pool.make("src");
    let origin = pool.make_snapshot("src@a");
    let to = |name: DatasetName| zfs.clone_from(&name, &origin, &none());

    assert_eq!(kind(to(pool.dataset("src"))), ErrorKind::AlreadyExists);
    let no_parent = error(to(pool.dataset("missing/new")));
    assert_eq!(no_parent.kind(), ErrorKind::NotFound);
    let no_origin = pool.snapshot("src@missing");
    let failed = zfs.clone_from(&pool.dataset("new"), &no_origin, &none());
    assert_eq!(kind(failed), ErrorKind::NotFound);
    let across = error(to(other.dataset("new")));
    assert_eq!(across.kind(), ErrorKind::DifferentPool);
    assert!(across.to_string().contains(origin.as_str()), "{across}");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn destroy_says_why_it_failed() {
    let pool = Pool::new();
    let zfs = open();
    let missing = pool.dataset("missing");
    assert_eq!(kind(zfs.destroy(&missing)), ErrorKind::NotFound);

    let parent = pool.make("parent");
    let child = pool.make("parent/child");
    zfs.unmount(&child, Unmount::Plain).unwrap();
    zfs.unmount(&parent, Unmount::Plain).unwrap();
    let refused = error(zfs.destroy(&parent));
    assert_eq!(refused.kind(), ErrorKind::HasChildren);
    assert!(refused.to_string().contains(child.as_str()), "{refused}");

    let snapshot = pool.make_snapshot("parent/child@a");
    let clone = pool.dataset("clone");
    zfs.clone_from(&clone, &snapshot, &none()).unwrap();
    let refused = error(zfs.destroy(&snapshot));
    assert_eq!(refused.kind(), ErrorKind::HasClones);
    assert!(refused.to_string().contains(clone.as_str()), "{refused}");
    assert!(exists(&snapshot) && exists(&child) && exists(&parent));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn rolls_back_to_the_latest_snapshot_and_to_the_origin() {
    let pool = Pool::new();
    let zfs = open();
    let name = pool.make("src");
    let file = pool.mount_point().join("src/file");
    std::fs::write(&file, "before").unwrap();
    let snapshot = pool.make_snapshot("src@a");
    std::fs::write(&file, "after").unwrap();
    zfs.rollback_to(&name, &snapshot).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "before");

    let clone = pool.dataset("clone");
    zfs.clone_from(&clone, &snapshot, &none()).unwrap();
    let file = zfs.mount(&clone).unwrap().join("file");
    std::fs::write(&file, "after").unwrap();
    zfs.rollback_to(&clone, &snapshot).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "before");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn rollback_says_why_it_failed() {
    let pool = Pool::new();
    let zfs = open();
    let name = pool.make("src");
    let early = pool.make_snapshot("src@a");
    pool.make_snapshot("src@b");
    let failed = kind(zfs.rollback_to(&name, &early));
    assert_eq!(failed, ErrorKind::NotLatest);
    let missing = pool.snapshot("src@missing");
    let failed = error(zfs.rollback_to(&name, &missing));
    assert_eq!(failed.kind(), ErrorKind::NotFound);
    assert!(failed.to_string().contains(missing.as_str()), "{failed}");
    let nobody = pool.dataset("missing");
    let failed = kind(zfs.rollback_to(&nobody, &pool.snapshot("missing@a")));
    assert_eq!(failed, ErrorKind::NotFound);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn renames_what_is_mounted_and_leaves_it_where_it_is() {
    let pool = Pool::new();
    let (from, to) = (pool.make("from"), pool.dataset("to"));
    let file = pool.mount_point().join("from/file");
    std::fs::write(&file, "text").unwrap();
    open().rename(&from, &to).unwrap();
    assert!(exists(&to) && !exists(&from));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "text");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn rename_says_why_it_failed() {
    let pool = Pool::new();
    let other = Pool::with_bytes(64 << 20);
    let zfs = open();
    let (a, b) = (pool.make("a"), pool.make("b"));
    let to = |name: &DatasetName| zfs.rename(&a, name);
    assert_eq!(kind(to(&b)), ErrorKind::AlreadyExists);
    assert_eq!(kind(to(&pool.dataset("missing/a"))), ErrorKind::NotFound);
    assert_eq!(kind(to(&other.dataset("a"))), ErrorKind::DifferentPool);
    let missing = pool.dataset("missing");
    let failed = kind(zfs.rename(&missing, &pool.dataset("c")));
    assert_eq!(failed, ErrorKind::NotFound);

    let long = "x".repeat(200);
    pool.make(&format!("a/{long}"));
    let longer = pool.dataset(&"y".repeat(200));
    assert_eq!(kind(to(&longer)), ErrorKind::NameTooLong);
    assert!(exists(&a));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn promotes_a_clone() {
    let pool = Pool::new();
    let zfs = open();
    let source = pool.make("src");
    let origin = pool.make_snapshot("src@a");
    let clone = pool.dataset("clone");
    zfs.clone_from(&clone, &origin, &none()).unwrap();

    let conflict = clone.snapshot("a").unwrap();
    crate::pool::zfs(&["snapshot", conflict.as_str()]);
    let refused = error(zfs.promote(&clone));
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
    assert!(refused.to_string().contains("`a`"), "{refused}");

    zfs.destroy(&conflict).unwrap();
    zfs.promote(&clone).unwrap();
    assert_eq!(get(&source, "origin"), conflict.as_str());

    assert_eq!(kind(zfs.promote(&clone)), ErrorKind::InvalidArgument);
    let missing = pool.dataset("missing");
    assert_eq!(kind(zfs.promote(&missing)), ErrorKind::NotFound);
}

fn zfs_list(pool: &Pool) -> Vec<String> {
    let args = ["list", "-rHo", "name", pool.root().as_str()];
    zfs(&args).lines().map(str::to_owned).collect()
}
