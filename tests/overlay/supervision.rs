//! Nothing that a suite starts outlives its attempt, whatever it does, and
//! whoever is killed.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};

use crate::ground::{Caller, Ground, Hunted, wait_for, wait_until};

/// What `ps` calls the process above an attempt.
const SUPERVISOR: &str = "gocrash-attempt";
/// Leaves its group, its session and its parent, and holds a file open.
const DAEMON: &str = "
    (setsid sh -c 'exec sleep 10000 >/dev/null 2>&1 9>held' &)
    until [ -e held ]; do sleep 0.01; done";

fn id(child: &Child) -> Pid {
    Pid::from_raw(child.id().try_into().unwrap())
}

#[test]
fn a_daemon_is_killed_and_named_and_the_run_has_passed() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let events = ground.path("desk/events");
        let events_option = format!("--events={}", events.display());
        let options = [&events_option, "-p1", "--stop-after=4"];
        let hunted = ground.hunt(&options, DAEMON).expect(0);
        let said = hunted.stdout.matches("s, 1 process leaked\n").count();
        assert_eq!(said, 4, "{}", hunted.stdout);
        let events = fs::read_to_string(events).unwrap();
        assert!(events.contains("\"leaked\":1,"), "{events}");
        assert!(events.contains("\"name\":\"sleep\""), "{events}");
        assert_eq!(ground.processes(), []);
        assert_eq!(ground.left(), [""; 0], "{caller:?}");
    }
}

#[test]
fn a_process_that_ends_by_itself_is_no_leak() {
    let ground = Ground::new(Caller::Person, "true");
    let hunted = ground.hunt(&["-p1", "--stop-after=3"], "sleep 0.02 &");
    let hunted = hunted.expect(0);
    // A machine that is busy may take its time, but not each time.
    let said = hunted.stdout.matches("leaked").count();
    assert!(said < 3, "{}", hunted.stdout);
}

#[test]
fn a_suite_that_ignores_sigterm_and_stops_itself_is_killed() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let script = r#"
            trap '' TERM
            sh -c 'trap "" TERM; kill -STOP $$' &
            echo $$ >"$DESK/ready"; kill -STOP $$"#;
        let suite = ["-p1", "--", "sh", "-c", script];
        let child = ground.gocrash(&suite).spawn().unwrap();
        let stopped = || {
            ground.processes().iter().any(|(pid, _)| {
                let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
                stat.is_ok_and(|stat| stat.contains(") T "))
            })
        };
        wait_until(stopped, || "nothing stopped".to_owned());
        kill(id(&child), Signal::SIGTERM).unwrap();
        let hunted = Hunted::new(child.wait_with_output().unwrap());
        let signal = hunted.output.status.signal();
        assert_eq!(signal, Some(Signal::SIGTERM as i32), "{hunted:#?}");
        assert_eq!(ground.processes(), []);
        assert_eq!(ground.left(), [""; 0], "{caller:?}");
    }
}

#[test]
fn processes_that_fork_on_and_on_have_an_end() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        // Each is one of many, in a session of its own, and soon another one.
        let script = r#"
            export END=$(($(date +%s) + 60))
            export HOP='[ $(date +%s) -ge $END ] || setsid sh -c "$HOP" &'
            i=0
            while [ $i -lt 40 ]; do sh -c "$HOP"; i=$((i + 1)); done"#;
        let hunted = ground.hunt(&["-p1", "--stop-after=1"], script);
        let left = ground.processes();
        let hunted = hunted.expect(0);
        assert_eq!(left, [], "{caller:?}");
        assert!(hunted.stdout.contains("processes leaked"), "{hunted:#?}");
        assert_eq!(ground.left(), [""; 0], "{caller:?}");
    }
}

#[test]
fn a_suite_that_kills_its_parent_has_no_verdict_and_leaves_nothing() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let script = format!("{DAEMON}; kill -KILL $PPID; sleep 10000");
        let hunted = ground.hunt(&["-p1"], &script).expect(125);
        let said = "no verdict: its supervisor was killed";
        assert!(hunted.stdout.contains(said), "{hunted:#?}");
        assert_eq!(ground.processes(), []);
        assert_eq!(ground.left(), [""; 0], "{caller:?}");
    }
}

