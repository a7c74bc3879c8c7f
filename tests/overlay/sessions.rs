//! What is done after hunts in directories.

use std::fs;
use std::process::Child;

use expect_test::expect_file;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::ground::{Caller, Ground, Hunted, wait_for};
use crate::processes::wait_until;

/// What `gocrash list --json` prints of each hunt.
pub(crate) fn listed(ground: &Ground) -> Vec<Value> {
    let output = ground.after(&["list", "--json"]).output().unwrap();
    let listed = Hunted::new(output).expect(0);
    assert_eq!(listed.stderr, "");
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(listed["v"], 1);
    listed["sessions"].as_array().unwrap().clone()
}

/// Sends a signal that can't be caught.
pub(crate) fn destroy(child: &mut Child) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGKILL)
        .unwrap();
    child.wait().unwrap();
}

/// Waits until a hunt that was killed is over: its keeper ends what runs, then
/// itself, and who is about to be gone still has the lock.
pub(crate) fn wait_for_end(ground: &Ground) {
    let has_ended = |hunt: &Value| hunt["state"] != "alive";
    wait_until("its end", || {
        ground.mounted_by().is_empty() && listed(ground).iter().all(has_ended)
    });
}

#[test]
fn a_hunt_is_listed_while_it_goes_on_and_when_it_broke_off() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        assert_eq!(listed(&ground), [Value::Null; 0]);
        // A failure keeps others from starting: it waits until the other has.
        let suite = r#"if [ "$GOCRASH_SLOT" = 1 ]; then
                until [ -e "$DESK/on" ]; do sleep 0.05; done; exit 7
            fi
            echo x >"$DESK/on"
            while [ -d /proc/$PPID ]; do sleep 0.1; done"#;
        let args = ["-p2", "--", "sh", "-c", suite];
        let mut child = ground.gocrash(&args).spawn().unwrap();
        wait_for(&mut child, "exited with code 7");
        let [alive] = &listed(&ground)[..] else { panic!() };
        assert_eq!(alive["state"], "alive", "{caller:?}");
        assert_eq!(alive["kind"], "overlay");
        assert_eq!(alive["session"], ground.left()[0].as_str());
        assert_eq!(alive["running"][0]["thread"], 0);
        assert_eq!(alive["directory"], ground.path("source").to_str().unwrap());
        let report = || {
            let output = ground.after(&["report", "latest"]).output().unwrap();
            Hunted::new(output).expect(0).stdout
        };
        let runs = "\nrunning:    thread-0-run-0\n";
        let told = report();
        assert!(told.contains(": not over\n") && told.contains(runs), "{told}");

        destroy(&mut child);
        wait_for_end(&ground);
        let [dead] = &listed(&ground)[..] else { panic!() };
        assert_eq!(dead["state"], "broken_off", "{caller:?}");
        assert_eq!(dead["host_went_down"], false);
        assert_eq!(dead["running"], alive["running"]);
        let [kept] = &dead["kept"].as_array().unwrap()[..] else { panic!() };
        assert_eq!(
            (&kept["outcome"], &kept["exit_status"]),
            (&"failed".into(), &7.into())
        );
        let id = dead["id"].as_str().unwrap();
        assert_eq!(kept["id"], format!("{id}/thread-1-run-0"));
        assert!(ground.left()[0].ends_with(id) && id.len() == 4);
        let told = report();
        let broken_off = ": not over, or broken off\n";
        assert!(told.contains(broken_off) && told.contains(runs), "{told}");
        // Nothing is known then, so nothing of it is called unfinished.
        let hunts = ground.path("state/gocrash");
        fs::remove_file(hunts.join(&ground.left()[0]).join("events.jsonl"))
            .unwrap();
        assert_eq!(listed(&ground)[0]["state"], "unknown");
    }
}

