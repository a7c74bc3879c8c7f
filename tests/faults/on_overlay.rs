//! Scenarios of hunts in a plain directory.

#[path = "../util/ground/overlay.rs"]
#[expect(dead_code, reason = "the tests of overlays use the rest of it")]
mod ground;

mod clocks;
mod escapes;
mod full;
mod hangs;
mod kills;
mod meddling;
mod streams;
mod trees;

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use serde_json::Value;

use crate::audit::Scene;
use crate::hunt::{Ran, Running, new_events, whole_lines};
use crate::scenario::{Times, scenario};
use crate::tree::describe;
use ground::{Caller, Ground};

/// What is not the hunt's: beside the source, and where hunts are kept.
const BYSTANDERS: [&str; 2] = ["bystander", "state/theirs"];

impl Scene for Ground {
    fn folder(&self) -> &Path {
        Ground::folder(self)
    }

    fn others(&self) -> String {
        let bystanders = BYSTANDERS.map(|name| describe(&self.path(name)));
        self.source() + &bystanders.concat()
    }

    fn ours(&self) -> Vec<String> {
        let state = self.path("state/gocrash");
        let mut ours = Vec::new();
        for session in self.left() {
            let session = state.join(session);
            ours.push(session.clone());
            ours.extend(attempts(&session));
            ours.extend(attempts(&session.join(".ready")));
        }
        ours.iter().map(|path| path.display().to_string()).collect()
    }

    fn kept_log(&self) -> Option<Vec<Value>> {
        let session = self.left().pop()?;
        let session = self.path("state/gocrash").join(session);
        Some(whole_lines(&session.join("events.jsonl")))
    }
}

/// What is kept or left of attempts: of a failure, that is a directory in it.
fn attempts(session: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(session).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().as_encoded_bytes()[0] == b't')
        .map(|entry| match entry.path().join("changes").exists() {
            true => entry.path().join("upper"),
            false => entry.path(),
        })
        .collect()
}

/// A ground with bystanders, on a source that this script makes.
fn ground(caller: Caller, source: &str) -> Ground {
    let ground = Ground::new(caller, source);
    let make = "mkdir bystander state/theirs
        echo untouched >bystander/file; ln -s file bystander/link
        mkfifo -m 600 bystander/fifo; cp -a bystander/. state/theirs";
    let mut sh = Command::new("sh");
    let made = sh.args(["-ec", make]).current_dir(ground.folder()).status();
    assert!(made.unwrap().success());
    ground
}

/// Runs it for root and for the person alone.
fn for_each_caller(name: &str, times: Times, run: impl Fn(&Ground, u32)) {
    for caller in Caller::all() {
        let name = match caller {
            Caller::Root => format!("overlay, as root: {name}"),
            Caller::Person => format!("overlay, as oneself: {name}"),
        };
        scenario(&name, times, |number| {
            run(&ground(caller, "echo a >file; mkdir dir"), number);
        });
    }
}

/// Runs it for root alone.
fn for_root(name: &str, times: Times, run: impl Fn(&Ground, u32)) {
    scenario(&format!("overlay, as root: {name}"), times, |number| {
        run(&ground(Caller::Root, "echo a >file; mkdir dir"), number);
    });
}

/// A hunt of this script that has begun.
fn start(ground: &Ground, options: &[&str], script: &str) -> Running {
    start_with(ground, options, script, |_| ())
}

/// The same, started in another way.
fn start_with(
    ground: &Ground,
    options: &[&str],
    script: &str,
    change: impl FnOnce(&mut Command),
) -> Running {
    let events = new_events(&ground.path("desk"));
    let option = format!("--events={}", events.display());
    let suite = ["--", "sh", "-c", script];
    let args = [&[option.as_str()], options, &suite].concat();
    let mut command = ground.gocrash(&args);
    change(&mut command);
    Running::start(command, ground.folder(), &events)
}

fn hunt(ground: &Ground, options: &[&str], script: &str) -> Ran {
    start(ground, options, script).end()
}

/// Shell words for a process that leaves its group, its session and its parent,
/// and keeps a file open.
const DAEMON: &str = "
    (setsid sh -c 'exec sleep 10000 >/dev/null 2>&1 9>held' &)
    until [ -e held ]; do sleep 0.01; done";

/// Shell words that wait until the test says `go`.
const WAIT: &str = r#"until [ -e "$DESK/go" ]; do sleep 0.01; done"#;

fn go(ground: &Ground) {
    fs::write(ground.path("desk/go"), "").unwrap();
}

/// A file system of its own at a directory, seen by this test and what it
/// starts; gone when it is dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn new(ground: &Ground, dir: &str, options: &str) -> Mounted {
        unshare(CloneFlags::CLONE_NEWNS).unwrap();
        let nothing = None::<&str>;
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(nothing, "/", nothing, private, nothing).unwrap();
        let path = ground.path(dir);
        let kind = Some("tmpfs");
        mount(kind, &path, kind, MsFlags::empty(), Some(options)).unwrap();
        let uid = ground.uid.as_raw();
        chown(&path, Some(uid), Some(uid)).unwrap();
        Mounted(path)
    }

    /// At the directory that hunts are kept in.
    fn for_state(ground: &Ground, options: &str) -> Mounted {
        let theirs = ground.path("state/theirs");
        let mounted = Mounted::new(ground, "state", options);
        fs::create_dir(theirs).unwrap();
        mounted
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = umount2(&self.0, MntFlags::MNT_DETACH);
    }
}
