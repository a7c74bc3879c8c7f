//! Core dumps of a run that failed.

use std::fs;

use crate::ground::{Caller, Ground};

/// Takes away what lets processes dump core, as all.bash does.
const CRASH: &str = "ulimit -c 0; mkdir dir; cd dir; perl -e 'kill SEGV => $$'";

#[test]
fn a_suite_that_forbids_them_dumps_core_and_its_program_is_kept() {
    let pattern = fs::read("/proc/sys/kernel/core_pattern").unwrap();
    if pattern.starts_with(b"/") || pattern.starts_with(b"|") {
        eprintln!("cores are not where their process is: not tested");
        return;
    }
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let events = ground.path("desk/events");
        let events_option = format!("--events={}", events.display());
        let options = ["-p1", "--cores", &events_option];
        let hunted = ground.hunt(&options, CRASH).expect(1);
        let upper = hunted.upper("attempt 0: start");
        let said = "attempt 0: core dump of \"/usr/bin/perl\": \"dir/core";
        assert!(hunted.stdout.contains(said), "{hunted:?}");
        let program = fs::read(upper.join("test_run_cores/perl")).unwrap();
        assert_eq!(program, fs::read("/usr/bin/perl").unwrap());
        let events = fs::read_to_string(events).unwrap();
        assert!(events.contains("\"program\":\"/usr/bin/perl\""), "{events}");

        let hunted = ground.hunt(&["-p1"], CRASH).expect(1);
        assert!(!hunted.stdout.contains("core dump"), "{hunted:?}");
    }
}
