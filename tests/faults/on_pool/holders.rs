//! A slate is busy, for a while or for good.

use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use super::ground::Ground;
use super::{WAIT, go, ground, start};
use crate::audit::Audit;
use crate::hunt::Running;
use crate::scenario::{ONCE, SOME, scenario};

/// A process of somebody else, whose current directory is there.
fn sit_in(dir: PathBuf) -> Child {
    Command::new("sleep").arg("10000").current_dir(dir).spawn().unwrap()
}

fn slate(ground: &Ground) -> PathBuf {
    let left = ground.left();
    let slate = left.iter().find(|name| name.ends_with("/thread-0-run-0"));
    ground.path(slate.unwrap())
}

/// A hunt of one run that has come to its end, with somebody in its slate.
fn sat_in(ground: &Ground) -> (Running, Child) {
    let mut running = start(ground, &["-p1", "--stop-after=1"]);
    running.until("attempt 0: start");
    let sitter = sit_in(slate(ground));
    go(ground);
    (running, sitter)
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn what_is_busy_for_a_second_is_destroyed_all_the_same() {
    scenario("pool: a slate that is busy for a second", SOME, |_| {
        let ground = ground(WAIT);
        let audit = Audit::begin(&ground);
        let (mut running, mut sitter) = sat_in(&ground);
        running.until("attempt 0: passed");
        thread::sleep(Duration::from_secs(1));
        sitter.kill().unwrap();
        sitter.wait().unwrap();
        audit.end_empty(&running.end().expect(0));
    });
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn what_stays_busy_is_left_and_its_holder_named() {
    scenario("pool: a slate that stays busy", ONCE, |_| {
        let ground = ground(WAIT);
        let audit = Audit::begin(&ground);
        let (running, mut sitter) = sat_in(&ground);
        // The verdict of the suite stands.
        let ran = running.end().expect(0).expect_verdict((0, 0), "passed");
        sitter.kill().unwrap();
        sitter.wait().unwrap();
        audit.end(&ran);
        let left = ran.stdout.lines().find(|line| line.starts_with("left: "));
        let why = left.unwrap();
        let id = sitter.id().to_string();
        assert!(why.contains("busy") && why.contains(&id), "{why}");
    });
}
