//! Processes that want to outlive their attempt.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use serde_json::json;

use super::{DAEMON, for_each_caller, for_root, hunt, start};
use crate::audit::Audit;
use crate::hunt::Ran;
use crate::processes::{self, wait_until};
use crate::scenario::{ONCE, SOME};

/// Fails unless each attempt passed, and processes of each were killed.
fn check_leaked(ran: &Ran, attempts: usize) {
    let exits = ran.events.iter().filter(|line| line["event"] == "exit");
    let exits: Vec<_> = exits.collect();
    assert_eq!(exits.len(), attempts, "{ran:#?}");
    for exit in exits {
        assert_eq!(exit["outcome"], "passed", "{ran:#?}");
        assert!(exit["leaked"].as_u64() > Some(0), "{ran:#?}");
    }
}

#[test]
fn a_daemon_is_killed_and_named_and_the_run_has_passed() {
    let name = "a daemon that keeps a file open";
    for_each_caller(name, SOME, |ground, _| {
        let audit = Audit::begin(ground);
        let options = ["-p2", "--stop-after=2"];
        let ran = hunt(ground, &options, DAEMON).expect(0);
        check_leaked(&ran, 4);
        let said = ran.stdout.matches("s, 1 process leaked\n").count();
        assert_eq!(said, 4, "{ran:#?}");
        for line in ran.events.iter().filter(|l| l["event"] == "exit") {
            let leak = &line["leaks"][0];
            // It may not have come to that when it was killed.
            let names = [json!("sleep"), json!("sh")];
            assert!(names.contains(&leak["name"]), "{ran:#?}");
            assert_eq!(leak["files"], json!(["held"]), "{ran:#?}");
        }
        audit.end_empty(&ran);
    });
}

#[test]
fn a_suite_that_ignores_sigterm_and_stops_itself_is_killed() {
    let name = "a process that ignores SIGTERM and stops itself";
    for_each_caller(name, SOME, |ground, _| {
        let audit = Audit::begin(ground);
        let script = r#"
            trap '' TERM
            sh -c 'trap "" TERM; kill -STOP $$' &
            kill -STOP $$"#;
        let running = start(ground, &["-p1"], script);
        wait_until("processes that have stopped", || {
            let all = processes::of(ground.folder());
            let stopped = all.iter().filter(|(id, _)| {
                let stat = fs::read_to_string(format!("/proc/{id}/stat"));
                stat.is_ok_and(|stat| stat.contains(") T "))
            });
            stopped.count() == 2
        });
        running.send(Signal::SIGTERM);
        let ran = running.end().expect_signal(Signal::SIGTERM);
        audit.end_empty(&ran.expect_verdict((0, 0), "interrupted"));
    });
}

#[test]
fn processes_that_fork_on_and_on_have_an_end() {
    for_each_caller("a fork bomb with a limit", SOME, |ground, _| {
        let audit = Audit::begin(ground);
        // Each is one of many, in a session of its own, and soon another one.
        let script = r#"
            export END=$(($(date +%s) + 60))
            export HOP='[ $(date +%s) -ge $END ] || setsid sh -c "$HOP" &'
            i=0
            while [ $i -lt 40 ]; do sh -c "$HOP"; i=$((i + 1)); done"#;
        let options = ["-p1", "--stop-after=1"];
        let ran = hunt(ground, &options, script).expect(0);
        check_leaked(&ran, 1);
        audit.end_empty(&ran);
    });
}

#[test]
fn a_process_with_more_rights_than_the_suite_is_killed_as_well() {
    for_root("a daemon with root's rights", ONCE, |ground, _| {
        let audit = Audit::begin(ground);
        let sleep = ground.path("sleep");
        let copied = Command::new("cp").arg("/bin/sleep").arg(&sleep).status();
        assert!(copied.unwrap().success());
        fs::set_permissions(&sleep, Permissions::from_mode(0o4755)).unwrap();
        // Its name is another one once it has the rights.
        let script = format!(
            r#"(setsid '{0}' 10000 &)
            until grep -l '^{0}' /proc/*/cmdline; do sleep 0.01; done \
                2>/dev/null
            cat /proc/self/cgroup >"$DESK/group""#,
            sleep.display()
        );
        // And harms none of the attempts that follow.
        let options = ["-p1", "--stop-after=4"];
        let ran = hunt(ground, &options, &script).expect(0);
        check_leaked(&ran, 4);
        audit.end_empty(&ran);
        // Where there are control groups, it was in one, and that is gone.
        let groups = fs::read_to_string(ground.path("desk/group")).unwrap();
        if let Some((_, group)) = groups.split_once("/gocrash-") {
            let group = format!("gocrash-{}", group.lines().next().unwrap());
            for mount in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
                assert!(!Path::new(mount).join(&group).exists(), "{group}");
            }
        }
    });
}
