//! What is done after hunts in snapshots.

use std::process::Command;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::ground::{Ground, Hunted, lines};
use crate::pool::{exists, get, run, zfs};

/// Goes on until gocrash is gone, however that ended.
const SUITE: &str = "if [ $GOCRASH_SLOT = 1 ]; then
        until [ -e $DESK/on ]; do sleep 0.1; done; exit 7
    fi
    echo x >$DESK/on
    while [ -d /proc/$PPID ]; do sleep 0.1; done";

/// What a subcommand prints, which must succeed.
pub(super) fn after(ground: &Ground, args: &[&str]) -> Hunted {
    let hunted = ground.end(ground.after(args).output().unwrap());
    assert_eq!(hunted.code(), Some(0), "{}{}", hunted.stdout, hunted.stderr);
    hunted
}

/// What `gocrash list --json` prints of each hunt in this pool: other tests
/// have theirs.
pub(super) fn listed(ground: &Ground) -> Vec<Value> {
    let listed = after(ground, &["list", "--json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    let is_here = |hunt: &&Value| {
        let name = hunt["name"].as_str().unwrap();
        name.split('/').next() == Some(ground.pool.root().as_str())
    };
    let all = listed["sessions"].as_array().unwrap();
    all.iter().filter(is_here).cloned().collect()
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_hunt_holds_its_snapshot_as_long_as_it_lives() {
    let ground = Ground::new(SUITE);
    let args = [ground.snapshot.as_str()];
    let mut child = ground.gocrash(&args).spawn().unwrap();
    lines(&mut child).until("exited with code 7");
    let [alive] = &listed(&ground)[..] else { panic!() };
    assert_eq!(alive["state"], "alive");
    assert_eq!(alive["snapshot"], ground.snapshot.as_str());
    let name = alive["name"].as_str().unwrap();
    let holds = || zfs(&["holds", "-H", ground.snapshot.as_str()]);
    assert!(holds().contains(name), "{}", holds());

    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGKILL)
        .unwrap();
    child.wait().unwrap();
    // The suite goes, and takes the last copy of the descriptor along.
    while !holds().is_empty() {
        thread::sleep(Duration::from_millis(50));
    }
    let [dead] = &listed(&ground)[..] else { panic!() };
    assert_eq!(
        (&dead["state"], &dead["host_went_down"]),
        (&"broken_off".into(), &false.into())
    );
    assert_eq!(dead["running"], alive["running"]);
    assert_eq!(dead["kept"][0]["outcome"], "failed");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn what_is_not_mounted_is_listed_and_so_is_a_copy() {
    let ground = Ground::new("exit 7");
    assert_eq!(ground.hunt(&["-p1"]).code(), Some(1));
    let working = ground.dataset(&ground.left()[0]);
    // As after a boot.
    for dataset in ground.left().iter().rev() {
        zfs(&["unmount", ground.dataset(dataset).as_str()]);
    }
    let copies = ground.pool.make("copies");
    // With the properties, as people make backups.
    let last = format!("{working}@backup");
    zfs(&["snapshot", "-r", &last]);
    let send = format!("zfs send -R {last} | zfs receive -ue {copies}");
    run(Command::new("sh").args(["-c", &send]));

    let before = ground.datasets();
    let [copy, hunt] = &listed(&ground)[..] else { panic!() };
    assert_eq!(ground.datasets(), before);
    assert_eq!(hunt["state"], "ended");
    assert_eq!(hunt["verdict"], "reproduced");
    let kept = &hunt["kept"][0];
    assert_eq!(kept["name"], format!("{working}/thread-0-run-0"));
    assert_eq!(kept["exit_status"], 7);
    assert_eq!(copy["state"], "copy");
    assert_eq!(copy["id"], copy["name"]);
    let of_it = |line: &String| line.starts_with(working.as_str());
    assert!(!ground.mounts().iter().any(of_it), "{:?}", ground.mounts());
}

fn theirs_is_there(name: &str) -> bool {
    Command::new("zfs").args(["list", name]).output().unwrap().status.success()
}

/// A hunt that was killed, with an attempt that is kept, one that ran, and
/// some that waited. Gives its name.
fn broken_off(ground: &Ground, options: &[&str]) -> String {
    let args = [&[ground.snapshot.as_str()], options].concat();
    let mut child = ground.gocrash(&args).spawn().unwrap();
    lines(&mut child).until("exited with code 7");
    let left = ground.left();
    let working = left.iter().find(|name| name.starts_with("gocrash-"));
    let working = working.unwrap().clone();
    let kept = ground.dataset(&format!("{working}/thread-1-run-0"));
    while get(&kept, "canmount") != "noauto" {
        thread::sleep(Duration::from_millis(50));
    }
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGKILL)
        .unwrap();
    child.wait().unwrap();
    while listed(ground)[0]["state"] == "alive" {
        thread::sleep(Duration::from_millis(50));
    }
    working
}

fn clean(ground: &Ground, args: &[&str]) -> Hunted {
    ground.end(ground.after(&[&["clean"], args].concat()).output().unwrap())
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn what_a_killed_hunt_left_goes_and_nothing_else() {
    let ground = Ground::new(SUITE);
    let bystander = ground.pool.make("go/bystander");
    zfs(&["set", "gocrash:session=gocrash-1", bystander.as_str()]);
    let before = ground.datasets();
    let working = broken_off(&ground, &["--prepare", "echo a >prepared"]);
    let kept = ground.dataset(&format!("{working}/thread-1-run-0"));
    let end = kept.snapshot("end").unwrap();
    assert!(exists(&end));
    assert_eq!(get(&end, "gocrash:session"), working);

    let refused = clean(&ground, &["--all"]);
    assert_eq!(refused.code(), Some(129), "{}", refused.stdout);
    let whole = ground.datasets();
    let planned = clean(&ground, &["-n", "--stale", &working]);
    assert_eq!(planned.code(), Some(0), "{}", planned.stderr);
    let line =
        format!("would destroy {}/thread-0-run-0\n", ground.dataset(&working));
    assert!(planned.stdout.contains(&line), "{}", planned.stdout);
    assert_eq!(ground.datasets(), whole);

    let cleaned = clean(&ground, &["-yv", "--stale", &working]);
    assert_eq!(cleaned.code(), Some(0), "{}", cleaned.stderr);
    let names = ["", "/golden", "/thread-1-run-0"];
    let names = names.map(|name| format!("{working}{name}"));
    let left: Vec<String> =
        ground.left().into_iter().filter(|n| n != "bystander").collect();
    assert_eq!(left, names);

    let cleaned = clean(&ground, &["-y", &working]);
    assert_eq!(cleaned.code(), Some(0), "{}", cleaned.stderr);
    assert_eq!(ground.datasets(), before);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_dataset_or_snapshot_of_others_stays_with_what_it_is_in() {
    let ground = Ground::new("exit 7");
    assert_eq!(ground.hunt(&["-p1"]).code(), Some(1));
    let name = ground.left().remove(0);
    let working = ground.dataset(&name);
    let slate = working.child("thread-0-run-0").unwrap();
    let clean = || clean(&ground, &["-y", &name]);
    let foreign = [
        slate.snapshot("auto-2024").unwrap().to_string(),
        slate.child("theirs").unwrap().to_string(),
        working.snapshot("auto-2024").unwrap().to_string(),
        working.child("theirs").unwrap().to_string(),
        // One that never was, though made of the same.
        working.child("thread-7-run-7").unwrap().to_string(),
    ];
    for theirs in &foreign {
        match theirs.contains('@') {
            true => zfs(&["snapshot", theirs]),
            false if theirs.ends_with("-7") => {
                zfs(&["clone", ground.snapshot.as_str(), theirs])
            }
            false => zfs(&["create", theirs]),
        };
        let before = ground.datasets();
        let cleaned = clean();
        assert_eq!(cleaned.code(), Some(125), "{theirs}: {cleaned:#?}");
        let left = format!("left {theirs}: ");
        assert!(cleaned.stderr.contains(&left), "{}", cleaned.stderr);
        // What is not in the way of the slate lets that go.
        if theirs.starts_with(slate.as_str()) {
            assert_eq!(ground.datasets(), before, "{theirs}");
        }
        assert!(exists(&working) && theirs_is_there(theirs), "{theirs}");
        zfs(&["destroy", theirs]);
    }
    assert!(!exists(&slate));
    // Held by somebody, as long as that is there.
    let place = ground.path(&name);
    let mut holder =
        Command::new("sleep").arg("1000").current_dir(&place).spawn().unwrap();
    let held = clean();
    assert_eq!(held.code(), Some(125), "{held:#?}");
    let who = format!("process {} (`sleep`)", holder.id());
    assert!(held.stderr.contains(&who), "{}", held.stderr);
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(clean().code(), Some(0));
    assert_eq!(ground.left(), [""; 0]);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn the_snapshot_that_a_hunt_took_goes_with_it() {
    let ground = Ground::new("exit 7");
    let before = ground.datasets();
    let dir = ground.path("");
    let hunted = ground.gocrash(&[dir.to_str().unwrap(), "-p1"]).output();
    assert_eq!(ground.end(hunted.unwrap()).code(), Some(1));
    assert_ne!(ground.datasets(), before);
    let name = ground.left().remove(0);
    let cleaned = clean(&ground, &["-y", &name]);
    assert_eq!(cleaned.code(), Some(0), "{}", cleaned.stderr);
    assert_eq!(ground.datasets(), before);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn neither_a_copy_nor_what_looks_like_a_hunt_is_destroyed() {
    let ground = Ground::new("exit 7");
    assert_eq!(ground.hunt(&["-p1"]).code(), Some(1));
    let name = ground.left().remove(0);
    let working = ground.dataset(&name);
    let copies = ground.pool.make("copies");
    zfs(&["snapshot", "-r", &format!("{working}@backup")]);
    let send =
        format!("zfs send -R {working}@backup | zfs receive -ue {copies}");
    run(Command::new("sh").args(["-c", &send]));
    zfs(&["destroy", "-r", &format!("{working}@backup")]);
    // The same names, without a tag of its own, and with another GUID.
    let other = ground.pool.dataset("other");
    zfs(&["create", "-o", &format!("gocrash:session={name}"), other.as_str()]);
    zfs(&["create", other.child(&name).unwrap().as_str()]);
    let copy = copies.child(&name).unwrap();
    let refused = clean(&ground, &["-y", copy.as_str()]);
    assert_eq!(refused.code(), Some(129), "{}", refused.stdout);
    // What was hunted goes before its copies where both have the name.
    let cleaned = ground.typed(&["clean", "-y", &name]).output().unwrap();
    let cleaned = ground.end(cleaned);
    assert_eq!(cleaned.code(), Some(0), "{}", cleaned.stderr);
    for there in [&copy, &other.child(&name).unwrap()] {
        assert!(exists(there), "{there}");
    }
    assert!(!exists(&working));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_shell_is_in_a_clone_and_what_changed_is_found() {
    let ground = Ground::new(
        "echo more >>all.bash; mkdir new; echo a >new/file; rm ../../gone
         exit 7",
    );
    std::fs::write(ground.path("gone"), "").unwrap();
    zfs(&["snapshot", &format!("{}@more", ground.snapshot.dataset())]);
    let more = format!("{}@more", ground.snapshot.dataset());
    let hunted = ground.gocrash(&[&more, "-p1"]).output().unwrap();
    assert_eq!(ground.end(hunted).code(), Some(1));
    let name = ground.left().remove(0);
    let before = ground.datasets();
    let look = "id -un; ls new; touch spoilt; exit 9";
    let args = ["shell", &name, "--", "sh", "-c", look];
    let sat = ground.end(ground.after(&args).output().unwrap());
    assert_eq!(sat.code(), Some(9), "{}", sat.stderr);
    assert_eq!(sat.stdout, format!("{}\nfile\n", super::ground::PERSON));
    assert_eq!(ground.datasets(), before);

    let diff = after(&ground, &["diff", &name]).stdout;
    let expected = "deleted  \"gone\"
changed  \"goroot/src/all.bash\"
added    \"goroot/src/new/\"
added    \"goroot/src/new/file\"
";
    assert_eq!(diff, expected);
    let archive = ground.desk().join("pack.tar");
    after(&ground, &["pack", &name, "-o", archive.to_str().unwrap()]);
    let list = run(Command::new("tar").arg("tf").arg(&archive));
    let stdout = format!("{name}/thread-0-run-0/test_run_stdout");
    assert!(list.lines().any(|line| line == stdout), "{list}");
    assert_eq!(ground.datasets(), before);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_killed_hunt_goes_on_from_what_was_prepared() {
    let ground = Ground::new(
        "[ -e ../../prepared ] || exit 9
        [ ! -e $DESK/again ] || exit 0
        if [ $GOCRASH_SLOT = 1 ]; then
            until [ -e $DESK/on ]; do sleep 0.1; done; exit 7
        fi
        echo x >$DESK/on
        while [ -d /proc/$PPID ]; do sleep 0.1; done",
    );
    let options = ["--stop-after=2", "--prepare", "echo >>../../prepared"];
    let working = broken_off(&ground, &options);
    std::fs::write(ground.desk().join("again"), "").unwrap();
    let resumed =
        ground.end(ground.after(&["resume", &working]).output().unwrap());
    // What failed before is reproduced.
    assert_eq!(resumed.code(), Some(1), "{}", resumed.stderr);
    let reopened =
        format!("reopened zfs dataset \"{}\"", ground.dataset(&working));
    assert!(resumed.stdout.contains(&reopened), "{}", resumed.stdout);
    let [hunt] = &listed(&ground)[..] else { panic!() };
    assert_eq!(
        (&hunt["state"], &hunt["verdict"]),
        (&"ended".into(), &"reproduced".into())
    );
    assert_eq!(hunt["kept"].as_array().unwrap().len(), 1);
    assert_eq!(hunt["unfinished"], Value::from(Vec::<Value>::new()));
    let cleaned = clean(&ground, &["-y", &working]);
    assert_eq!(cleaned.code(), Some(0), "{}", cleaned.stderr);
    assert_eq!(ground.left(), [""; 0]);
}
