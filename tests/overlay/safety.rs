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
fn a_slate_that_waits_is_out_of_reach() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        // The first attempt waits until the next one's slate is there.
        let script = r#"
            if [ "$GOCRASH_ATTEMPT" = 0 ]; then
                until grep -q run-1/tree /proc/self/mountinfo; do
                    sleep 0.01
                done
                ls ../../.ready && exit 5
                echo spoiled >../../.ready/thread-0-run-1/tree/file && exit 6
                echo spoiled >../../.ready/thread-0-run-1/upper/file && exit 6
                umount ../../.ready/thread-0-run-1/tree && exit 6
            fi
            test ! -e file"#;
        let options = ["-p1", "--stop-after=2"];
        ground.hunt(&options, script).expect(0);
        assert_eq!(ground.left(), [""; 0], "{caller:?}");
    }
}

#[test]
fn links_that_a_suite_plants_lead_nowhere() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let bystander = ground.path("bystander");
        fs::create_dir(&bystander).unwrap();
        fs::write(bystander.join("file"), "untouched").unwrap();
        let plant = r#"
            cd ..; mv upper elsewhere; mv work work2
            for name in upper work changes; do
                rm -f $name; ln -s "$DESK/../bystander" $name
            done
            cd ..; mv $GOCRASH_NAME taken
            ln -s "$DESK/../bystander" $GOCRASH_NAME"#;
        let env = "GOCRASH_NAME=thread-0-run-0";
        for (end, status) in [("exit 0", 0), ("exit 7", 1)] {
            let script = format!("{plant}\n{end}");
            let options = ["-p1", "--stop-after=1", "--env", env];
            let hunted = ground.hunt(&options, &script).expect(status);
            let text = hunted.stdout;
            // It isn't the directory that was made, and is named.
            assert!(
                text.contains("thread-0-run-0: ")
                    || text.contains("not marked"),
                "{text}"
            );
            let file = fs::read_to_string(bystander.join("file")).unwrap();
            assert_eq!(file, "untouched", "{caller:?}");
            assert_eq!(fs::read_dir(&bystander).unwrap().count(), 1);
        }
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
