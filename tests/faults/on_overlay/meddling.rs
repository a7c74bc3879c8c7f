//! Somebody else is at work where the hunt is: in its directory, in the
//! directory of an attempt, at the source.

use std::fs;
use std::process::Command;

use super::{WAIT, for_each_caller, for_root, go, hunt, start};
use crate::audit::Audit;
use crate::processes;
use crate::scenario::ONCE;

#[test]
fn what_a_user_puts_into_the_hunts_directory_stays_and_is_named() {
    let name = "a user's own files in the hunt's directory";
    for_each_caller(name, ONCE, |ground, _| {
        let audit = Audit::begin(ground);
        let options = ["-p1", "--stop-after=2"];
        let mut running = start(ground, &options, WAIT);
        running.until("attempt 0: start");
        let session = ground.path("state/gocrash").join(&ground.left()[0]);
        let dir = session.to_str().unwrap();
        let make = "mkdir mine; echo mine >mine/file";
        ground.as_person("sh", &["-ec", make], dir);
        go(ground);
        let ran = running.end().expect(0);
        assert_eq!(ran.verdicts().len(), 2, "{ran:#?}");
        let mine = fs::read_to_string(session.join("mine/file"));
        assert_eq!(mine.unwrap(), "mine\n");
        audit.end(&ran);
    });
}

#[test]
fn a_hunt_goes_on_when_its_source_is_moved_or_removed() {
    for_each_caller("the source is renamed meanwhile", ONCE, |ground, _| {
        let mut audit = Audit::begin(ground);
        let options = ["-p1", "--stop-after=3"];
        let script = format!("{WAIT}; test -e file");
        let mut running = start(ground, &options, &script);
        running.until("attempt 0: start");
        let (here, away) = (ground.path("source"), ground.path("away"));
        fs::rename(&here, &away).unwrap();
        go(ground);
        let ran = running.end();
        let file = fs::read_to_string(away.join("file"));
        assert_eq!(file.unwrap(), "a\n");
        // To be renamed is a change of a directory.
        fs::rename(&away, &here).unwrap();
        audit.look_again();
        let ran = ran.expect(0);
        assert_eq!(ran.verdicts().len(), 3, "{ran:#?}");
        audit.end_empty(&ran);
    });
}

#[test]
fn a_hunts_directory_that_is_moved_ends_it_and_stays() {
    for_each_caller("the hunt's directory is renamed", ONCE, |ground, _| {
        let audit = Audit::begin(ground);
        let options = ["-p1", "--stop-after=3"];
        let script = format!("echo >\"$DESK/up\"; {WAIT}");
        let running = start(ground, &options, &script);
        let up = ground.path("desk/up");
        processes::wait_until("its word", || up.exists());
        let state = ground.path("state/gocrash");
        let session = ground.left().pop().unwrap();
        let moved = state.join("moved");
        fs::rename(state.join(&session), &moved).unwrap();
        go(ground);
        let ran = running.end();
        assert!(moved.join("events.jsonl").exists());
        fs::rename(moved, state.join(&session)).unwrap();
        let ran = ran.expect(125).expect_verdict((0, 0), "passed");
        audit.end(&ran);
    });
}

#[test]
fn mounts_that_a_suite_makes_in_its_slate_go_with_it() {
    for_each_caller("a mount inside a slate", ONCE, |ground, _| {
        let audit = Audit::begin(ground);
        let script = "unshare -Urm sh -ec '
            mount -t tmpfs tmpfs dir; echo b >dir/file
            mkdir bind; mount --rbind . bind; echo c >file'";
        let options = ["-p2", "--stop-after=2"];
        audit.end_empty(&hunt(ground, &options, script).expect(0));
    });
}

#[test]
fn mounts_that_root_makes_in_a_slate_are_taken_along() {
    for_root("a mount by root inside a slate", ONCE, |ground, _| {
        let audit = Audit::begin(ground);
        let script = format!("echo $$ >\"$DESK/id\"; {WAIT}");
        let options = ["-p1", "--stop-after=2"];
        let mut running = start(ground, &options, &script);
        running.until("attempt 0: start");
        let id = ground.path("desk/id");
        processes::wait_until("its id", || {
            fs::read_to_string(&id).is_ok_and(|id| id.ends_with('\n'))
        });
        // Whoever mounts has the namespace.
        let keeper = processes::of(ground.folder());
        let is_keeper =
            |(_, what): &&(u32, String)| what.starts_with("gocrash-keeper ");
        let keeper = keeper.iter().find(is_keeper).unwrap().0.to_string();
        let session = ground.path("state/gocrash").join(&ground.left()[0]);
        let dir = session.join("thread-0-run-0/tree/dir");
        let mounted = Command::new("nsenter")
            .args(["-m", "-t", &keeper])
            .args(["mount", "-t", "tmpfs", "tmpfs"])
            .arg(dir)
            .status();
        assert!(mounted.unwrap().success());
        go(ground);
        audit.end_empty(&running.end().expect(0));
    });
}
