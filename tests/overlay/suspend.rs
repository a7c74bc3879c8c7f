//! A hunt that is stopped for a while, as by Ctrl-Z, with all that it runs.

use std::fs;
use std::process::Child;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::ground::{Caller, Ground, Hunted, wait_for};
use crate::processes::{self, wait_until};

/// The states that the kernel has for the processes of these names.
fn states(ground: &Ground, name: &str) -> Vec<char> {
    let state = |pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat[stat.rfind(')')? + 2..].chars().next()
    };
    let of_name = format!("{name} ");
    processes::of(ground.folder())
        .into_iter()
        .filter(|(_, found)| found.starts_with(&of_name))
        .filter_map(|(pid, _)| state(pid))
        .collect()
}

fn id(child: &Child) -> Pid {
    Pid::from_raw(child.id().try_into().unwrap())
}

#[test]
fn all_that_runs_stops_and_goes_on_and_no_time_has_passed() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let events = ground.path("desk/events");
        let events_option = format!("--events={}", events.display());
        // One of them has left the suite's group and session.
        let script = r#"
            (setsid sleep 6.25 &)
            echo >>"$DESK/begun"
            sleep 6.5; until [ -e "$DESK/go" ]; do sleep 0.01; done"#;
        let args = ["--stop-after=1", "--timeout=60s", &events_option];
        let suite = ["--", "sh", "-c", script];
        let args = [&args[..], &suite].concat();
        let mut child = ground.gocrash(&args).spawn().unwrap();
        wait_for(&mut child, "thread 1: attempt 0: start");
        let begun = || {
            let begun = fs::read_to_string(ground.path("desk/begun"));
            begun.is_ok_and(|begun| begun.lines().count() == 2)
                && states(&ground, "sleep").len() == 4
        };
        wait_until("two attempts that run", begun);
        kill(id(&child), Signal::SIGTSTP).unwrap();
        let is_stopped = |name: &str, count: usize| {
            let states = states(&ground, name);
            states.len() == count && states.iter().all(|s| *s == 'T')
        };
        let stopped = || {
            is_stopped("sleep", 4)
                && is_stopped("sh", 2)
                && is_stopped("gocrash", 1)
        };
        wait_until("all of them stopped", stopped);

        kill(id(&child), Signal::SIGCONT).unwrap();
        fs::write(ground.path("desk/go"), "").unwrap();
        let hunted = Hunted::new(child.wait_with_output().unwrap()).expect(0);
        assert!(hunted.stdout.contains(": goes on after "), "{hunted:?}");
        let events = fs::read_to_string(events).unwrap();
        assert!(events.contains("\"event\":\"suspended\""), "{events}");
        assert!(events.contains("\"event\":\"continued\""), "{events}");
        assert_eq!(processes::of(ground.folder()), []);
        fs::remove_file(ground.path("desk/go")).unwrap();
    }
}
