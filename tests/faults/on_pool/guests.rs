//! Others put things of their own where the hunt is: mounts, snapshots, loop
//! devices, datasets.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::ground::Ground;
use super::looped::Looped;
use super::{WAIT, ground, meddled, start, working};
use crate::audit::Audit;
use crate::pool::{exists, run, zfs};
use crate::scenario::{ONCE, scenario};
use ::zfs::{DatasetName, SnapshotName};

/// Where the first attempt has its slate.
fn first_slate(ground: &Ground) -> std::path::PathBuf {
    let left = ground.left();
    let slate = left.iter().find(|name| name.ends_with("/thread-0-run-0"));
    ground.path(slate.unwrap())
}

fn command(program: &str, args: &[&str], path: &Path) -> String {
    run(Command::new(program).args(args).arg(path))
}

const TWO_RUNS: [&str; 2] = ["-p1", "--stop-after=2"];

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_slate_with_somebodys_mount_is_left_and_named() {
    scenario("pool: a mount made inside a slate", ONCE, |_| {
        let ground = ground(WAIT);
        let audit = Audit::begin(&ground);
        let mut place = None;
        let ran = meddled(&ground, &TWO_RUNS, |_| {
            let dir = first_slate(&ground).join("goroot");
            command("mount", &["-t", "tmpfs", "tmpfs"], &dir);
            fs::write(dir.join("theirs"), "theirs").unwrap();
            place = Some(dir);
        });
        let dir = place.unwrap();
        let theirs = fs::read_to_string(dir.join("theirs")).unwrap();
        command("umount", &[], &dir);
        assert_eq!(theirs, "theirs");
        let ran = ran.expect(0).expect_verdict((0, 0), "passed");
        audit.end(&ran.expect_said(dir.to_str().unwrap()));
    });
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_slate_with_a_loop_device_is_left_and_named() {
    scenario("pool: a loop device on a file of a slate", ONCE, |_| {
        let ground = ground(WAIT);
        let audit = Audit::begin(&ground);
        let mut looped = None;
        let ran = meddled(&ground, &TWO_RUNS, |_| {
            let file = first_slate(&ground).join("disk");
            fs::write(&file, vec![0; 1 << 20]).unwrap();
            looped = Some(Looped::on(&file));
        });
        drop(looped);
        let ran = ran.expect(0).expect_verdict((0, 0), "passed");
        audit.end(&ran);
        assert_eq!(ground.left().len(), 3, "{ran:#?}");
    });
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn snapshots_of_every_slate_end_a_hunt_and_all_are_named() {
    scenario("pool: an auto-snapshotter takes every slate", ONCE, |_| {
        let script =
            "until [ -e $DESK/go-$GOCRASH_ATTEMPT ]; do sleep 0.1; done";
        let ground = ground(script);
        let audit = Audit::begin(&ground);
        let mut running = start(&ground, &["-p1"]);
        running.until("attempt 0: start");
        let working = working(&ground);
        let mut taken = Vec::new();
        while !running.is_over() {
            let number = taken.len();
            let slate = format!("{working}/thread-0-run-{number}");
            let snapshot = format!("{slate}@hourly");
            let name = DatasetName::new(&slate).unwrap();
            while !exists(&name) && !running.is_over() {
                thread::sleep(Duration::from_millis(50));
            }
            if running.is_over() {
                break;
            }
            // The last one may be gone again by now.
            let mut command = Command::new("zfs");
            let output =
                command.args(["snapshot", &snapshot]).output().unwrap();
            if !output.status.success() {
                assert!(!exists(&name), "{output:?}");
                continue;
            }
            fs::write(ground.desk().join(format!("go-{number}")), "").unwrap();
            taken.push(snapshot);
        }
        let ran = running.end().expect(125);
        let ran = ran.expect_said("16 datasets could not be destroyed");
        for snapshot in &taken {
            let name = SnapshotName::new(snapshot).unwrap();
            assert!(exists(&name), "{snapshot}: {ran:#?}");
        }
        audit.end(&ran);
    });
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_users_dataset_below_the_working_dataset_is_not_touched() {
    scenario("pool: a user's dataset below the hunt's", ONCE, |_| {
        let ground = ground(WAIT);
        let mut audit = Audit::begin(&ground);
        let ran = meddled(&ground, &TWO_RUNS, |working| {
            zfs(&["create", &format!("{working}/mine")]);
            zfs(&["create", "-u", &format!("{working}/thread-0-run-0/mine")]);
            audit.look_again();
        });
        let ran = ran.expect(0);
        assert_eq!(ran.verdicts().len(), 2, "{ran:#?}");
        audit.end(&ran);
    });
}
