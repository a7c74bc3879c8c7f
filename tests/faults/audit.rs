//! What has to hold after every scenario, whatever went wrong in it: no process
//! is left, nothing of ours that was not named, nothing of others has changed,
//! and what is said, written down and answered is the same.

use std::path::Path;

use serde_json::Value;

use crate::hunt::Ran;
use crate::scenario::nothing_left;
use crate::{log, processes};

/// Where a scenario takes place.
pub(crate) trait Scene {
    /// Everything of it is in there, and nothing else.
    fn folder(&self) -> &Path;
    /// What is somebody else's, in words that change when it does.
    fn others(&self) -> String;
    /// What hunts have left, each as gocrash names it.
    fn ours(&self) -> Vec<String>;
    /// The event log that is kept in what is left.
    fn kept_log(&self) -> Option<Vec<Value>>;
}

/// A look at a scene before anything goes wrong.
pub(crate) struct Audit<'a, S: Scene> {
    scene: &'a S,
    others: String,
}

impl<'a, S: Scene> Audit<'a, S> {
    pub(crate) fn begin(scene: &'a S) -> Audit<'a, S> {
        assert_eq!(scene.ours(), [""; 0]);
        Audit { scene, others: scene.others() }
    }

    /// Takes what others have changed since for how it should be.
    pub(crate) fn look_again(&mut self) {
        self.others = self.scene.others();
    }

    /// Looks again, after a hunt that is over.
    pub(crate) fn end(&self, ran: &Ran) {
        let Audit { scene, others } = self;
        check_verdicts(ran);
        if let Some(kept) = scene.kept_log() {
            // What comes after that is in the other log only.
            let same = ran.events.starts_with(&kept);
            assert!(same, "the logs differ: {kept:#?}\n{ran:#?}");
        }
        let mut left = still_there(scene.folder());
        let ours = scene.ours();
        left.extend(ours.into_iter().filter(|name| !is_named(name, ran)));
        left.extend(look_folders(ran));
        nothing_left(&left, ran);
        assert_eq!(&scene.others(), others, "others' things: {ran:#?}");
    }

    /// Looks again, after a hunt that was killed: whatever there is of it is in
    /// what `gocrash list` says.
    pub(crate) fn end_broken_off(&self, ran: &Ran, listed: &str) {
        let mut left = still_there(self.scene.folder());
        let is_in = |name: &str, word: &str| {
            let below = name.strip_prefix(word);
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let is_listed =
            |name: &String| listed.split_whitespace().any(|w| is_in(name, w));
        let ours = self.scene.ours();
        left.extend(ours.into_iter().filter(|name| !is_listed(name)));
        nothing_left(&left, &(ran, listed));
        assert_eq!(self.scene.others(), self.others, "others': {ran:#?}");
    }

    /// The same, when nothing at all may be left, named or not.
    pub(crate) fn end_empty(&self, ran: &Ran) {
        self.end(ran);
        nothing_left(&self.scene.ours(), ran);
    }
}

/// Whether the closing lines name what is left: by itself, or as what holds
/// everything, or as one of the runs that passed and are only counted.
fn is_named(name: &str, ran: &Ran) -> bool {
    let lines = || ran.stdout.lines().chain(ran.stderr.lines());
    let is_in = |line: &str, before: &str, after: &str| {
        line.contains(&format!("{before}{name}{after}"))
    };
    // What was taken of a directory has the name of the hunt.
    let session = name.rsplit(['/', '@']).next();
    let by_itself = lines().any(|line| {
        is_in(line, "kept: ", ": ")
            || is_in(line, "left: ", ": ")
            || line.strip_prefix("to remove all of it: gocrash clean ")
                == session
    });
    by_itself || {
        let passed =
            ran.verdicts().into_iter().filter_map(|(attempt, said)| {
                let (thread, run) = attempt;
                (said == "passed")
                    .then(|| format!("/thread-{thread}-run-{run}"))
            });
        let mut passed = passed;
        lines().any(|line| line.ends_with(" of runs that passed"))
            && passed.any(|slate| name.contains(&slate))
    }
}

/// Where the snapshot was looked into.
fn look_folders(ran: &Ran) -> Vec<String> {
    let stem = format!("gocrash-look-{}-", ran.id);
    let entries = std::fs::read_dir("/tmp").unwrap();
    entries
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter(|name| name.starts_with(&stem))
        .collect()
}

/// The log, the printed lines and the exit status agree with each other.
pub(crate) fn check_verdicts(ran: &Ran) {
    let verdicts = ran.verdicts();
    let printed = log::printed(&format!("{}{}", ran.stdout, ran.stderr));
    if !printed.is_empty() {
        assert_eq!(verdicts, printed, "{ran:#?}");
    }
    let over = ran.events.iter().find(|line| line["event"] == "over");
    let Some(over) = over else { return };
    let expected = match over["verdict"].as_str().unwrap() {
        "passed" => Some(0),
        "reproduced" => Some(1),
        "none" => Some(125),
        "signaled" => None,
        other => panic!("`{other}` is no verdict: {ran:#?}"),
    };
    assert_eq!(ran.status.code(), expected, "{ran:#?}");
    let failed = verdicts.values().any(|said| is_failure(said));
    match expected {
        Some(1) => assert!(failed, "{ran:#?}"),
        Some(_) => assert!(!failed, "{ran:#?}"),
        None => {}
    }
    // Then nobody waits for what still runs.
    let is_hurried = ran.stdout.contains("ending it at once")
        || ran.stdout.contains("the process with the rights has ended");
    for (name, lines) in log::by_attempt(&ran.events) {
        let count = |word| lines.iter().filter(|l| l["event"] == word).count();
        assert!(count("go") <= 1 && count("exit") <= 1, "{name:?} {ran:#?}");
        if count("go") == 1 && !is_hurried {
            assert_eq!(count("exit"), 1, "{name:?}: {ran:#?}");
        }
    }
}

fn is_failure(said: &str) -> bool {
    let failures = ["exited with code", "terminated by", "timed out"];
    failures.iter().any(|failure| said.starts_with(failure))
}

/// Those that are still there when there was time enough for all to end.
fn still_there(folder: &Path) -> Vec<String> {
    let ended = processes::is_soon(|| processes::of(folder).is_empty());
    match ended {
        true => Vec::new(),
        false => {
            processes::of(folder).into_iter().map(|(_, what)| what).collect()
        }
    }
}