#[test]
fn the_list_that_people_read_has_what_was_kept() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        ground.hunt(&["-p1"], "exit 7").expect(1);
        let listed = ground.after(&["list"]).output().unwrap();
        let listed = Hunted::new(listed).expect(0);
        let [hunt, kept] = &listed.stdout.lines().collect::<Vec<_>>()[..]
        else {
            panic!("{}", listed.stdout)
        };
        let name = &ground.left()[0];
        let id = &name[name.len() - 4..];
        assert!(hunt.starts_with(&format!("{id}  reproduced  20")), "{hunt}");
        assert!(
            hunt.ends_with(&format!(
                " UTC  {}",
                ground.path("state/gocrash").join(name).display()
            )),
            "{hunt}"
        );
        let expected = format!("      kept {id}/thread-0-run-0: failed with 7");
        assert_eq!(*kept, expected);
    }
}

#[test]
fn where_nothing_is_that_is_said() {
    let ground = Ground::new(Caller::Person, "true");
    let after = |args: &[&str], status| {
        let output = ground.after(args).output().unwrap();
        Hunted::new(output).expect(status)
    };
    let listed = after(&["list"], 0);
    assert_eq!(listed.stdout, "");
    let said = "gocrash: there are no hunts; one that passed leaves nothing\n";
    assert_eq!(listed.stderr, said);
    // Nobody has to be asked for that.
    let cleaned = after(&["clean", "--all"], 0);
    assert_eq!(cleaned.stderr, "gocrash: there is nothing to clean up\n");
    let shown = after(&["show", "latest"], 129);
    assert!(shown.stderr.contains("there are no hunts"), "{shown:#?}");
}

/// There may be some where it could not look.
#[test]
fn what_could_not_be_read_is_not_said_to_be_empty() {
    let ground = Ground::new(Caller::Person, "true");
    fs::create_dir_all(ground.path("state")).unwrap();
    fs::write(ground.path("state/gocrash"), "").unwrap();
    for (args, status) in [(&["list"][..], 125), (&["show", "latest"], 129)] {
        let output = ground.after(args).output().unwrap();
        let said = Hunted::new(output).expect(status).stderr;
        assert!(!said.contains("there are no hunts"), "{said}");
        assert!(said.contains("cannot read"), "{said}");
    }
}

#[test]
fn programs_are_told_the_version_of_what_they_read() {
    let ground = Ground::new(Caller::Person, "true");
    ground.hunt(&["-p1"], "exit 7").expect(1);
    for id in ["latest", "latest/thread-0-run-0"] {
        let shown = ground.after(&["show", id, "--json"]).output().unwrap();
        let shown = Hunted::new(shown).expect(0).stdout;
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["v"], 1, "{id}");
    }
}

#[test]
fn what_is_named_wrongly_is_told_how_to_name_it() {
    let ground = Ground::new(Caller::Person, "true");
    ground.hunt(&["-p1"], "exit 7").expect(1);
    let name = &ground.left()[0];
    let said = |args: &[&str]| {
        let output = ground.after(args).output().unwrap();
        Hunted::new(output).expect(129).stderr.replace(name, "gocrash-MS")
    };
    let told = [
        said(&["clean", "-y", &format!("{name}/thread-0-run-0")]),
        said(&["show", &format!("{name}/nonsense")]),
    ];
    expect_file![golden!("misnamed.txt")].assert_eq(&told.concat());
    let latest = said(&["show", "latest/nonsense"]);
    assert!(latest.contains("no attempt of `latest`"), "{latest}");
}

/// A hunt that was killed with one attempt kept, one running that closes what
/// it made, and others waiting. Gives its name.
fn broken_off(ground: &Ground) -> String {
    let suite = r#"if [ "$GOCRASH_SLOT" = 1 ]; then
            until [ -e "$DESK/closed" ]; do sleep 0.05; done
            rm file; exit 7
        fi
        mkdir -p closed/in; echo a >closed/in/b; chmod 0 closed/in closed
        echo x >"$DESK/closed"
        while [ -d /proc/$PPID ]; do sleep 0.1; done"#;
    let args = ["-p2", "--", "sh", "-c", suite];
    let mut child = ground.gocrash(&args).spawn().unwrap();
    wait_for(&mut child, "exited with code 7");
    let session = ground.left().remove(0);
    let changes = format!("state/gocrash/{session}/thread-1-run-0/changes");
    let is_there = |path: &str| ground.path(path).exists();
    while !(is_there(&changes) && is_there("desk/closed")) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    destroy(&mut child);
    wait_for_end(ground);
    session
}

