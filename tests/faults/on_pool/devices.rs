//! The pool's disk has errors.

use std::path::Path;
use std::process::id;

use super::ground::Ground;
use super::looped::{Looped, dmsetup};
use super::{WAIT, go, start, with_bystanders};
use crate::audit::Audit;
use crate::pool::{Pool, zpool};
use crate::processes::wait_until;
use crate::scenario::{ONCE, scenario};

/// A disk that can be told to take no writes, by the device mapper; gone when
/// it is dropped.
struct Disk {
    name: String,
    /// Goes after it.
    below: Looped,
}

impl Disk {
    fn on(file: &Path) -> Disk {
        let below = Looped::on(file);
        let name = format!("gocrash-test-{}", id());
        let disk = Disk { name, below };
        let table = disk.table("linear", "");
        disk.dmsetup(&["create", &disk.name, "--table", &table]);
        disk
    }

    fn table(&self, target: &str, rest: &str) -> String {
        let Disk { below, .. } = self;
        let (sectors, device) = (below.sectors(), below.device());
        format!("0 {sectors} {target} {device} 0{rest}")
    }

    fn take_writes(&self, takes: bool) {
        let table = match takes {
            true => self.table("linear", ""),
            // An hour up, none down; the feature holds when it is down.
            false => self.table("flakey", " 0 3600 1 error_writes"),
        };
        let name = self.name.as_str();
        self.dmsetup(&["suspend", "--nolockfs", "--noflush", name]);
        self.dmsetup(&["load", name, "--table", &table]);
        self.dmsetup(&["resume", name]);
    }

    fn dmsetup(&self, args: &[&str]) {
        dmsetup("dm-flakey", args);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.dmsetup(&["remove", "--retry", &self.name]);
    }
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_hunt_waits_for_a_pool_that_is_suspended() {
    scenario("pool: the disk takes no writes for a while", ONCE, |_| {
        let mut disk = None;
        // Dropped before its disk.
        let ground = Ground::on(
            Pool::on(1 << 30, |file| {
                let mapped = disk.insert(Disk::on(file));
                format!("/dev/mapper/{}", mapped.name).into()
            }),
            WAIT,
            |_| (),
        );
        let ground = with_bystanders(ground);
        let disk = disk.as_ref().unwrap();
        let audit = Audit::begin(&ground);
        let pool = ground.pool.root().as_str();
        let mut running = start(&ground, &["-p2", "--stop-after=2"]);
        running.until("attempt 0: start");
        running.until("attempt 0: start");
        disk.take_writes(false);
        go(&ground);
        wait_until("a suspended pool", || {
            zpool(&["list", "-Ho", "health", pool]) == "SUSPENDED"
        });
        disk.take_writes(true);
        zpool(&["clear", pool]);
        let ran = running.end().expect(0);
        assert_eq!(ran.verdicts().len(), 4, "{ran:#?}");
        audit.end_empty(&ran);
    });
}
