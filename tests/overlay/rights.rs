//! Under sudo, nothing is read that the person who called may not read, be it
//! that they name it, or that they or a suite have put a link in its place.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use nix::unistd::User;
use serde_json::{Value, json};

use crate::ground::{Caller, Ground, Hunted};

/// What is in each of root's own files.
const SECRET: &str = "panic: a secret\n";
const RULES: &str = "secret <- nothing\n";

/// A hunt with a failure, and a directory that is root's alone.
fn ground() -> (Ground, String) {
    let ground = Ground::new(Caller::Root, "echo a >file");
    let log = ground.path("desk/events");
    let options = ["-p1", "--events", log.to_str().unwrap()];
    let suite = "echo 'panic: mine'; echo b >file; exit 2";
    ground.hunt(&options, suite).expect(1);
    let root = ground.path("root");
    fs::create_dir(&root).unwrap();
    fs::set_permissions(&root, Permissions::from_mode(0o700)).unwrap();
    // Their modes let everybody read them: it is the way that is closed.
    for name in ["test_run_stdout", "file", "changes"] {
        let text = format!("{SECRET}added    \"a secret\"\n");
        fs::write(root.join(name), text).unwrap();
    }
    fs::write(root.join("rules"), RULES).unwrap();
    let events = fs::read_to_string(log).unwrap();
    let events = events.replace("panic: mine", "a secret");
    fs::write(root.join("events.jsonl"), events).unwrap();
    let session = ground.left().remove(0);
    (ground, session)
}

/// gocrash, as the person would start it by sudo.
fn by_sudo(ground: &Ground, args: &[&str]) -> Command {
    let user = User::from_uid(ground.uid).unwrap().unwrap();
    let mut command = ground.after(args);
    command
        .env("SUDO_USER", user.name)
        .env("SUDO_UID", user.uid.to_string())
        .env("SUDO_GID", user.gid.to_string());
    command
}

fn sudo(ground: &Ground, args: &[&str]) -> Hunted {
    Hunted::new(by_sudo(ground, args).output().unwrap())
}

/// Fails if anything of root's is among what was printed.
fn tells_nothing(hunted: &Hunted, what: &str) {
    let (stdout, stderr) = (&hunted.stdout, &hunted.stderr);
    let is_told = [stdout, stderr].iter().any(|text| text.contains("secret"));
    assert!(!is_told, "{what}: {stdout}{stderr}");
}

#[test]
#[ignore = "needs root"]
fn a_file_that_is_named_is_read_as_the_person_who_called() {
    let (ground, _) = ground();
    let file = ground.path("root/file");
    let file = file.to_str().unwrap();
    ground.as_person("ln", &["-s", file, "link"], "desk");
    ground.as_person("sh", &["-c", "echo 'panic: x' >own"], "desk");
    let path = |name: &str| ground.path(name).to_str().unwrap().to_owned();
    let own = path("desk/own");
    let source = path("source");
    let (rules, events) = (path("root/rules"), path("root/events.jsonl"));
    let baseline = ["verify-fix", "--baseline", &events, &source, "--", "true"];
    let asked = [
        &["triage", file][..],
        &["triage", &path("desk/link")],
        &["triage", &path("root")],
        &["triage", &path("root/test_run_stdout")],
        &["triage", "--rules", &rules, &own],
        &["report", &events],
        &["report", "--json", &events],
        &baseline,
    ];
    for args in asked {
        let told = sudo(&ground, args);
        let code = told.output.status.code();
        assert!(matches!(code, Some(125 | 129)), "{args:?}: {code:?}");
        let name = [file, &rules, &events, "desk/link", "/root"];
        let is_named = name.iter().any(|name| told.stderr.contains(name));
        assert!(is_named, "{}", told.stderr);
        tells_nothing(&told, &format!("{args:?}"));
        assert_eq!(told.stdout, "", "{args:?}");
    }
    // Root may, and the person what is theirs.
    let roots = ground.after(&["triage", file]).output().unwrap();
    assert!(Hunted::new(roots).expect(0).stdout.contains("secret"));
    let theirs = sudo(&ground, &["triage", &own]).expect(0);
    assert!(theirs.stdout.contains("panic: x"), "{}", theirs.stdout);
    let events = path("desk/events");
    let theirs = sudo(&ground, &["report", &events]).expect(0);
    assert!(theirs.stdout.contains("panic: mine"), "{}", theirs.stdout);
}

#[test]
#[ignore = "needs root"]
fn who_cannot_be_told_reads_nothing() {
    let (ground, _) = ground();
    let file = ground.path("root/file");
    let args = ["triage", file.to_str().unwrap()];
    let person = User::from_uid(ground.uid).unwrap().unwrap().name;
    let mut by_both = ground.after(&args);
    by_both.env("SUDO_USER", "root").env("SUDO_UID", "0");
    by_both.env("DOAS_USER", &person);
    let mut by_a_stranger = ground.after(&args);
    by_a_stranger.env("SUDO_USER", "no-such-user").env("SUDO_UID", "7");
    let mut by_another = ground.after(&args);
    by_another.env("SUDO_USER", &person).env("SUDO_UID", "7");
    for mut command in [by_both, by_a_stranger, by_another] {
        let told = Hunted::new(command.output().unwrap()).expect(129);
        tells_nothing(&told, &format!("{command:?}"));
    }
    // It was root who called sudo.
    let mut by_root = ground.after(&args);
    by_root.env("SUDO_USER", "root").env("SUDO_UID", "0");
    Hunted::new(by_root.output().unwrap()).expect(0);
}

