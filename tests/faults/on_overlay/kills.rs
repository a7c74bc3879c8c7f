//! Somebody is killed by a signal that nothing can be done about: gocrash, the
//! supervisor of an attempt; also by the suite itself.

use std::fs;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::ground::{Ground, Hunted};
use super::{DAEMON, WAIT, attempts, for_each_caller, go, hunt, start};
use crate::audit::Audit;
use crate::hunt::whole_lines;
use crate::processes::{self, wait_until};
use crate::remains::{Remains, numbers};
use crate::scenario::{SOME, Times};

/// What `ps` calls the process above an attempt, and the one with the rights.
const SUPERVISOR: &str = "attempt-guard";
const KEEPER: &str = "gocrash-keeper";
/// Both gocrash and its keeper, as `pkill gocrash` finds them.
const WHOEVER: &str = "gocrash";

#[test]
fn a_suite_that_kills_its_parent_has_no_verdict_and_leaves_nothing() {
    for_each_caller("a suite that kills its parent", SOME, |ground, _| {
        let audit = Audit::begin(ground);
        let script = format!("{DAEMON}; kill -KILL $PPID; sleep 10000");
        let ran = hunt(ground, &["-p1"], &script).expect(125);
        let said = "no verdict: its supervisor was killed";
        let ran = ran.expect_said(said);
        // Who ended it three times can be seen in the last slate.
        let kept = ran.stdout.lines().filter(|line| line.starts_with("kept: "));
        assert_eq!(kept.count(), 1, "{ran:#?}");
        audit.end(&ran);
        clean(ground);
    });
}

#[test]
fn a_supervisor_that_is_killed_takes_its_attempt_and_no_other_along() {
    for_each_caller("SIGKILL to supervisors", SOME, |ground, _| {
        let audit = Audit::begin(ground);
        let script = format!("{DAEMON}; {WAIT}");
        let options = ["-p1", "--stop-after=1"];
        let mut running = start(ground, &options, &script);
        running.until("attempt 0: start");
        kill_all(ground, SUPERVISOR);
        running.until("attempt 0: no verdict");
        go(ground);
        audit.end_empty(&running.end().expect(0));
    });
}

#[test]
fn the_keeper_can_be_killed_and_no_verdict_is_lost() {
    for_each_caller("SIGKILL to the keeper", SOME, |ground, _| {
        for (fails, awaited, code) in [
            ("false", "thread 1: attempt 0: start", 125),
            ("true", "thread 1: attempt 0: exited with code 1", 1),
        ] {
            let audit = Audit::begin(ground);
            // The other one runs when the first fails.
            let script = format!(
                r#"{DAEMON}; >"$DESK/$GOCRASH_SLOT-{fails}"
                ! {fails} || [ $GOCRASH_SLOT = 0 ] || {{
                    until [ -e "$DESK/0-{fails}" ]; do sleep 0.01; done; exit 1
                }}; {WAIT}"#
            );
            let mut running = start(ground, &["-p2"], &script);
            running.until(awaited);
            kill_all(ground, KEEPER);
            // Nobody is left who could remove anything.
            let ran = running.end().expect(code).expect_said("left: ");
            audit.end_broken_off(&ran, &list(ground));
            check_record(ground, &ran.verdicts());
            clean(ground);
        }
    });
}

#[test]
fn all_that_is_called_gocrash_can_be_killed_at_once() {
    for_each_caller("pkill -KILL gocrash", SOME, |ground, _| {
        let audit = Audit::begin(ground);
        let script = format!("{DAEMON}; {WAIT}");
        let mut running = start(ground, &["-p2"], &script);
        running.until("thread 1: attempt 0: start");
        running.until("thread 0: attempt 0: start");
        kill_all(ground, WHOEVER);
        let ran = running.end();
        let all_ended = || processes::of(ground.folder()).is_empty();
        wait_until("the end of all", all_ended);
        audit.end_broken_off(&ran, &list(ground));
        check_record(ground, &ran.verdicts());
        clean(ground);
    });
}

/// What somebody kills by name is a part of the name.
fn kill_all(ground: &Ground, name: &str) {
    let is_so =
        |what: &str| what.split(' ').next().is_some_and(|it| it.contains(name));
    let all = || {
        let mut all = processes::of(ground.folder());
        all.retain(|(_, what)| is_so(what));
        all
    };
    wait_until(name, || !all().is_empty());
    for (id, _) in all() {
        // The last one may have ended with another one.
        let _ = kill(Pid::from_raw(id.try_into().unwrap()), Signal::SIGKILL);
    }
}

#[test]
fn gocrash_can_be_killed_at_any_moment() {
    const MOMENTS: Times = Times { test: 10, faults: 200 };
    for_each_caller("SIGKILL to gocrash", MOMENTS, |ground, number| {
        let mut audit = Audit::begin(ground);
        let script = "(setsid sleep 10000 &); (sleep 10000 &); sleep 0.05
            [ $GOCRASH_ATTEMPT != 3 ] || exit 7";
        let running = start(ground, &["-p3", "--keep-success"], script);
        // From before the first attempt to after the last one.
        thread::sleep(Duration::from_millis(u64::from(number * 73 % 700)));
        let _ = kill(running.id(), Signal::SIGKILL);
        let ran = running.end();
        // Its keeper may be about to make something.
        let all_ended = || processes::of(ground.folder()).is_empty();
        wait_until("the end of all", all_ended);
        // What was only tried out is removed by the next hunt.
        if ground.left().iter().any(|name| name.starts_with(".gocrash-probe")) {
            hunt(ground, &["-p1", "--stop-after=1"], "true").expect(0);
        }
        audit.end_broken_off(&ran, &list(ground));
        check_record(ground, &ran.verdicts());
        clean(ground);
        audit.look_again();
    });
}

fn list(ground: &Ground) -> String {
    let listed = ground.after(&["list"]).output().unwrap();
    String::from_utf8(listed.stdout).unwrap()
}

/// Whatever is gone has a verdict.
fn check_record(
    ground: &Ground,
    told: &std::collections::BTreeMap<crate::log::Attempt, String>,
) {
    let Some(session) = ground.left().pop() else { return };
    let session = ground.path("state/gocrash").join(session);
    let there = [session.clone(), session.join(".ready")];
    let there = there.iter().flat_map(|dir| attempts(dir));
    let names = there.filter_map(|path| {
        let mut parts = path.iter().rev().filter_map(|part| part.to_str());
        parts.find_map(numbers)
    });
    let lines = whole_lines(&session.join("events.jsonl"));
    Remains { slates: names.collect(), lines }.check(told);
}

/// Whatever gocrash was killed at, it cleans up after itself.
pub(super) fn clean(ground: &Ground) {
    for session in ground.left() {
        let clean = || ground.after(&["clean", "-y", &session]).output();
        let mut cleaned = Hunted::new(clean().unwrap());
        // Who is about to be gone still has its lock.
        wait_until("nobody with the lock", || {
            let goes_on = cleaned.stderr.contains(" goes on\n");
            if goes_on {
                cleaned = Hunted::new(clean().unwrap());
            }
            !goes_on
        });
        let session = ground.path("state/gocrash").join(session);
        if session.exists() {
            // Nothing says what an empty one is.
            assert!(cleaned.stderr.contains("it is empty"), "{cleaned:?}");
            fs::remove_dir(session).unwrap();
        }
    }
}
