//! What a suite can't do: gain rights, reach the next slate, or lead gocrash to
//! what is not its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;

use nix::unistd::User;

use crate::ground::{Caller, Ground, Hunted, wait_for};
use crate::processes;

/// What `ps` calls the process with the rights.
const KEEPER: &str = "gocrash-keeper";

#[test]
fn the_suite_has_no_capabilities() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let script = "id -u; grep ^Cap /proc/self/status; exit 7";
        let hunted = ground.hunt(&["-p1"], script).expect(1);
        let stdout = hunted.upper("kept: ").join("test_run_stdout");
        let stdout = fs::read_to_string(stdout).unwrap();
        let sets: Vec<(&str, u64)> = stdout
            .lines()
            .filter_map(|line| line.split_once(":\t"))
            .map(|(set, bits)| (set, u64::from_str_radix(bits, 16).unwrap()))
            .collect();
        assert_eq!(sets.len(), 5, "{stdout}");
        for (set, bits) in sets {
            // Root's is the host's, as if the person had logged in.
            if set != "CapBnd" || caller == Caller::Person {
                assert_eq!(bits, 0, "{caller:?}: {stdout}");
            }
        }
        assert!(stdout.starts_with(&ground.uid.to_string()), "{stdout}");
    }
}

#[test]
fn gocrash_itself_has_no_rights_while_it_hunts() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let script = r#"until [ -e "$DESK/go" ]; do sleep 0.01; done"#;
        let options = ["-p1", "--stop-after=1", "--keep-success"];
        let suite = ["--", "sh", "-c", script];
        let hunt = ground.gocrash(&[&options, &suite[..]].concat());
        // One that another one begins has no more.
        for gocrash in [hunt, ground.after(&["rerun", "latest"])] {
            has_no_rights(&ground, gocrash);
        }
    }
}

#[test]
fn gocrash_itself_has_no_rights_while_it_verifies_a_fix() {
    let ground = Ground::new(Caller::Person, "true");
    let script = r#"until [ -e "$DESK/go" ]; do sleep 0.01; done
        [ ! -e "$DESK/bad" ]"#;
    let words = ["go", "bad"].map(|name| ground.path("desk").join(name));
    words.iter().for_each(|word| fs::write(word, "").unwrap());
    ground.hunt(&["--max-fails=4"], script).expect(1);
    words.iter().for_each(|word| fs::remove_file(word).unwrap());
    let source = ground.path("source");
    let source = source.to_str().unwrap();
    let verify = ["verify-fix", "--progress=none", "--baseline=latest", source];
    has_no_rights(&ground, ground.after(&verify));
}

/// A hunt that waits until it may go on.
fn has_no_rights(ground: &Ground, mut gocrash: Command) {
    let mut child = gocrash.spawn().unwrap();
    wait_for(&mut child, "attempt 0: start");
    let status = format!("/proc/{}/status", child.id());
    let status = fs::read_to_string(status).unwrap();
    let line = |word: &str| {
        let line = status.lines().find_map(|l| l.strip_prefix(word));
        line.unwrap().split_whitespace().collect::<Vec<_>>()
    };
    let uid = ground.uid.to_string();
    assert_eq!(line("Uid:"), [&uid; 4], "{gocrash:?}");
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
        assert_eq!(line(set), ["0000000000000000"], "{gocrash:?}");
    }
    assert!(!line("Groups:").contains(&"0"), "{status}");
    let keepers = processes::of(ground.folder());
    let keepers = keepers.iter().filter(|(_, name)| name.starts_with(KEEPER));
    assert_eq!(keepers.count(), 1, "{gocrash:?}");
    let go = ground.path("desk/go");
    fs::write(&go, "").unwrap();
    Hunted::new(child.wait_with_output().unwrap()).expect(0);
    assert_eq!(processes::of(ground.folder()), []);
    fs::remove_file(go).unwrap();
}

/// The suite is a third person's: what only they can do about it is done as
/// they, though gocrash itself is who called.
#[test]
fn the_suite_can_be_somebody_elses_than_who_called() {
    if !Caller::all().contains(&Caller::Root) {
        return;
    }
    let ground = Ground::new(Caller::Root, "true");
    let caller = User::from_name("daemon").unwrap().unwrap();
    let pattern = fs::read("/proc/sys/kernel/core_pattern").unwrap();
    let dumps = !(pattern.starts_with(b"/") || pattern.starts_with(b"|"));
    let html = ground.path("report.html");
    for dir in ["", "desk"] {
        let mode = Permissions::from_mode(0o777);
        fs::set_permissions(ground.path(dir), mode).unwrap();
    }
    let html_option = format!("--html={}", html.display());
    // It dumps core when it is told to quit.
    let script = "id -u; exec sleep 10000";
    let options = ["-p1", "--cores", "--timeout=4s", &html_option];
    let suite = ["--on-failure", r#"id -u >"$DESK/hook""#, "--"];
    let args = [&options, &suite[..], &["sh", "-c", script]].concat();
    let mut gocrash = ground.gocrash(&args);
    gocrash.env("SUDO_USER", &caller.name);
    gocrash.env("SUDO_UID", caller.uid.to_string());
    let hunted = Hunted::new(gocrash.output().unwrap()).expect(1);
    let upper = hunted.upper("attempt 0: start");
    let read = |path| fs::read_to_string(path).unwrap();
    let printed = read(upper.join("test_run_stdout"));
    assert_eq!(printed, format!("{}\n", ground.uid));
    let hook = read(ground.path("desk/hook"));
    assert_eq!(hook, format!("{}\n", caller.uid));
    // The manifest is not for them to read, what it says is theirs.
    assert!(
        read(html.clone()).contains("sleep 10000"),
        "{}",
        read(html.clone())
    );
    assert_eq!(fs::metadata(html).unwrap().uid(), caller.uid.as_raw());
    let autopsy = read(upper.join("test_run_autopsy"));
    assert!(autopsy.contains("== stacks of process"), "{autopsy}");
    assert!(!autopsy.contains("not permitted"), "{autopsy}");
    if dumps {
        let program = fs::read(upper.join("test_run_cores/sleep")).unwrap();
        assert_eq!(program, fs::read("/usr/bin/sleep").unwrap());
    }
}

#[test]
fn an_attempt_sees_nothing_of_the_hunt_but_its_own_tree() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let events = ground.path("desk/events");
        let events = format!("--events={}", events.display());
        // The first attempt waits until the next one's slate is there.
        let script = r#"
            if [ "$GOCRASH_ATTEMPT" = 0 ]; then
                until grep -q '"prepared".*"attempt":1,' "$DESK/events"; do
                    sleep 0.01
                done
                cd ../..
                chmod 700 . && exit 5
                for hidden in .ready gocrash.json thread-0-run-0/upper; do
                    ls -d $hidden && exit 6
                done
                grep run-1 /proc/self/mountinfo && exit 7
                mkdir thread-0-run-1 && exit 8
                echo spoiled >thread-0-run-0/tree/file
            else
                test ! -e file
            fi"#;
        let options = [&events, "-p1", "--stop-after=2"];
        ground.hunt(&options, script).expect(0);
        assert_eq!(ground.left(), [""; 0], "{caller:?}");
    }
}

