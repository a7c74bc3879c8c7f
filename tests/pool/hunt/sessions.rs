//! What is done after hunts in snapshots.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::ground::{Ground, Hunted, lines};
use crate::pool::{get, zfs};

/// Goes on until gocrash is gone, however that ended.
const SUITE: &str = "[ $GOCRASH_SLOT = 0 ] || exit 7
    while [ -d /proc/$PPID ]; do sleep 0.1; done";

/// What a subcommand prints, which must succeed.
fn after(ground: &Ground, args: &[&str]) -> Hunted {
    let hunted = ground.end(ground.gocrash(args).output().unwrap());
    assert_eq!(hunted.code(), Some(0), "{}{}", hunted.stdout, hunted.stderr);
    hunted
}

/// What `gocrash list --json` prints of each hunt in this pool: other tests
/// have theirs.
fn listed(ground: &Ground) -> Vec<Value> {
    let listed = after(ground, &["list", "--json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    let is_here = |hunt: &&Value| {
        hunt["name"].as_str().unwrap().starts_with(ground.pool.root().as_str())
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
        std::thread::sleep(std::time::Duration::from_millis(50));
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
    crate::pool::run(std::process::Command::new("sh").args(["-c", &send]));

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
    assert_eq!(get(&working, "mounted"), "no");
}
