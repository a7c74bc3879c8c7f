//! Nobody reads what is printed, or it can't be printed; or there is no room
//! for temporary files.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use super::ground::Ground;
use super::{Mounted, WAIT, for_each_caller, for_root, go, start, start_with};
use crate::audit::Audit;
use crate::hunt::Ran;
use crate::log::Attempt;
use crate::scenario::ONCE;

/// A hunt that has a failure to tell of, started by a shell with these words
/// after the command line.
fn hunt_redirected(ground: &Ground, words: &str) -> Ran {
    let script = "[ $GOCRASH_ATTEMPT != 1 ] || exit 7";
    let running = start_with(ground, &["-p1"], script, |command| {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("exec \"$@\" {words}"), "sh"])
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir(ground.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        *command = shell;
    });
    running.end()
}

/// A failure was kept although nobody could be told: what is left is named
/// where every event is.
fn check_kept(
    ground: &Ground,
    mut ran: Ran,
    attempt: Attempt,
    audit: &Audit<'_, Ground>,
) {
    let is = |event: &str| {
        let mut lines = ran.events.iter();
        lines.find(|line| line["event"] == event).unwrap().clone()
    };
    let (kept, opened) = (is("kept"), is("opened"));
    let kept = kept["name"].as_str().unwrap();
    let session = opened["session"].as_str().unwrap();
    ran.stdout = format!(
        "kept: {kept}: \nto remove all of it: gocrash clean {session}\n"
    );
    ran.stderr.clear();
    audit.end(&ran.expect_verdict(attempt, "exited with code 7"));
    fs::remove_dir_all(ground.path("state/gocrash").join(session)).unwrap();
}

#[test]
fn a_hunt_needs_nobody_who_listens() {
    for_root("standard streams closed or full", ONCE, |ground, _| {
        let audit = Audit::begin(ground);
        for words in [
            "<&- >&- 2>&-",
            ">&-",
            "2>&-",
            ">/dev/full",
            ">/dev/full 2>/dev/full",
            "</dev/full >&- 2>/dev/full",
        ] {
            let ran = hunt_redirected(ground, words).expect(1);
            if words == ">/dev/full" {
                let said = "gocrash: warning: cannot write to standard output: \
                            No space left on device (os error 28)\n";
                assert_eq!(ran.stderr.matches(said).count(), 1, "{ran:?}");
            }
            check_kept(ground, ran, (0, 1), &audit);
        }
    });
}

#[test]
fn a_reader_that_goes_away_ends_no_hunt() {
    for_each_caller("the reader goes away", ONCE, |ground, _| {
        let audit = Audit::begin(ground);
        let script = format!("{WAIT}; [ $GOCRASH_ATTEMPT != 3 ] || exit 7");
        let mut running = start(ground, &["-p1"], &script);
        running.until("attempt 0: start");
        running.stop_reading();
        go(ground);
        check_kept(ground, running.end().expect(1), (0, 3), &audit);
    });
}

#[test]
fn temporary_files_are_not_needed() {
    for_root("no room for temporary files", ONCE, |ground, _| {
        let tmp = ground.path("tmp");
        fs::create_dir(&tmp).unwrap();
        let _full = Mounted::new(ground, "tmp", "size=4k,nr_inodes=2");
        File::create(tmp.join("filler")).unwrap();
        File::create(tmp.join("more")).unwrap_err();
        let audit = Audit::begin(ground);
        let script = "touch $TMPDIR/mine 2>/dev/null && exit 5; exit 0";
        for dir in [tmp.to_str().unwrap(), "/no/such/directory"] {
            let options = ["-p2", "--stop-after=2"];
            let running = start_with(ground, &options, script, |command| {
                command.env("TMPDIR", dir);
            });
            audit.end_empty(&running.end().expect(0));
        }
    });
}
