//! A Go test that hangs: its goroutines are kept, and its clone as it was.

use std::fs;
use std::process::Command;

use crate::pool::{run, zfs};

use super::ground::Ground;
use super::sessions::after;

/// Where Debian puts Go of each version.
const GO: &str = "ls /usr/lib/go-*/bin/go 2>/dev/null || command -v go";
/// Waits for ever, and not for what the runtime would take for a deadlock.
const TEST: &str = "
package hang

import (
    \"os\"
    \"os/signal\"
    \"testing\"
)

func TestHang(t *testing.T) {
    signal.Notify(make(chan os.Signal, 1), os.Interrupt)
    t.Log(\"begun\")
    os.WriteFile(\"begun\", nil, 0o644)
    <-make(chan int)
}
";
/// Holds what the test prints in memory, as `go tool dist test` does.
const SCRIPT: &str = "
out=$(./hang.test -test.v -test.timeout=0 2>&1)
status=$?
echo \"$out\"; rm begun; exit $status";

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_go_test_that_hangs_says_where_its_goroutines_were() {
    let found = Command::new("sh").args(["-c", GO]).output().unwrap().stdout;
    let found = String::from_utf8(found).unwrap();
    let go = found.lines().last().expect("a Go to build the test with");
    let ground = Ground::with(&format!("cd ../..{SCRIPT}"), |tree| {
        fs::write(tree.join("go.mod"), "module hang\ngo 1.19\n").unwrap();
        fs::write(tree.join("hang_test.go"), TEST).unwrap();
        run(Command::new(go)
            .args(["test", "-c", "-o", "hang.test"])
            .current_dir(tree)
            .env("GOCACHE", tree.join("cache"))
            .env("GOFLAGS", "-mod=mod"));
        fs::remove_dir_all(tree.join("cache")).unwrap();
    });
    let hunted = ground.hunt(&["-p1", "--timeout=40s"]);
    assert_eq!(hunted.code(), Some(1), "{}{}", hunted.stdout, hunted.stderr);
    let stdout = hunted.seen_path("attempt 0: start");
    let printed = fs::read_to_string(&stdout).unwrap();
    assert!(printed.contains("SIGQUIT: quit"), "{printed}");
    // The runtime's own frames may be among them.
    let blocked = printed.split("\n\n").find(|goroutine| {
        goroutine.contains("[chan receive]:\n")
            && goroutine.contains("\nhang.TestHang(")
    });
    assert!(blocked.is_some(), "{printed}");
    let autopsy = stdout.with_file_name("test_run_autopsy");
    let autopsy = fs::read_to_string(autopsy).unwrap();
    assert!(autopsy.contains("(hang.test)"), "{autopsy}");
    assert!(autopsy.contains("futex"), "{autopsy}");

    // As it was before anybody was told to quit.
    let slate = stdout.parent().unwrap();
    assert!(!slate.join("begun").exists());
    let frozen = slate.join(".zfs/snapshot/hang");
    assert!(frozen.join("begun").exists());
    let kept = fs::read_to_string(frozen.join("test_run_autopsy")).unwrap();
    assert_eq!(kept, autopsy);
    let outcomes = zfs(&[
        "get",
        "-rHo",
        "value",
        "-s",
        "local",
        "-t",
        "filesystem",
        "gocrash:outcome",
        ground.snapshot.dataset().as_str(),
    ]);
    assert_eq!(outcomes.trim(), "timed_out");

    // Its snapshots are the hunt's own, and go with it.
    after(&ground, &["clean", "-y", &ground.left()[0]]);
    assert_eq!(ground.left(), [""; 0]);
}
