//! What can be done with what hunts in directories have kept.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::ground::{Caller, Ground, Hunted, wait_for};
use crate::processes::wait_until;
use crate::sessions::{destroy, wait_for_end};

fn after(ground: &Ground, args: &[&str]) -> Hunted {
    Hunted::new(ground.after(args).output().unwrap())
}

/// A hunt with an attempt that failed after it had changed something.
fn failed(caller: Caller) -> (Ground, String) {
    let ground = Ground::new(caller, "echo a >file; echo b >other; mkdir dir");
    let suite = "echo out; echo more >>file; rm other; mkdir dir/closed
                 echo new >dir/closed/new; chmod 0 dir/closed; exit 7";
    let options = ["-p1", "--cwd=dir", "--env=WORDS=two words"];
    let suite = format!("cd ..; {suite}");
    ground.hunt(&options, &suite).expect(1);
    let session = ground.left().remove(0);
    (ground, session)
}

#[test]
fn a_shell_is_in_the_tree_as_it_was_left_and_spoils_nothing() {
    for caller in Caller::all() {
        let (ground, session) = failed(caller);
        let before = ground.source();
        let tree = ground.path("state/gocrash").join(&session);
        let list = || {
            let out = Command::new("find").arg(&tree).output().unwrap();
            String::from_utf8(out.stdout).unwrap()
        };
        let whole = list();
        let look = "id -u; cat ../file; ls ..; echo \"$WORDS\"; basename $PWD
            grep CapEff /proc/self/status; echo x >spoilt; rm ../file; exit 9";
        let args = ["shell", "latest", "--", "sh", "-c", look];
        let sat = after(&ground, &args).expect(9);
        let uid = ground.uid;
        let expected = format!(
            "{uid}\na\nmore\ndir\nfile\ntest_run_stderr\ntest_run_stdout\n\
             two words\ndir\nCapEff:\t0000000000000000\n"
        );
        assert_eq!(sat.stdout, expected, "{caller:?}: {}", sat.stderr);
        assert_eq!(list(), whole, "{caller:?}");
        assert_eq!(ground.source(), before, "{caller:?}");

        let args = ["shell", "--in-place", "latest", "--", "touch", "mark"];
        after(&ground, &args).expect(0);
        let mark = tree.join("thread-0-run-0/upper/dir/mark");
        assert!(mark.exists(), "{caller:?}");
        assert_eq!(ground.mounted_by(), [""; 0], "{caller:?}");
        after(&ground, &["clean", "-y", "latest"]).expect(0);
        assert_eq!(ground.left(), [""; 0], "{caller:?}");
    }
}

