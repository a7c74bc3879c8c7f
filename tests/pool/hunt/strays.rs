//! The snapshot of a hunt that was killed before it had made anything of it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::ground::{Ground, Hunted};
use super::sessions::listed;
use crate::pool::{run, zfs};

fn after(ground: &Ground, args: &[&str]) -> Hunted {
    ground.end(ground.after(args).output().unwrap())
}

/// The one hunt there is, when it no longer counts as one that goes on.
fn broken_off(ground: &Ground) -> Value {
    loop {
        let [hunt] = &listed(ground)[..] else {
            panic!("{}", ground.datasets())
        };
        if hunt["state"] != "alive" {
            return hunt.clone();
        }
        thread::sleep(Duration::from_millis(500));
    }
}

/// A library to preload: with it, whoever creates a dataset is killed.
fn killer(ground: &Ground) -> PathBuf {
    let source = ground.pool.folder().join("killer.c");
    let killer = ground.pool.folder().join("killer.so");
    let text = "#include <signal.h>
        int lzc_create() { raise(SIGKILL); return 5; }";
    fs::write(&source, text).unwrap();
    run(Command::new("cc")
        .args(["-shared", "-fPIC", "-w", "-o"])
        .args([&killer, &source]));
    killer
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn the_snapshot_of_a_hunt_that_was_killed_right_then_is_found_and_goes() {
    let ground = Ground::new("true");
    let before = ground.datasets();
    let tree = ground.path("");
    let mut hunt = ground.gocrash(&[tree.to_str().unwrap(), "-p1"]);
    let hunted = hunt.env("LD_PRELOAD", killer(&ground)).output().unwrap();
    let hunted = ground.end(hunted);
    assert_eq!(hunted.code(), Some(125), "{}", hunted.stderr);

    let hunt = broken_off(&ground);
    let name = hunt["name"].as_str().unwrap();
    let session = hunt["session"].as_str().unwrap();
    assert_eq!(name, format!("{}@{session}", ground.snapshot.dataset()));
    assert_eq!(hunt["state"], "broken_off");
    assert_eq!(hunt["snapshot"], name);
    assert_eq!(hunt["unfinished"], Value::from(vec![name]));
    assert!(hunt["started"].is_string());
    let shown = after(&ground, &["show", name]);
    assert_eq!(shown.code(), Some(0), "{}", shown.stderr);
    for command in ["resume", "rerun"] {
        let refused = after(&ground, &[command, name]);
        assert_eq!(refused.code(), Some(129), "{}", refused.stderr);
    }

    // It stays as long as others need it.
    let clean = |args: &[&str]| after(&ground, &[&["clean"], args].concat());
    let clone = ground.pool.dataset("mine");
    let keeps = [
        (["hold", "keep", name], ["release", "keep", name]),
        (["clone", name, clone.as_str()], ["destroy", "-f", clone.as_str()]),
    ];
    for (keep, let_go) in keeps {
        zfs(&keep);
        let whole = ground.datasets();
        let left = clean(&["-y", name]);
        assert_eq!(left.code(), Some(125), "{}", left.stdout);
        let line = format!("left {name}: ");
        assert!(left.stderr.contains(&line), "{}", left.stderr);
        assert_eq!(ground.datasets(), whole);
        zfs(&let_go);
    }
    let whole = ground.datasets();
    let planned = clean(&["-n", "--stale", name]);
    let line = format!("would destroy {name}\n");
    assert!(planned.stdout.contains(&line), "{}", planned.stdout);
    assert_eq!(ground.datasets(), whole);
    let cleaned = clean(&["-y", "--stale", name]);
    assert_eq!(cleaned.code(), Some(0), "{}", cleaned.stderr);
    assert_eq!(ground.datasets(), before);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_snapshot_that_only_looks_like_a_hunts_is_none() {
    let ground = Ground::new("exit 7");
    let go = ground.snapshot.dataset();
    let snapshot = |name: &str| format!("{go}@{name}");
    // Somebody's; one of a dataset that has a tag; one with another's tag.
    zfs(&["snapshot", &snapshot("gocrash-5")]);
    zfs(&["set", "gocrash:session=gocrash-6", go.as_str()]);
    zfs(&["snapshot", &snapshot("gocrash-6")]);
    zfs(&["inherit", "gocrash:session", go.as_str()]);
    let tag = "gocrash:session=gocrash-7";
    zfs(&["snapshot", "-o", tag, &snapshot("gocrash-8")]);
    // A copy of one that was taken, and then went.
    let taken = snapshot("gocrash-7");
    zfs(&["snapshot", "-o", tag, &taken]);
    let copies = ground.pool.make("copies");
    let send = format!("zfs send -p {taken} | zfs receive -ue {copies}");
    run(Command::new("sh").args(["-c", &send]));
    zfs(&["destroy", &taken]);
    assert_eq!(listed(&ground), [Value::Null; 0]);

    // Nor is what a hunt was made from that is there.
    let tree = ground.path("");
    let hunted = ground.gocrash(&[tree.to_str().unwrap(), "-p1"]).output();
    assert_eq!(ground.end(hunted.unwrap()).code(), Some(1));
    let [hunt] = &listed(&ground)[..] else { panic!() };
    assert_eq!(hunt["verdict"], "reproduced");
}