#[test]
fn a_supervisor_that_is_killed_takes_its_attempt_and_no_other_along() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let script = format!(
            r#"{DAEMON}; until [ -e "$DESK/go" ]; do sleep 0.01; done"#
        );
        let suite = ["-p1", "--stop-after=1", "--", "sh", "-c", &script];
        let mut child = ground.gocrash(&suite).spawn().unwrap();
        wait_for(&mut child, "attempt 0: start");
        let supervisors = || {
            let mut processes = ground.processes();
            processes.retain(|(_, name)| name == SUPERVISOR);
            processes
        };
        wait_until(|| !supervisors().is_empty(), || "none".to_owned());
        for (pid, _) in supervisors() {
            kill(pid, Signal::SIGKILL).unwrap();
        }
        wait_for(&mut child, "attempt 0: no verdict");
        fs::write(ground.path("desk/go"), "").unwrap();
        Hunted::new(child.wait_with_output().unwrap()).expect(0);
        assert_eq!(ground.processes(), []);
        assert_eq!(ground.left(), [""; 0], "{caller:?}");
    }
}

#[test]
fn a_process_with_more_rights_than_the_suite_is_killed_as_well() {
    if !Uid::effective().is_root() {
        eprintln!("not as root: there can't be one");
        return;
    }
    let ground = Ground::new(Caller::Root, "true");
    let sleep = ground.path("sleep");
    let copied = Command::new("cp").arg("/bin/sleep").arg(&sleep).status();
    assert!(copied.unwrap().success());
    fs::set_permissions(&sleep, Permissions::from_mode(0o4755)).unwrap();
    // Its name is another one once it has the rights.
    let script = format!(
        r#"(setsid '{0}' 10000 &)
        until grep -l '^{0}' /proc/*/cmdline; do sleep 0.01; done 2>/dev/null
        cat /proc/self/cgroup; [ $GOCRASH_ATTEMPT -lt 3 ] || exit 7"#,
        sleep.display()
    );
    // And harms none of the attempts that follow.
    let hunted = ground.hunt(&["-p1"], &script).expect(1);
    let leaks = hunted.stdout.matches(", 1 process leaked").count();
    assert_eq!(leaks, 4, "{hunted:#?}");
    assert_eq!(ground.processes(), []);
    // Where there are control groups, it was in one, and that is gone.
    let said =
        fs::read_to_string(hunted.upper("kept: ").join("test_run_stdout"));
    if let Some((_, group)) = said.unwrap().split_once("/gocrash-") {
        let group = format!("gocrash-{}", group.lines().next().unwrap());
        for mount in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
            assert!(!Path::new(mount).join(&group).exists(), "{group}");
        }
    }
}

#[test]
fn gocrash_can_be_killed_at_any_moment_and_no_process_is_left() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let script = "(setsid sleep 10000 &); (sleep 10000 &); sleep 0.05";
        let suite = ["--concurrency=3", "--", "sh", "-c", script];
        for moment in 0..8 {
            let child = ground.gocrash(&suite).spawn().unwrap();
            // From before the first attempt to some attempts later.
            thread::sleep(Duration::from_millis(moment * 60));
            kill(id(&child), Signal::SIGKILL).unwrap();
            child.wait_with_output().unwrap();
            ground.wait_until_all_ended();
        }
    }
}

#[test]
fn the_suite_has_no_descriptor_of_gocrash_and_cannot_look_into_it() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let script = r#"
            ls -l /proc/self/fd >fds
            grep -v -e /dev/null -e test_run_ -e /proc/ -e fds -e total fds \
                && exit 5
            cat /proc/$PPID/environ && exit 6
            ls -l /proc/$PPID/fd/ | grep . && exit 7
            exit 0"#;
        ground.hunt(&["-p1", "--stop-after=1"], script).expect(0);
    }
}
