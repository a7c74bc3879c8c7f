//! The namespaces that overlays are mounted in: nobody else sees them, and a
//! crash leaves none behind.

use std::fs;
use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid};

use crate::attempt::sys;
use crate::refusal::Refusal;

/// What can forbid user namespaces, the value it forbids them with, and what
/// allows them again.
const SWITCHES: [(&str, &str, &str); 3] = [
    (
        "kernel/unprivileged_userns_clone",
        "0",
        "`sysctl kernel.unprivileged_userns_clone=1` allows them",
    ),
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` allows them",
    ),
    (
        "user/max_user_namespaces",
        "0",
        "`sysctl user.max_user_namespaces=10000` allows them",
    ),
];

/// Gives this process a mount namespace; and, where it isn't root's, a user
/// namespace in which it may mount. The suite gets none of the rights in that.
/// Only while there is a single thread.
pub(crate) fn enter() -> Result<(), Refusal> {
    let none = None::<&str>;
    let flags = MsFlags::MS_REC | MsFlags::MS_SLAVE;
    let forget_host = || mount(none, "/", none, flags, none);
    if Uid::effective().is_root() {
        return unshare(CloneFlags::CLONE_NEWNS)
            .and_then(|()| forget_host())
            .map_err(|error| {
                Refusal::new(
                    format!(
                        "cannot get a mount namespace, though as root: {}",
                        error.desc()
                    ),
                    "run gocrash where root may mount, or as an ordinary user",
                )
            });
    }
    become_root_of_own_namespace()
        .and_then(|()| Ok(forget_host()?))
        .and_then(|()| sys::leave_children_no_rights())
        .map_err(|error| no_user_namespace(&error))
}

/// As oneself: one's ids mean in there what they mean outside.
fn become_root_of_own_namespace() -> std::io::Result<()> {
    let uid = Uid::effective();
    let gid = Gid::effective();
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))
}

fn no_user_namespace(error: &std::io::Error) -> Refusal {
    let is = |(name, value, _): &&(&str, &str, &str)| {
        let path = Path::new("/proc/sys").join(name);
        fs::read_to_string(path).is_ok_and(|text| text.trim() == *value)
    };
    let reason = match error.raw_os_error().map(Errno::from_raw) {
        // Neither has to do with files here.
        Some(Errno::ENOSPC | Errno::EUSERS) => "no more are allowed".to_owned(),
        Some(error) => error.desc().to_owned(),
        None => error.to_string(),
    };
    let allowed_by = match SWITCHES.iter().find(is) {
        Some((_, _, remedy)) => format!("; {remedy}"),
        None => String::new(),
    };
    Refusal::new(
        format!("cannot mount anything in a user namespace: {reason}"),
        format!("call gocrash by sudo or doas{allowed_by}"),
    )
}