pub(crate) fn clean(ground: &Ground, args: &[&str]) -> Hunted {
    let args = [&["clean"], args].concat();
    Hunted::new(ground.after(&args).output().unwrap())
}

#[test]
fn what_only_has_the_name_of_a_hunt_stays() {
    let ground = Ground::new(Caller::Person, "true");
    let path = ground.path("state/gocrash/gocrash-123");
    fs::create_dir_all(&path).unwrap();
    let cleaned = clean(&ground, &["-y", "--all"]).expect(125);
    let said = format!("left {}: it is empty", path.display());
    assert!(cleaned.stderr.contains(&said), "{cleaned:#?}");
    assert!(path.exists());
}

#[test]
fn programs_are_told_what_goes() {
    let ground = Ground::new(Caller::Person, "true");
    ground.hunt(&["-p1"], "exit 7").expect(1);
    let name = ground.left().remove(0);
    let told = |args: &[&str], code| -> Value {
        let args = [&["--json", "latest"], args].concat();
        let cleaned = clean(&ground, &args).expect(code);
        serde_json::from_str(&cleaned.stdout).unwrap()
    };
    let refused = clean(&ground, &["--json", "latest"]).expect(129);
    assert!(refused.stderr.contains("have it done by `-y`"), "{refused:#?}");
    let planned = told(&["-n"], 0);
    assert_eq!(planned["dry_run"], true);
    let mine = ground.path("state/gocrash").join(&name).join("mine");
    fs::write(&mine, "").unwrap();
    let cleaned = told(&["-y"], 125);
    assert_eq!(cleaned["gone"].as_array().unwrap().len(), 1, "{cleaned}");
    assert_eq!(cleaned["left"][0]["name"], mine.to_str().unwrap());
    fs::remove_file(&mine).unwrap();
    let cleaned = told(&["-y"], 0);
    let whole = ground.path("state/gocrash").join(&name);
    assert_eq!(cleaned["gone"][0]["name"], whole.to_str().unwrap());
    assert_eq!(planned["gone"].as_array().unwrap().len(), 2, "{planned}");
    assert_eq!(ground.left(), [""; 0]);
}

#[test]
fn a_record_that_was_taken_away_is_no_matter_of_rights() {
    let ground = Ground::new(Caller::Person, "true");
    ground.hunt(&["-p1"], "exit 7").expect(1);
    let session = ground.path("state/gocrash").join(&ground.left()[0]);
    fs::remove_file(session.join("gocrash.json")).unwrap();
    let refused = ground.after(&["rerun", "latest"]).output().unwrap();
    let said = Hunted::new(refused).expect(129).stderr;
    assert!(said.contains("told by `gocrash report`"), "{said}");
    fs::remove_file(session.join("events.jsonl")).unwrap();
    let said = clean(&ground, &["-y", "latest"]).stderr;
    assert!(!said.contains("sudo"), "{said}");
}

#[test]
fn what_was_unfinished_goes_first_and_the_rest_when_it_is_asked_for() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "echo a >file");
        let before = ground.source();
        let session = broken_off(&ground);
        let dir = ground.path("state/gocrash").join(&session);
        let list = || {
            let mut names: Vec<String> = fs::read_dir(&dir)
                .unwrap()
                .map(|e| e.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        let all = list();
        assert!(all.contains(&"thread-0-run-0".to_owned()), "{all:?}");
        // Nobody can be asked, nothing was named.
        let refused = clean(&ground, &["--all"]).expect(129);
        assert!(refused.stderr.contains("-y"), "{}", refused.stderr);
        clean(&ground, &["-y"]).expect(129);
        clean(&ground, &["-y", "no-such"]).expect(129);
        let planned = clean(&ground, &["-n", &session]).expect(0);
        for name in [&*session, "thread-0-run-0", "thread-1-run-0"] {
            let line = format!("/{name}\n");
            assert!(planned.stdout.contains(&line), "{}", planned.stdout);
        }
        assert_eq!(list(), all);

        clean(&ground, &["-y", "--stale", "--all"]).expect(0);
        let kept = ["events.jsonl", "gocrash.json", "thread-1-run-0"].to_vec();
        let rest: Vec<String> =
            list().into_iter().filter(|name| name != ".ready").collect();
        assert_eq!(rest, kept, "{caller:?}");
        let [hunt] = &listed(&ground)[..] else { panic!() };
        assert_eq!(hunt["state"], "broken_off");
        assert_eq!(hunt["kept"].as_array().unwrap().len(), 1);
        assert_eq!(hunt["unfinished"], Value::from(Vec::<Value>::new()));

        clean(&ground, &["-y", "latest"]).expect(0);
        assert_eq!(ground.left(), [""; 0], "{caller:?}");
        assert_eq!(ground.source(), before, "{caller:?}");
    }
}

