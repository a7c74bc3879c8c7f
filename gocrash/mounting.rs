//! Tests: those that mount something run as somebody who may.

use std::process::Command;

use nix::unistd::Uid;

/// Whether the calling test is to go on here. Where nobody may mount anything,
/// it is run once more by somebody who may: root of a user namespace.
pub(crate) fn may_mount() -> bool {
    if Uid::effective().is_root() {
        return true;
    }
    // The harness calls its thread so.
    let thread = std::thread::current();
    let status = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", thread.name().unwrap()])
        .status();
    assert!(status.unwrap().success());
    false
}
