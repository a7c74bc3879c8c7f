//! A run that takes longer than it may is a failure, with all that can be known
//! of it, and nothing of it stays.

use std::fs;

use crate::ground::{BUFFERED, Caller, Ground, wait_for};
use crate::processes::{self, wait_until};
use crate::sessions::{clean, destroy, listed, wait_for_end};

#[test]
fn a_hang_is_noted_and_its_stacks_come_through_a_parent_that_holds_them() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let events = ground.path("desk/events");
        let events_option = format!("--events={}", events.display());
        let options = ["-p1", "--timeout=5s", &events_option];
        let hunted = ground.hunt(&options, BUFFERED).expect(1);
        let ended = "attempt 0: timed out after ";
        assert!(hunted.stdout.contains(ended), "{}", hunted.stdout);
        let upper = hunted.upper("attempt 0: start");
        let printed = fs::read_to_string(upper.join("test_run_stdout"));
        let stacks = "the test said: goroutine 1 [chan receive]:\n";
        assert_eq!(printed.unwrap(), stacks, "{caller:?}");

        let autopsy = fs::read_to_string(upper.join("test_run_autopsy"));
        let autopsy = autopsy.unwrap();
        let is_known = |line: &str| {
            let begin = line.trim_start();
            begin.contains(" S ") && begin.contains("    perl -e")
        };
        assert!(autopsy.lines().any(is_known), "{autopsy}");
        assert!(autopsy.contains("(perl)\n"), "{autopsy}");
        assert!(autopsy.contains("/held\n"), "{autopsy}");
        assert!(autopsy.contains("  waits in: "), "{autopsy}");
        assert!(autopsy.contains("\n== stacks of process "), "{autopsy}");
        let has_debugger = !autopsy.contains("(no gdb: ");
        assert_eq!(autopsy.contains("\n#0 "), has_debugger, "{autopsy}");

        let events = fs::read_to_string(events).unwrap();
        assert!(events.contains("\"event\":\"hang\""), "{events}");
        assert!(events.contains("\"outcome\":\"timed_out\""), "{events}");
        assert_eq!(processes::of(ground.folder()), []);
    }
}

#[test]
fn what_does_not_listen_is_killed_in_the_end() {
    let ground = Ground::new(Caller::Person, "true");
    let script = r#"
        trap '' QUIT TERM
        (kill -STOP $$; echo woken >woken; exec sleep 10000)"#;
    let options = ["-p1", "--timeout=3s"];
    let hunted = ground.hunt(&options, script).expect(1);
    let upper = hunted.upper("attempt 0: start");
    // A process that is stopped could say nothing.
    assert!(upper.join("woken").exists());
    assert_eq!(processes::of(ground.folder()), []);
}

#[test]
fn what_was_seen_to_hang_is_evidence_whatever_happens_then() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let script = "trap '' QUIT TERM
            while [ -d /proc/$PPID ]; do sleep 0.1; done";
        let args = ["-p1", "--timeout=1s", "--", "sh", "-c", script];
        let mut child = ground.gocrash(&args).spawn().unwrap();
        wait_for(&mut child, "attempt 0: start");
        let session = ground.left().remove(0);
        let log = ground.path(&format!("state/gocrash/{session}/events.jsonl"));
        let is_noted = || {
            let log = fs::read_to_string(&log);
            log.is_ok_and(|log| log.contains("\"event\":\"hang\""))
        };
        wait_until("a hang that is noted", is_noted);
        // While it is being ended.
        destroy(&mut child);
        wait_for_end(&ground);

        clean(&ground, &["-y", "--stale", "latest"]).expect(0);
        let [hunt] = &listed(&ground)[..] else { panic!() };
        assert_eq!(hunt["kept"][0]["outcome"], "timed_out", "{caller:?}");
        let slate = format!("state/gocrash/{session}/thread-0-run-0");
        let slate = ground.path(&slate).join("upper");
        assert!(slate.join("test_run_autopsy").exists(), "{caller:?}");
        clean(&ground, &["-y", "latest"]).expect(0);
        assert_eq!(ground.left(), [""; 0], "{caller:?}");
    }
}