#[test]
fn what_is_not_the_hunts_is_left_and_named() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        ground.hunt(&["-p1", "--keep-success"], "exit 7").expect(1);
        let session = ground.left().remove(0);
        let dir = format!("state/gocrash/{session}");
        // A directory of an attempt that never was, and a note in another one.
        let plant = "mkdir -p thread-9-run-9/upper; echo a >thread-9-run-9/note
                     echo b >thread-0-run-0/note";
        ground.as_person("sh", &["-ec", plant], &dir);
        let cleaned = clean(&ground, &["-y", &session]).expect(125);
        for name in ["thread-9-run-9", "thread-0-run-0/note"] {
            let left = format!("left {}/{name}: ", ground.path(&dir).display());
            assert!(cleaned.stderr.contains(&left), "{}", cleaned.stderr);
        }
        let note = ground.path(&dir).join("thread-0-run-0/note");
        assert_eq!(fs::read_to_string(&note).unwrap(), "b\n");
        fs::remove_file(note).unwrap();
        clean(&ground, &["-y", &session]).expect(125);
        let is_there = |name| ground.path(&dir).join(name).exists();
        assert!(is_there("thread-9-run-9") && is_there("gocrash.json"));
        assert!(!is_there("thread-0-run-0"), "{caller:?}");
    }
}

#[test]
fn a_hunt_that_goes_on_is_not_cleaned_up() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let suite = "while [ -d /proc/$PPID ]; do sleep 0.1; done";
        let args = ["-p1", "--", "sh", "-c", suite];
        let mut child = ground.gocrash(&args).spawn().unwrap();
        wait_for(&mut child, "attempt 0: start");
        let refused = clean(&ground, &["-y", "latest"]).expect(129);
        assert!(refused.stderr.contains("goes on"), "{}", refused.stderr);
        // Of all, the others.
        assert_eq!(clean(&ground, &["-y", "--all"]).expect(0).stdout, "");
        let left = ground.left();
        assert_eq!(left.len(), 1, "{caller:?}");
        destroy(&mut child);
    }
}

#[test]
fn what_has_done_its_runs_is_not_resumed_and_may_be_done_again() {
    let ground = Ground::new(Caller::Person, "true");
    for limit in ["--max-runs=2", "--stop-after=1"] {
        let options = ["-p2", "--keep-success", limit];
        ground.hunt(&options, "true").expect(0);
        let resumed = ground.after(&["resume", "latest"]).output().unwrap();
        let resumed = Hunted::new(resumed).expect(129);
        assert!(resumed.stderr.contains("has done all its runs\n"), "{limit}");
        assert!(resumed.stderr.contains("`gocrash rerun "), "{limit}");
    }
    let args = ["rerun", "latest", "--times=2"];
    let rerun = ground.after(&args).output().unwrap();
    let rerun = Hunted::new(rerun).expect(0);
    assert!(rerun.stdout.contains("ended by: --times 2\n"), "{rerun:#?}");
    let report = ground.after(&["report", "latest"]).output().unwrap();
    let report = Hunted::new(report).expect(0).stdout;
    let (verdict, _) = report.split_once('\n').unwrap();
    assert!(verdict.ends_with(", ended by --times"), "{verdict}");
    let none = ground.after(&["rerun", "latest", "--times=0"]).output();
    assert!(Hunted::new(none.unwrap()).expect(129).stderr.contains("--times"));
}
