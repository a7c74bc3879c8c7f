//! Scenarios of hunts on a pool.

#[path = "../util/ground/pool.rs"]
#[expect(dead_code, reason = "the tests of pools use the rest of it")]
mod ground;

mod clocks;
mod crash;
mod devices;
mod full;
mod guests;
mod holders;
mod journal;
mod looped;
mod power;
mod remains;
mod renames;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::audit::Scene;
use crate::hunt::{Ran, Running, new_events, whole_lines};
use crate::pool::zfs;
use crate::tree::describe;
use ground::Ground;

/// What is told of everything that is not a hunt's.
const FACTS: &str =
    "name,guid,type,creation,origin,mounted,mountpoint,userrefs";

impl Scene for Ground {
    fn folder(&self) -> &Path {
        self.pool.folder()
    }

    fn others(&self) -> String {
        let mine = |line: &&str| {
            let name = line.split('\t').next().unwrap_or_default();
            ours_of(name, self.snapshot.dataset().as_str()).is_none()
        };
        let pool = self.pool.root().as_str();
        let list = zfs(&["list", "-Hpr", "-t", "all", "-o", FACTS, pool]);
        let set = ["get", "-Hpr", "-s", "local,received"];
        let set = [&set[..], &["-o", "name,property,value", "all", pool]];
        let hunted = self.snapshot.as_str();
        let mut text = String::new();
        for listed in [list, zfs(&set.concat())] {
            for line in listed.lines().filter(mine) {
                let is_hunted = line.split('\t').next() == Some(hunted);
                text += match line.rsplit_once('\t') {
                    // A hunt that is alive holds it.
                    Some((facts, _)) if is_hunted => facts,
                    _ => line,
                };
                text.push('\n');
            }
        }
        let mounted = self.pool.mount_point();
        for tree in ["bystander", "copy", "go/goroot", "go/theirs"] {
            let tree = mounted.join(tree);
            if tree.exists() {
                text += &describe(&tree);
            }
        }
        text
    }

    fn ours(&self) -> Vec<String> {
        let source = self.snapshot.dataset().as_str();
        let pool = self.pool.root().as_str();
        let kinds = "filesystem,snapshot";
        let listed = zfs(&["list", "-Hr", "-t", kinds, "-o", "name", pool]);
        let mut ours: Vec<String> = listed
            .lines()
            .filter_map(|name| ours_of(name, source))
            .map(str::to_owned)
            .collect();
        ours.dedup();
        // A directory that nothing is mounted at has been forgotten.
        let entries = fs::read_dir(self.path("")).unwrap();
        for entry in entries {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let dataset = format!("{source}/{name}");
            if name.starts_with("gocrash-") && !ours.contains(&dataset) {
                ours.push(format!("the directory {name}"));
            }
        }
        ours
    }

    fn kept_log(&self) -> Option<Vec<Value>> {
        let source = self.snapshot.dataset().as_str();
        let ours = self.ours().pop()?;
        let session = ours.strip_prefix(source)?.split('/').nth(1)?.to_owned();
        Some(whole_lines(&self.path(&session).join("events.jsonl")))
    }
}

/// The dataset or snapshot of a hunt that this is the name of, or a snapshot
/// in: what is made below it by others is theirs.
fn ours_of<'a>(name: &'a str, source: &str) -> Option<&'a str> {
    let below = name.strip_prefix(source)?;
    if below.starts_with("@gocrash-") {
        return Some(name);
    }
    let dataset = name.split('@').next()?;
    let mut parts = dataset.strip_prefix(source)?.split('/').skip(1);
    if !parts.next()?.starts_with("gocrash-") {
        return None;
    }
    match (parts.next(), parts.next()) {
        (None, _) => Some(dataset),
        (Some(slate), None)
            if slate.starts_with("thread-") || slate == "golden" =>
        {
            Some(dataset)
        }
        _ => None,
    }
}

/// Puts things of others into a pool: beside the source, below it, and a clone
/// of a snapshot.
fn with_bystanders(ground: Ground) -> Ground {
    let pool = &ground.pool;
    for name in ["bystander", "go/theirs"] {
        let dataset = pool.make(name);
        let file = pool.mount_point().join(name).join("file");
        fs::write(file, "untouched").unwrap();
        zfs(&["set", "user:note=theirs", dataset.as_str()]);
        pool.make_snapshot(&format!("{name}@theirs"));
    }
    let snapshot = pool.snapshot("bystander@theirs");
    zfs(&["clone", snapshot.as_str(), pool.dataset("copy").as_str()]);
    zfs(&["hold", "theirs", snapshot.as_str()]);
    ground
}

/// A ground with a suite that does this, and bystanders.
fn ground(script: &str) -> Ground {
    with_bystanders(Ground::new(script))
}

/// A hunt that has begun.
fn start(ground: &Ground, options: &[&str]) -> Running {
    start_with(ground, options, |_| ())
}

/// The same, started in another way.
fn start_with(
    ground: &Ground,
    options: &[&str],
    change: impl FnOnce(&mut Command),
) -> Running {
    let events = new_events(&ground.desk());
    let option = format!("--events={}", events.display());
    let source = ground.snapshot.as_str();
    let mut command =
        ground.gocrash(&[&[source, option.as_str()], options].concat());
    change(&mut command);
    Running::start(command, ground.pool.folder(), &events)
}

/// The working dataset of the only hunt, when it is there.
fn working(ground: &Ground) -> String {
    let left = ground.left();
    let hunts = left.iter().filter(|name| name.starts_with("gocrash-"));
    let mut hunts = hunts.filter(|name| !name.contains('/'));
    let name = hunts.next().expect("a hunt is going on");
    ground.dataset(name).as_str().to_owned()
}

/// Shell words that wait until the test says `go`, outside of the slate.
const WAIT: &str = "cd /; until [ -e $DESK/go ]; do sleep 0.1; done";

fn go(ground: &Ground) {
    fs::write(ground.desk().join("go"), "").unwrap();
}

/// Does something while the first attempt of a hunt runs, given the name of
/// its working dataset; then lets it go on, to its end.
fn meddled(
    ground: &Ground,
    options: &[&str],
    meddle: impl FnOnce(&str),
) -> Ran {
    let mut running = start(ground, options);
    running.until("attempt 0: start");
    meddle(&working(ground));
    go(ground);
    running.end()
}
