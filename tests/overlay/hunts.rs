//! Hunts that come to their end in one way or the other, and leave nothing.

use std::fs;
use std::os::unix::process::ExitStatusExt;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::ground::{Caller, Ground, Hunted, wait_for};

/// Makes a source with everything that a suite can spoil.
const SOURCE: &str = "
    mkdir -p dir/sub; echo a >file; echo b >dir/sub/file
    ln -s dir/sub link; ln file twin; chmod 555 dir";

/// Fails unless the tree is the source's, then spoils it.
const SPOIL: &str = r#"
    test "$(find . ! -name 'test_run_*' | wc -l)" = 7 || exit 9
    test "$(cat file twin link/file)" = "a
a
b" || exit 8
    echo new >new; echo more >>file; chmod 700 dir; rm -r dir/sub link
    mkdir dir/sub closed; echo in >dir/sub/other; echo x >closed/x
    ln -s "$DESK" out; ln "$DESK/bystander" hard 2>/dev/null
    d=deep; for i in 1 2 3 4 5 6; do mkdir $d; d=$d/d; done
    chmod 0 closed; mkfifo pipe; rm twin"#;

#[test]
fn a_hunt_that_passes_leaves_nothing_and_the_source_as_it_was() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, SOURCE);
        let bystander = ground.path("desk/bystander");
        fs::write(&bystander, "untouched").unwrap();
        let before = ground.source();
        let options = ["--concurrency=8", "--stop-after=12"];
        let hunted = ground.hunt(&options, SPOIL).expect(0);
        assert_eq!(hunted.stderr, "", "{caller:?}");
        let tries = hunted.stdout.matches(": 12 tries, result = ok").count();
        assert_eq!(tries, 8, "{}", hunted.stdout);
        assert_eq!(ground.left(), [""; 0], "{caller:?}");
        assert_eq!(ground.mounted_by(), [""; 0], "{caller:?}");
        assert_eq!(ground.source(), before, "{caller:?}");
        assert_eq!(fs::read_to_string(bystander).unwrap(), "untouched");
    }
}

#[test]
fn a_signal_ends_a_hunt_and_nothing_is_left() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, SOURCE);
        let script = "echo >new; sleep 10000";
        let suite = ["--concurrency=3", "--", "sh", "-c", script];
        let mut child = ground.gocrash(&suite).spawn().unwrap();
        wait_for(&mut child, "thread 2: attempt 0: start");
        let id = Pid::from_raw(child.id().try_into().unwrap());
        // Not SIGINT, which may be ignored where tests run in the background.
        kill(id, Signal::SIGTERM).unwrap();
        let hunted = Hunted::new(child.wait_with_output().unwrap());
        let signal = hunted.output.status.signal();
        assert_eq!(signal, Some(Signal::SIGTERM as i32), "{hunted:#?}");
        assert_eq!(ground.left(), [""; 0], "{caller:?}");
        assert_eq!(ground.mounted_by(), [""; 0], "{caller:?}");
    }
}

#[test]
fn a_source_that_changes_meanwhile_is_noticed() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "mkdir sub; echo a >sub/file");
        let source = ground.path("source");
        // The clock that files get their times from ticks a hundred times a
        // second at least.
        let hunt = |change: &str| {
            let source = source.display();
            let script = format!("sleep 0.1; cd '{source}' && {change}");
            ground.hunt(&["--stop-after=1", "-p1"], &script).expect(0).stderr
        };
        let changed = "gocrash: warning: the source changed while the hunt \
                       went on, and so did what runs saw: ";
        let unlike = |part: &str| format!("{changed}{part} among them\n");
        let file = "1 path, \"sub/file\"";
        assert_eq!(hunt("echo b >sub/file"), unlike(file), "{caller:?}");
        assert_eq!(hunt("rm sub/file"), unlike("1 path, \"sub\""));
        assert_eq!(hunt("echo c >sub/new"), unlike("2 paths, \"sub\""));
        assert_eq!(hunt("cat sub/new"), "", "{caller:?}");
    }
}