#[test]
fn a_slate_that_waits_is_out_of_the_persons_reach() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let script = "if ls ../.ready; then exit 5; fi";
        ground.hunt_meddled(script, 0).expect(0);
        assert_eq!(ground.left(), [""; 0], "{caller:?}");
    }
}

#[test]
fn links_that_are_planted_lead_nowhere() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        ground.as_person("sh", &["-ec", BYSTANDER], "desk");
        for name in ["upper", "work", "changes"] {
            // What is a list at the end is not there yet.
            let plant = format!(
                r#"mv {name} mine || true; ln -s "$DESK/bystander" {name}"#
            );
            ground.hunt_meddled(&plant, 0).expect(0);
            assert_eq!(ground.left(), [""; 0], "{caller:?}: {name}");

            ground.hunt_meddled(&plant, 7).expect(1);
            let session = ground.left().remove(0);
            let session = ground.path("state/gocrash").join(session);
            // Nothing was written there, nor read.
            let changes = session.join("thread-0-run-0/changes");
            let changes = fs::read_to_string(changes).unwrap_or_default();
            assert_eq!(changes, "", "{caller:?}: {name}");
            let bystander = ground.path("desk/bystander");
            let file = fs::read_to_string(bystander.join("work/file"));
            assert_eq!(file.unwrap(), "untouched\n", "{caller:?}: {name}");
            let names = fs::read_dir(&bystander).unwrap().count();
            assert_eq!(names, 1, "{caller:?}: {name}");
            fs::remove_dir_all(session).unwrap();
        }
    }
}

const BYSTANDER: &str = "
    mkdir -p bystander/work; echo untouched >bystander/work/file";

#[test]
fn a_directory_that_is_not_gocrashs_is_left_and_named() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let replace = r#"
            cd ..; mv thread-0-run-0 mine; mkdir -p thread-0-run-0/upper
            echo theirs >thread-0-run-0/upper/file"#;
        let stdout = ground.hunt_meddled(replace, 0).expect(0).stdout;
        let why = "it is not the directory that this hunt created";
        assert!(stdout.contains(why), "{stdout}");
        let session = ground.path("state/gocrash").join(&ground.left()[0]);
        let theirs = session.join("thread-0-run-0/upper/file");
        assert_eq!(fs::read_to_string(theirs).unwrap(), "theirs\n");
    }
}

#[test]
#[ignore = "needs root"]
fn a_link_in_the_state_directory_leads_root_nowhere() {
    let ground = Ground::new(Caller::Root, "true");
    // Root could write there, the person can't.
    let elsewhere = ground.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, ground.path("state/gocrash")).unwrap();
    let hunted = ground.hunt(&["-p1", "--stop-after=1"], "true");
    assert_ne!(hunted.output.status.code(), Some(0), "{hunted:#?}");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn a_private_tmp_is_in_the_slate_and_no_other_attempt_sees_it() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let script = r#"
            test "$TMPDIR" = /tmp && test -z "$(ls -A /tmp)" || exit 3
            echo >/tmp/mine
            echo >>"$DESK/here"
            until [ "$(wc -l <"$DESK/here")" -ge 2 ]; do sleep 0.05; done
            test "$(ls -A /tmp)" = mine || exit 4
            case $(mktemp) in /tmp/*) ;; *) exit 5 ;; esac"#;
        let options = ["--stop-after=1", "--keep-success", "--private-tmp"];
        ground.hunt(&options, script).expect(0);
        let session = ground.left().pop().unwrap();
        for thread in 0..2 {
            let slate =
                format!("state/gocrash/{session}/thread-{thread}-run-0");
            let tmp = ground.path(&slate).join("upper/test_run_tmp");
            assert!(tmp.join("mine").exists());
            assert_eq!(fs::read_dir(tmp).unwrap().count(), 2);
        }
        assert_eq!(ground.mounted_by(), [""; 0], "{caller:?}");
    }
}
