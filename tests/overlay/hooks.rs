//! What people have run when something becomes of an attempt.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::ground::{Caller, Ground};

/// Notes the facts of an attempt, one a line.
const NOTE: &str = r#"
    env | grep -E "^GOCRASH_(S|ATT|OUT|EXIT|PID)" \
        | sed "s,=.*/gocrash-,=,; s,=gocrash-,=," \
        | sort >>"$DESK/$HOOK""#;

#[test]
fn a_hook_knows_the_facts_and_changes_no_verdict() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let note = |hook: &str, rest: &str| {
            format!("{}; {rest}", NOTE.replace("$HOOK", hook))
        };
        let (start, failure) =
            (note("start", "exit 3"), note("failure", "true"));
        let options = ["-p1", "--on-start", &start, "--on-failure", &failure];
        let hunted = ground.hunt(&options, "exit 7").expect(1);
        let said = "attempt 0: --on-start: exit status: 3\n";
        assert!(hunted.stdout.contains(said), "{hunted:?}");
        assert_eq!(hunted.stdout.matches("--on-").count(), 1, "{hunted:?}");
        let session = ground.left().pop().unwrap();
        let number = session.strip_prefix("gocrash-").unwrap();
        let read = |hook| {
            let path = ground.path("desk").join(hook);
            // Never root, unless it was said.
            assert_eq!(fs::metadata(&path).unwrap().uid(), ground.uid.as_raw());
            let note = fs::read_to_string(path).unwrap();
            note.replace(number, "N").replace("GOCRASH_", "")
        };
        assert_eq!(
            read("start"),
            "ATTEMPT=0\nSESSION=N\nSLATE=N/thread-0-run-0/upper\nSLOT=0\n\
             STDOUT=N/thread-0-run-0/upper/test_run_stdout\n"
        );
        assert_eq!(
            read("failure"),
            "ATTEMPT=0\nEXIT_STATUS=7\nOUTCOME=failed\nSESSION=N\n\
             SLATE=N/thread-0-run-0/upper\nSLOT=0\n\
             STDOUT=N/thread-0-run-0/upper/test_run_stdout\n"
        );
    }
}

#[test]
fn what_hangs_is_still_there_for_its_hook() {
    let ground = Ground::new(Caller::Person, "true");
    let script = "exec sleep 10000";
    let hook = r#"tr "\0" " " </proc/$GOCRASH_PID/cmdline >"$DESK/timeout""#;
    let options = ["-p1", "--timeout=3s", "--on-timeout", hook];
    let hunted = ground.hunt(&options, script).expect(1);
    assert!(!hunted.stdout.contains("--on-timeout"), "{hunted:?}");
    let noted = fs::read_to_string(ground.path("desk/timeout")).unwrap();
    assert_eq!(noted, "sleep 10000 ");
}
