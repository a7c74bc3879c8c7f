//! The clock of the machine jumps, or stands still.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::ground::Ground;
use super::{for_each_caller, hunt, start_with};
use crate::audit::Audit;
use crate::scenario::{ONCE, SOME};

/// A library to preload, in which this is the time of day.
fn clock(ground: &Ground, now: &str) -> PathBuf {
    let source = ground.path("clock.c");
    let clock = ground.path("clock.so");
    let text = format!(
        "#include <time.h>
         #include <sys/syscall.h>
         long syscall(long number, ...);
         int clock_gettime(clockid_t id, struct timespec *now) {{
             static volatile int calls;
             if (syscall(SYS_clock_gettime, id, now)) return -1;
             if (id == CLOCK_REALTIME) {{ int call = calls++; {now} }}
             return 0;
         }}"
    );
    fs::write(&source, text).unwrap();
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-w", "-o"])
        .args([&clock, &source])
        .status();
    assert!(made.unwrap().success());
    clock
}

#[test]
fn two_hunts_of_the_same_millisecond_have_a_name_each() {
    let name = "two hunts started in the same millisecond";
    for_each_caller(name, SOME, |ground, _| {
        let stopped = "now->tv_sec = 1700000000; now->tv_nsec = 0;";
        let clock = clock(ground, stopped);
        let audit = Audit::begin(ground);
        let options = ["-p1", "--stop-after=1"];
        let script = r#"echo >"$DESK/$GOCRASH_SESSION"
            until [ $(ls "$DESK" | grep -c ^gocrash-) = 2 ]; do
                sleep 0.01
            done"#;
        let start = || {
            start_with(ground, &options, script, |command| {
                command.env("LD_PRELOAD", &clock);
            })
        };
        let both = [start(), start()].map(|hunt| hunt.end().expect(0));
        for ran in &both {
            audit.end_empty(ran);
        }
        for number in 1_700_000_000_000_u64..1_700_000_000_002 {
            let word = format!("desk/gocrash-{number}");
            fs::remove_file(ground.path(&word)).unwrap();
        }
    });
}

#[test]
fn a_clock_that_jumps_changes_nothing() {
    for_each_caller("the clock jumps to and fro", ONCE, |ground, _| {
        // A year ahead, then to before 1970, at every other look.
        let jumping =
            "now->tv_sec = call % 2 ? now->tv_sec + 31536000 : -1000;";
        let clock = clock(ground, jumping);
        let audit = Audit::begin(ground);
        let options = ["-p2", "--stop-after=3"];
        let ran = start_with(ground, &options, "sleep 0.05", |command| {
            command.env("LD_PRELOAD", &clock);
        });
        let ran = ran.end().expect(0);
        assert_eq!(ran.verdicts().len(), 6, "{ran:#?}");
        for line in &ran.events {
            let t_ns = line["t_ns"].as_u64().unwrap();
            assert!(t_ns < 300_000_000_000, "{line}");
            if let Some(took_ns) = line["duration_ns"].as_u64() {
                assert!((50_000_000..t_ns).contains(&took_ns), "{line}");
            }
        }
        audit.end_empty(&ran);
        // The next one finds nothing of this one in its way.
        audit.end_empty(&hunt(ground, &options, "true").expect(0));
    });
}
