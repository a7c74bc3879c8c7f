//! Control groups: not on this system, which has its own ways.

use std::os::fd::RawFd;

use nix::unistd::ForkResult;

/// There is none.
#[derive(Debug)]
pub(super) enum Cgroup {}

impl Cgroup {
    pub(super) fn take() -> Option<Cgroup> {
        None
    }

    pub(super) fn give_back(self) {
        match self {}
    }

    pub(super) fn kill(&self) {
        match *self {}
    }

    pub(super) fn kill_switch(&self) -> RawFd {
        match *self {}
    }
}

pub(super) fn kill_by(_switch: RawFd) {}

pub(crate) fn remove_free() {}

pub(super) fn fork_into(cgroup: &Cgroup) -> nix::Result<ForkResult> {
    match *cgroup {}
}