#[test]
#[ignore = "needs root"]
fn what_a_hunt_kept_is_there_for_the_person_who_called() {
    let (ground, session) = ground();
    let id = format!("{session}/thread-0-run-0");
    let asked: [(&[&str], &str); 5] = [
        (&["list"], "failed with 2"),
        (&["show", &id], "panic: mine"),
        (&["triage", "latest"], "panic: mine"),
        (&["report", "latest"], "panic: mine"),
        (&["diff", "latest"], "changed  \"file\""),
    ];
    for (args, expected) in asked {
        let told = sudo(&ground, args).expect(0);
        assert!(told.stdout.contains(expected), "{args:?}: {}", told.stdout);
    }
    let archive = ground.path("desk/pack.tar");
    let archive = archive.to_str().unwrap();
    sudo(&ground, &["pack", "latest", "-o", archive]).expect(0);
    let tar = fs::read(archive).unwrap();
    let tar = String::from_utf8_lossy(&tar);
    assert!(tar.contains("panic: mine") && tar.contains("\"exit\""));
    let again = ["rerun", "latest", "--times=1", "--", "true"];
    sudo(&ground, &again).expect(0);
}

#[test]
#[ignore = "needs root"]
fn links_in_what_was_kept_lead_to_nothing_of_roots() {
    let (mut ground, mut session) = ground();
    let plants = [
        "cd thread-0-run-0/upper
         rm test_run_stdout; ln -s ../../../../../root/file test_run_stdout",
        "cd thread-0-run-0; rm changes; ln -s ../../../../root/changes",
        "cd thread-0-run-0; mv upper mine; ln -s ../../../../root upper",
        "mv thread-0-run-0 mine; ln -s ../../../root thread-0-run-0",
        "mv thread-0-run-0 mine; mkdir thread-0-run-0; cd thread-0-run-0
         ln -s ../../../../root upper; ln -s upper/changes",
        "rm events.jsonl; ln -s ../../../root/events.jsonl",
        // A record that says that all of it is elsewhere.
        "sed -i 's|\"directory\":\"[^\"]*\"|\"directory\":\"'$ROOT'\"|
             s|\"name\":\"[^\"]*/upper\"|\"name\":\"'$ROOT'\"|' events.jsonl
         rm thread-0-run-0/upper/test_run_*",
    ];
    for plant in plants {
        let dir = format!("state/gocrash/{session}");
        let root = ground.path("root");
        let plant = format!("ROOT={}\n{plant}", root.display());
        ground.as_person("sh", &["-ec", &plant], &dir);
        let id = format!("{session}/thread-0-run-0");
        let archive = ground.path("desk/pack.tar");
        let archive = archive.to_str().unwrap();
        let asked = [
            &["list", "--json"][..],
            &["show", &id],
            &["show", "--json", "latest"],
            &["triage", "latest"],
            &["report", "latest"],
            &["report", "--html=-", "latest"],
            &["diff", "latest"],
            &["pack", "latest", "-o", archive],
        ];
        for args in asked {
            // As root who logged in, too, who would not know what is whose.
            for mut command in [by_sudo(&ground, args), ground.after(args)] {
                let told = Hunted::new(command.output().unwrap());
                tells_nothing(&told, &format!("{plant}: {args:?}"));
                if let Ok(tar) = fs::read(archive) {
                    let tar = String::from_utf8_lossy(&tar);
                    assert!(!tar.contains("secret"), "{plant}: {args:?}");
                    fs::remove_file(archive).unwrap();
                }
            }
        }
        (ground, session) = self::ground();
    }
}

#[test]
#[ignore = "needs root"]
fn a_record_that_was_rewritten_makes_nobody_root() {
    let (ground, session) = ground();
    // It is theirs, like all in their state directory.
    let dir = format!("state/gocrash/{session}");
    let record = ground.path(&dir).join("gocrash.json");
    let record = fs::read(record).unwrap();
    let mut record: Value = serde_json::from_slice(&record).unwrap();
    let root = json!({"name": "root", "uid": 0, "gid": 0, "groups": [0]});
    record["person"] = root;
    let forged = ground.path("desk/forged");
    fs::write(&forged, record.to_string()).unwrap();
    ground.as_person("cp", &["../../../desk/forged", "gocrash.json"], &dir);
    let mark = "touch $DESK/mark";
    let asked = [
        &["rerun", "latest", "--", "sh", "-c", mark][..],
        &["shell", "latest", "--", "sh", "-c", mark],
        &["resume", "latest"],
    ];
    for args in asked {
        for mut command in [by_sudo(&ground, args), ground.after(args)] {
            let told = Hunted::new(command.output().unwrap()).expect(129);
            let why = "somebody else's to write";
            assert!(told.stderr.contains(why), "{}", told.stderr);
        }
    }
    assert!(!ground.path("desk/mark").exists());
}
