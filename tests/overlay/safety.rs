//! What a suite can't do: gain rights, reach the next slate, or lead gocrash to
//! what is not its own.

use std::fs;
use std::os::unix::fs::symlink;

use nix::unistd::Uid;

use crate::ground::{Caller, Ground};

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
fn a_link_in_the_state_directory_leads_root_nowhere() {
    if !Uid::effective().is_root() {
        eprintln!("not as root: nothing can be told");
        return;
    }
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
