//! What a supervisor says of its attempt, and what it keeps from it. What it
//! does when things go wrong is in tests/faults.

use crate::ground::{Caller, Ground};

#[test]
fn a_process_that_ends_by_itself_is_no_leak() {
    let ground = Ground::new(Caller::Person, "true");
    let hunted = ground.hunt(&["-p1", "--stop-after=9"], "sleep 0.02 &");
    let hunted = hunted.expect(0);
    // A machine that is busy may take its time, but not each time.
    let said = hunted.stdout.matches("leaked").count();
    assert!(said < 9, "{}", hunted.stdout);
}

#[test]
fn the_suite_has_no_descriptor_of_gocrash_and_cannot_look_into_it() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let script = r#"
            ls -l /proc/self/fd >fds
            grep -v -e /dev/null -e test_run_ -e /proc/ -e fds -e total fds \
                && exit 5
            above=$PPID
            for name in attempt-guard gocrash-keeper gocrash; do
                test $(cat /proc/$above/comm) = $name || exit 6
                cat /proc/$above/environ && exit 7
                ls -l /proc/$above/fd/ | grep . && exit 8
                above=$(cut -d' ' -f4 /proc/$above/stat)
            done
            exit 0"#;
        ground.hunt(&["-p1", "--stop-after=1"], script).expect(0);
    }
}
