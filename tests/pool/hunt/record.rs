//! What a hunt writes down.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::ground::{Ground, Hunted};
use crate::log::{by_attempt, lines, printed, verdicts};
use crate::pool::{Pool, get};

/// The event log of the only hunt that left something.
fn log(ground: &Ground) -> String {
    let left = ground.left();
    fs::read_to_string(ground.path(&left[0]).join("events.jsonl")).unwrap()
}

fn t_ns(line: &Value) -> u64 {
    line["t_ns"].as_u64().unwrap()
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn every_attempt_is_in_the_log_in_order_and_as_it_was_printed() {
    let ground = Ground::new(
        "echo mine >>../../../events.jsonl && exit 9
         [ $GOCRASH_SLOT-$GOCRASH_ATTEMPT != 0-3 ] || exit 7",
    );
    let copy = ground.desk().join("events");
    let hunted = ground.hunt(&["--events", copy.to_str().unwrap()]);
    assert_eq!(hunted.code(), Some(1), "{}{}", hunted.stdout, hunted.stderr);
    let log = log(&ground);
    assert_eq!(fs::read_to_string(copy).unwrap(), log);

    let lines = lines(&log);
    let words = |lines: &[&Value]| -> Vec<String> {
        lines.iter().map(|l| l["event"].as_str().unwrap().into()).collect()
    };
    assert_eq!(lines[0]["event"], "opened");
    let over = lines.last().unwrap();
    assert_eq!(
        (&over["event"], &over["verdict"]),
        (&Value::from("over"), &Value::from("reproduced"))
    );
    let attempts = by_attempt(&lines);
    let mut end_ns = BTreeMap::new();
    for (name, lines) in &attempts {
        let ways: [&[&str]; 3] = [
            &["preparing", "prepared", "go", "exit", "retired"],
            &["preparing", "prepared", "go", "exit", "kept"],
            &["preparing", "prepared", "retired"],
        ];
        let words = words(lines);
        assert!(
            ways.contains(
                &&words.iter().map(String::as_str).collect::<Vec<_>>()[..]
            ),
            "{name:?}: {words:?}"
        );
        assert_eq!(words.last().unwrap() == "kept", *name == (0, 3));
        if let [_, _, go, exit, _] = lines[..] {
            let took_ns = exit["duration_ns"].as_u64().unwrap();
            assert_eq!(t_ns(go) + took_ns, t_ns(exit));
            let last_ns = end_ns.insert(name.0, t_ns(exit)).unwrap_or(0);
            assert!(t_ns(go) > last_ns, "{name:?}: {log}");
        }
    }
    let verdicts = verdicts(&lines);
    assert_eq!(verdicts, printed(&hunted.stdout));
    assert_eq!(verdicts[&(0, 3)], "exited with code 7");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_short_suite_gets_its_slates_several_at_a_time_and_in_order() {
    // Where there is less than a gibibyte to spare, it gets one.
    let ground = Ground::on(Pool::with_bytes(4 << 30), "", |_| ());
    let events = ground.desk().join("events");
    let told = ["--events", events.to_str().unwrap()];
    let args = [&["-p1", "--stop-after=40"], &told[..], &["--", "true"]];
    let hunted = ground.hunt(&args.concat());
    assert_eq!(hunted.code(), Some(0), "{}{}", hunted.stdout, hunted.stderr);
    assert_eq!(ground.left(), [""; 0]);
    let log = fs::read_to_string(events).unwrap();
    let (mut ready, mut most, mut next) = (0, 0, 0);
    for line in lines(&log) {
        match line["event"].as_str().unwrap() {
            "prepared" => ready += 1,
            "go" => {
                assert_eq!(line["attempt"], next, "{log}");
                ready -= 1;
                next += 1;
            }
            _ => {}
        }
        most = most.max(ready);
    }
    assert_eq!((ready, next), (0, 40));
    assert!(most > 1, "{log}");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn the_manifest_says_what_was_hunted_where() {
    let ground = Ground::new("cat ../../../gocrash.json; exit 1");
    let hunted = ground.hunt(&["-p1", "--env", "WORDS=two words"]);
    assert_eq!(hunted.code(), Some(1), "{}", hunted.stderr);
    let left = ground.left();
    let path = ground.path(&left[0]).join("gocrash.json");
    let text = fs::read_to_string(path).unwrap();
    // The person can read it.
    let seen = fs::read_to_string(hunted.seen_path("kept: ")).unwrap();
    assert_eq!(seen, text);

    let manifest: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(manifest["v"], 1);
    assert_eq!(manifest["session"], left[0]);
    assert_eq!(manifest["source"]["snapshot"], ground.snapshot.as_str());
    assert_eq!(manifest["source"]["guid"], get(&ground.snapshot, "guid"));
    let working = ground.dataset(&left[0]);
    assert_eq!(manifest["working"]["name"], working.as_str());
    assert_eq!(manifest["command"], Value::from(vec!["bash", "./all.bash"]));
    assert_eq!(manifest["environment"]["WORDS"], "two words");
    assert_eq!(manifest["person"]["name"], super::ground::PERSON);
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    assert_eq!(manifest["host"]["boot"], boot.trim_end());
    assert_eq!(get(&working, "refreservation"), (32 << 20).to_string());
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_pool_without_room_for_the_record_is_used_all_the_same() {
    let ground = Ground::on(Pool::with_bytes(64 << 20), "exit 1", |_| ());
    let hunted = ground.hunt(&["-p1"]);
    assert_eq!(hunted.code(), Some(1), "{}", hunted.stderr);
    let warning = "warning: no room is kept for the record: ";
    assert!(hunted.stderr.contains(warning), "{}", hunted.stderr);
    assert_eq!(verdicts(&lines(&log(&ground))), printed(&hunted.stdout));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn events_on_standard_output_leave_the_rest_to_standard_error() {
    let ground = Ground::new("true");
    let before = ground.datasets();
    let hunted = ground.hunt(&["--events=-", "--stop-after=2"]);
    assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
    assert_eq!(ground.datasets(), before, "{}", hunted.stderr);
    let lines = lines(&hunted.stdout);
    assert_eq!(verdicts(&lines).len(), 4);
    assert_eq!(verdicts(&lines), printed(&hunted.stderr));
    let last = lines[lines.len() - 3..].iter().map(|line| &line["event"]);
    assert!(last.eq(["closing", "closed", "over"]), "{}", hunted.stdout);
    assert!(hunted.stderr.starts_with("using snapshot: "));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn events_are_written_only_where_the_caller_may_write() {
    let ground = Ground::new("true");
    let before = ground.datasets();
    let forbidden = ground.pool.folder().join("events");
    let path = forbidden.to_str().unwrap();
    let refused = ground.hunt(&["--events", path, "--stop-after=1"]);
    let Hunted { stdout, stderr, .. } = &refused;
    assert_eq!(refused.code(), Some(129), "{stdout}");
    assert!(stderr.contains("Permission denied"), "{stderr}");
    assert!(stderr.contains("\n  help: "), "{stderr}");
    assert!(!forbidden.exists());
    assert_eq!(ground.datasets(), before);
}