#[test]
fn what_changed_is_listed_shown_and_packed() {
    for caller in Caller::all() {
        let (ground, session) = failed(caller);
        let id = format!("{}/thread-0-run-0", &session[session.len() - 4..]);
        let diff = after(&ground, &["diff", &id]).expect(0).stdout;
        let list = ground.path("state/gocrash").join(&session);
        let list = list.join("thread-0-run-0/changes");
        assert_eq!(diff, fs::read_to_string(list).unwrap());
        let json = after(&ground, &["diff", "--json", "latest"]).expect(0);
        let json: Value = serde_json::from_str(&json.stdout).unwrap();
        let closed = &json["changes"][0];
        assert_eq!(closed["path"], "dir/closed", "{diff}");
        assert_eq!(
            (&closed["what"], &closed["directory"]),
            (&"added".into(), &true.into())
        );

        let shown = after(&ground, &["show", &id]).expect(0).stdout;
        for part in
            ["failed with 7 after ", "/upper/test_run_stdout\n", " out\n"]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        let shown = after(&ground, &["show", &session]).expect(0).stdout;
        for part in ["attempts:  1 failed\n", "\"sh\" \"-c\"", " in dir\n"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        let json = after(&ground, &["show", "--json", "latest"]).expect(0);
        let json: Value = serde_json::from_str(&json.stdout).unwrap();
        assert_eq!(json["details"][0]["exit_status"], 7);
        assert_eq!(json["person"]["uid"], ground.uid.as_raw());

        let archive = ground.path("desk/pack.tar");
        let archive = archive.to_str().unwrap();
        after(&ground, &["pack", "latest", "-o", archive]).expect(0);
        let untar = |args: &[&str]| {
            let out = Command::new("tar").args(args).output().unwrap();
            assert!(out.status.success(), "{args:?}");
            String::from_utf8(out.stdout).unwrap()
        };
        let slate = format!("{session}/thread-0-run-0");
        let expected = format!(
            "{session}/gocrash.json\n{session}/events.jsonl\n\
             {slate}/test_run_stdout\n{slate}/test_run_stderr\n\
             {slate}/changes\n"
        );
        assert_eq!(untar(&["tf", archive]), expected);
        let changes = format!("{slate}/changes");
        assert_eq!(untar(&["xOf", archive, &changes]), diff);
        let manifest = format!("{session}/gocrash.json");
        let manifest = untar(&["xOf", archive, &manifest]);
        assert!(!manifest.contains("two words"), "{manifest}");
        // What is there is not overwritten.
        after(&ground, &["pack", "latest", "-o", archive]).expect(129);
    }
}

#[test]
fn what_ran_when_the_host_went_down_stays_when_a_hunt_goes_on() {
    let ground = Ground::new(Caller::Person, "true");
    let suite = r#"[ ! -e "$DESK/again" ] || exit 0
        echo x >"$DESK/on"; echo x >new
        while [ -d /proc/$PPID ]; do sleep 0.1; done"#;
    let args = ["-p1", "--stop-after=1", "--", "sh", "-c", suite];
    let mut child = ground.gocrash(&args).spawn().unwrap();
    wait_until("a run", || ground.path("desk/on").exists());
    destroy(&mut child);
    wait_for_end(&ground);
    fs::write(ground.path("desk/again"), "").unwrap();
    // As if there had been another boot since.
    let session = ground.left().remove(0);
    let log = ground.path(&format!("state/gocrash/{session}/events.jsonl"));
    let text = fs::read_to_string(&log).unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    assert!(text.contains(boot.trim()), "{text}");
    let other = "00000000-0000-4000-8000-000000000000";
    fs::write(&log, text.replace(boot.trim(), other)).unwrap();

    let resumed = after(&ground, &["resume", "latest"]).expect(0);
    let why = "thread-0-run-0: it ran when the host went down";
    assert!(resumed.stderr.contains(why), "{resumed:?}");
    let slate = format!("state/gocrash/{session}/thread-0-run-0/upper/new");
    assert!(ground.path(&slate).exists());
    after(&ground, &["clean", "-y", "--stale", "latest"]).expect(0);
    assert!(!ground.path(&slate).exists());
    after(&ground, &["clean", "-y", "latest"]).expect(0);
    assert_eq!(ground.left(), [""; 0]);
}

#[test]
fn a_hunt_that_broke_off_goes_on() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let events = ground.path("desk/events");
        // What root made, the owner of the hunt could not have asked for.
        ground.as_person("touch", &["events"], "desk");
        let events = format!("--events={}", events.display());
        let suite = r#"[ ! -e "$DESK/again" ] || exit 0
            if [ "$GOCRASH_SLOT" = 1 ]; then
                until [ -e "$DESK/on" ]; do sleep 0.05; done; exit 7
            fi
            echo x >"$DESK/on"
            while [ -d /proc/$PPID ]; do sleep 0.1; done"#;
        let args = ["-p2", "--stop-after=3", &events, "--", "sh", "-c", suite];
        let mut child = ground.gocrash(&args).spawn().unwrap();
        wait_for(&mut child, "exited with code 7");
        after(&ground, &["resume", "latest"]).expect(129);
        destroy(&mut child);
        wait_for_end(&ground);
        fs::write(ground.path("desk/again"), "").unwrap();
        let resumed = after(&ground, &["resume", "latest"]).expect(1);
        assert!(resumed.stdout.contains("reopened directory"), "{resumed:#?}");

        let [session] = &ground.left()[..] else { panic!("{caller:?}") };
        let dir = ground.path("state/gocrash").join(session);
        let log = fs::read_to_string(dir.join("events.jsonl")).unwrap();
        let copy = fs::read_to_string(ground.path("desk/events")).unwrap();
        // The record is written first: of what came before the kill, the copy
        // may lack the end.
        let parted = |text: &str| {
            let at = text.lines().position(|l| l.contains(r#""resumed""#));
            let all = text.lines().map(str::to_owned).collect::<Vec<_>>();
            let (killed, resumed) = all.split_at(at.unwrap());
            (killed.to_vec(), resumed.to_vec())
        };
        let (log_parts, copy_parts) = (parted(&log), parted(&copy));
        assert_eq!(log_parts.1, copy_parts.1, "{caller:?}");
        assert!(log_parts.0.starts_with(&copy_parts.0), "{log}\n{copy}");
        let lines: Vec<Value> =
            log.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        let is = |line: &&Value, event: &str| line["event"] == event;
        let at = lines.iter().position(|l| l["event"] == "resumed").unwrap();
        let of = |lines: &[Value], event: &str| -> Vec<(u64, u64)> {
            let found = lines.iter().filter(|line| is(line, event));
            let name = |l: &Value| {
                Some((l["thread"].as_u64()?, l["attempt"].as_u64()?))
            };
            found.map(|line| name(line).unwrap()).collect()
        };
        // No number is used twice, and each thread does the rest of its runs.
        let before = of(&lines[..at], "preparing");
        let later = of(&lines[at..], "preparing");
        assert!(!later.iter().any(|name| before.contains(name)), "{log}");
        let exits = of(&lines[at..], "exit");
        let runs = |thread| exits.iter().filter(|e| e.0 == thread).count();
        assert_eq!((runs(0), runs(1)), (3, 2), "{log}");
        let t_ns = |line: &Value| line["t_ns"].as_u64().unwrap();
        assert!(t_ns(&lines[at]) >= t_ns(&lines[at - 1]), "{log}");
        // What failed before it broke off is reproduced.
        assert_eq!(lines.last().unwrap()["verdict"], "reproduced");
        // What was kept is there, and nothing that was unfinished.
        let names = fs::read_dir(&dir).unwrap().count();
        assert_eq!(names, 3, "{caller:?}");
        assert!(dir.join("thread-1-run-0/upper").exists());
    }
}

#[test]
fn a_hunt_is_run_again_with_a_narrower_command() {
    for caller in Caller::all() {
        let (ground, first) = failed(caller);
        let narrow = "pwd; cat ../file; echo \"$WORDS\"; exit 3";
        let args = ["rerun", "latest", "--times=4", "--", "sh", "-c", narrow];
        let again = after(&ground, &args).expect(1);
        assert_eq!(ground.left().len(), 2, "{caller:?}");
        let stdout = again.upper("kept: ").join("test_run_stdout");
        let stdout = fs::read_to_string(stdout).unwrap();
        assert!(stdout.ends_with("/tree/dir\na\ntwo words\n"), "{stdout}");
        assert!(again.stdout.contains("after all threads do 4 runs"));
        // That one can be run again in turn.
        after(&ground, &["clean", "-y", &first]).expect(0);
        let args = ["rerun", "latest", "--times=1"];
        let again = after(&ground, &args).expect(1);
        assert!(again.stdout.contains("after all threads do 1 run\n"));
    }
}

#[test]
fn what_was_removed_since_is_not_said_to_be_there() {
    let (ground, session) = failed(Caller::Person);
    let shown = after(&ground, &["show", "latest"]).expect(0).stdout;
    let rate = "rate:      1 of 1 run, 100% (95% CI 3–100%)\n";
    assert!(shown.contains(rate), "{shown}");
    let report = || after(&ground, &["report", "latest"]).expect(0).stdout;
    let path = format!("/{session}/thread-0-run-0/upper/test_run_stdout");
    assert!(report().contains(&path), "{}", report());
    let slate = ground.path("state/gocrash").join(&session);
    let slate = slate.join("thread-0-run-0");
    let dir = slate.to_str().unwrap();
    ground.as_person(
        "sh",
        &["-ec", "chmod -R u+rwx $0; rm -r $0", dir],
        "desk",
    );
    let told = "thread-0-run-0: at";
    assert!(report().contains(told), "{}", report());
    assert!(!report().contains(&path), "{}", report());
    let removed = "    was kept, and has been removed since\n";
    assert!(report().contains(removed), "{}", report());
}

#[test]
fn programs_can_hunt_again_and_pack() {
    let (ground, session) = failed(Caller::Person);
    let again = after(&ground, &["rerun", "latest", "--json"]).expect(1);
    let events: Vec<Value> = again
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events.last().unwrap()["verdict"], "reproduced");
    let archive = ground.path("desk/archive");
    let archive = archive.to_str().unwrap();
    let id = format!("{session}/thread-0-run-0");
    let args = ["pack", &id, "--json", "-o"];
    let mixed = after(&ground, &[&args[..], &["-"]].concat()).expect(129);
    assert!(mixed.stderr.contains("would be mixed"), "{mixed:#?}");
    let told = after(&ground, &[&args[..], &[archive]].concat()).expect(0);
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(told["archive"], archive);
    let name = told["attempts"][0].as_str().unwrap();
    assert!(name.ends_with(&format!("/{id}/upper")), "{name}");
}
