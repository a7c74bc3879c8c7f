//! Core dumps of a run that failed.

use std::fs;
use std::process::Command;

use crate::ground::{Caller, Ground, Hunted};

/// Takes away what lets processes dump core, as all.bash does.
/// One program is not in the slate, one is.
const CRASH: &str = "ulimit -c 0; mkdir dir own; cp /usr/bin/perl own; cd dir
    ../own/perl -e 'kill SEGV => $$'; mv core* core.own
    perl -e 'kill SEGV => $$'";

#[test]
#[ignore = "needs a host that leaves core dumps where their process is"]
fn a_suite_that_forbids_them_dumps_core_and_its_program_is_kept() {
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

        let archive = ground.path("desk/pack.tar");
        let pack = ["pack", "latest", "-o", archive.to_str().unwrap()];
        let packed = Hunted::new(ground.after(&pack).output().unwrap());
        packed.expect(0);
        let names = Command::new("tar").arg("tf").arg(&archive).output();
        let names = String::from_utf8(names.unwrap().stdout).unwrap();
        for name in ["dir/core", "test_run_cores/perl", "own/perl"] {
            let name = format!("/thread-0-run-0/{name}");
            assert!(names.contains(&name), "{names}");
        }
        fs::remove_file(archive).unwrap();

        let hunted = ground.hunt(&["-p1"], CRASH).expect(1);
        assert!(!hunted.stdout.contains("core dump"), "{hunted:?}");
    }
}
