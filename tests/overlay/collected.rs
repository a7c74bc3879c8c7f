//! Files that are saved of every run, whatever became of it.

use std::fs;

use crate::ground::{Caller, Ground};
use crate::sessions::clean;

#[test]
fn files_of_runs_that_passed_are_there_when_their_slates_are_gone() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "mkdir logs; echo old >logs/old.log");
        let secret = ground.path("secret");
        fs::write(&secret, "secret").unwrap();
        let script = format!(
            r#"ln -s '{}' logs/link.log; mkfifo logs/fifo.log
            echo $GOCRASH_ATTEMPT >logs/run.log; echo no >logs/run.txt"#,
            secret.display()
        );
        let options = ["-p1", "--stop-after=2", "--collect=logs/*.log"];
        let hunted = ground.hunt(&options, &script).expect(0);
        let session = ground.left().pop().unwrap();
        let session = ground.path("state/gocrash").join(session);
        let said = format!(
            "collected: 4 files of 2 runs (see {}/collected)\n",
            session.display()
        );
        assert!(hunted.stdout.contains(&said), "{hunted:?}");
        for run in 0..2 {
            let dir = format!("collected/thread-0-run-{run}/logs");
            let dir = session.join(dir);
            let read = |name| fs::read_to_string(dir.join(name)).unwrap();
            assert_eq!(read("run.log"), format!("{run}\n"));
            assert_eq!(read("old.log"), "old\n");
            assert_eq!(fs::read_dir(&dir).unwrap().count(), 2);
            let slate = session.join(format!("thread-0-run-{run}"));
            assert!(!slate.exists());
        }
        // It goes with the rest, and is nobody else's.
        clean(&ground, &["-y", "latest"]).expect(0);
        assert_eq!(ground.left(), [""; 0], "{caller:?}");
    }
}
