//! Listing what is below a dataset.

use zfs::{EntryKind, ErrorKind, List, Source};

use super::{kind, open};
use crate::pool::{Pool, zfs};

/// A file system with two levels below it, a volume, and snapshots of all.
fn tree() -> Pool {
    let pool = Pool::new();
    for path in ["top", "top/a b", "top/a b/deep"] {
        pool.make(path);
    }
    let volume = pool.dataset("top/volume");
    zfs(&["create", "-s", "-V", "1M", volume.as_str()]);
    let recursive = pool.snapshot("top@s");
    zfs(&["snapshot", "-r", recursive.as_str()]);
    pool
}

/// As `zfs list -r -t TYPES` has it, without the root, sorted.
fn witness(pool: &Pool, types: &str) -> Vec<String> {
    let top = pool.dataset("top");
    let args = ["list", "-rHo", "name", "-t", types, top.as_str()];
    let mut names: Vec<String> =
        zfs(&args).lines().map(str::to_owned).collect();
    names.retain(|name| name != top.as_str());
    names.sort();
    names
}

fn listed(pool: &Pool, what: &List<'_>) -> Vec<String> {
    let entries = open().list(&pool.dataset("top"), what).unwrap();
    let mut names: Vec<String> =
        entries.iter().map(|entry| entry.name.to_string()).collect();
    names.sort();
    names
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn lists_by_type_and_depth() {
    let pool = tree();
    let all = witness(&pool, "filesystem,volume");
    assert_eq!(all.len(), 3);
    assert_eq!(listed(&pool, &List::all()), all);
    let everything = List { snapshots: true, ..List::all() };
    let all = witness(&pool, "filesystem,volume,snapshot");
    assert_eq!(listed(&pool, &everything), all);
    let filesystems = List { volumes: false, ..List::all() };
    let all = witness(&pool, "filesystem");
    assert_eq!(listed(&pool, &filesystems), all);
    let snapshots = List { filesystems: false, volumes: false, ..everything };
    assert_eq!(listed(&pool, &snapshots), witness(&pool, "snapshot"));

    let children = listed(&pool, &List::children());
    let names = [pool.dataset("top/a b"), pool.dataset("top/volume")];
    assert_eq!(children, names.map(|name| name.to_string()));
    let own = listed(&pool, &List::snapshots());
    assert_eq!(own, [pool.snapshot("top@s").to_string()]);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn entries_have_kinds_and_the_properties_that_were_asked_for() {
    let pool = tree();
    let top = pool.dataset("top");
    zfs(&["set", "gocrash:session=7", pool.dataset("top/a b").as_str()]);
    let what = List {
        properties: &["gocrash:session", "volsize", "used"],
        ..List::all()
    };
    let entries = open().list(&top, &what).unwrap();
    let find = |path: &str| {
        let name = pool.dataset(path);
        let is_it = |e: &&zfs::Entry| e.name.dataset() == Some(&name);
        entries.iter().find(is_it).unwrap()
    };
    let volume = find("top/volume");
    assert_eq!(volume.kind, EntryKind::Volume);
    assert_eq!(volume.properties["volsize"].value, "1048576");
    assert!(!volume.properties.contains_key("gocrash:session"));
    let tagged = &find("top/a b").properties["gocrash:session"];
    assert_eq!((tagged.value.as_str(), &tagged.source), ("7", &Source::Local));
    let deep = &find("top/a b/deep").properties;
    let from = Source::Inherited(pool.dataset("top/a b"));
    assert_eq!(deep["gocrash:session"].source, from);
    assert!(!deep.contains_key("volsize"));
    assert!(deep.contains_key("used"));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn list_says_why_it_failed() {
    let pool = Pool::new();
    let zfs = open();
    let missing = pool.dataset("missing");
    let failed = kind(zfs.list(&missing, &List::all()));
    assert_eq!(failed, ErrorKind::NotFound);
    let what = List { properties: &["no-such"], ..List::all() };
    let failed = kind(zfs.list(pool.root(), &what));
    assert_eq!(failed, ErrorKind::InvalidProperty);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn lists_the_pools() {
    let pool = Pool::new();
    let pools = open().list_pools().unwrap();
    assert!(pools.iter().any(|name| name == pool.root().as_str()));
    let name = pool.root().to_string();
    drop(pool);
    assert!(!open().list_pools().unwrap().contains(&name));
}
