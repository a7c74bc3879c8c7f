//! The pool's disk has errors.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio, id};
use std::thread;
use std::time::Duration;

use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::ground::Ground;
use super::looped::{Looped, dmsetup};
use super::{WAIT, go, start, with_bystanders};
use crate::audit::{Audit, Scene};
use crate::pool::{Pool, zpool};
use crate::processes::{is_soon, wait_until};
use crate::scenario::{ONCE, SOME, Times, scenario};

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
        let device = Path::new(below.device()).file_name().unwrap();
        let device = device.to_str().unwrap();
        let name = format!("gocrash-test-{}-{device}", id());
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

    /// Has something written, and waits until the pool can't go on.
    fn suspend(&self, pool: &Pool) -> Child {
        self.take_writes(false);
        let name = pool.root().as_str();
        let file = pool.mount_point().join("file");
        let writer = Command::new("sh")
            .args(["-c", "echo >\"$1\"; zpool sync \"$2\"", "sh"])
            .arg(file)
            .arg(name)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("a suspended pool", || {
            zpool(&["list", "-Ho", "health", name]) == "SUSPENDED"
        });
        writer
    }

    fn resume(&self, pool: &Pool, mut writer: Child) {
        self.take_writes(true);
        zpool(&["clear", pool.root().as_str()]);
        // It may have been too late to be one.
        writer.wait().unwrap();
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

/// A scenario with bystanders on such a disk.
fn on_disk(
    name: &str,
    times: Times,
    run: impl Fn(&Ground, &Disk, &Audit<'_, Ground>),
) {
    scenario(name, times, |_| {
        let mut disk = None;
        let pool = Pool::on(1 << 30, |file| {
            let mapped = disk.insert(Disk::on(file));
            format!("/dev/mapper/{}", mapped.name).into()
        });
        // Dropped before its disk.
        let ground = with_bystanders(Ground::on(pool, WAIT, |_| ()));
        let audit = Audit::begin(&ground);
        run(&ground, disk.as_ref().unwrap(), &audit);
    });
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_hunt_waits_for_a_pool_that_is_suspended() {
    let name = "pool: the disk takes no writes for a while";
    on_disk(name, SOME, |ground, disk, audit| {
        let mut running = start(ground, &["-p2", "--stop-after=2"]);
        running.until("attempt 0: start");
        running.until("attempt 0: start");
        go(ground);
        let writer = disk.suspend(&ground.pool);
        disk.resume(&ground.pool, writer);
        let ran = running.end().expect(0);
        assert_eq!(ran.verdicts().len(), 4, "{ran:#?}");
        audit.end_empty(&ran);
    });
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn what_is_to_go_waits_for_a_pool_that_is_suspended() {
    let name = "pool: it is suspended while a hunt is cleaned up";
    on_disk(name, ONCE, |ground, disk, audit| {
        go(ground);
        let keep = ["-p1", "--stop-after=1", "--keep-success"];
        let ran = start(ground, &keep).end().expect(0);
        let mut cleaner = Asking::start(ground.after(&["clean", "--all"]));
        let writer = disk.suspend(&ground.pool);
        cleaner.terminal.write_all(b"y\n").unwrap();
        let id = Pid::from_raw(cleaner.child.id().try_into().unwrap());
        wait_until("one who heeds signals", || catches(id, Signal::SIGTERM));
        // Time to meet a pool that is suspended, and then to end, which would
        // take `/dev/zfs` along.
        thread::sleep(Duration::from_secs(1));
        kill(id, Signal::SIGTERM).unwrap();
        thread::sleep(Duration::from_secs(1));
        let ended = cleaner.child.try_wait().unwrap();
        disk.resume(&ground.pool, writer);
        let (status, said) = cleaner.end();
        assert_eq!(ended, None, "{said}");
        assert_eq!(status.signal(), Some(Signal::SIGTERM as i32), "{said}");
        assert!(!said.contains("left"), "{said}");
        let rest = ground.after(&["clean", "--all", "-y"]).status().unwrap();
        assert!(rest.success());
        audit.end_empty(&ran);
    });
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_hunt_that_is_killed_does_not_keep_a_pool_suspended() {
    let name = "pool: a hunt is killed while it is suspended";
    on_disk(name, ONCE, |ground, disk, audit| {
        let mut running = start(ground, &["-p1"]);
        running.until("attempt 0: start");
        let writer = disk.suspend(&ground.pool);
        running.send(Signal::SIGKILL);
        // Time for the keeper to hear of it.
        thread::sleep(Duration::from_secs(2));
        disk.resume(&ground.pool, writer);
        let ran = running.end().expect_signal(Signal::SIGKILL);
        let mut said = None;
        let is_clean = is_soon(|| {
            let mut clean = ground.after(&["clean", "--all", "-y"]);
            said = Some(clean.output().unwrap());
            ground.ours().is_empty()
        });
        assert!(is_clean, "{:?}: {said:?}", ground.ours());
        audit.end_broken_off(&ran, "");
    });
}

/// Whether the process has a handler for it.
fn catches(id: Pid, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = u64::from_str_radix(caught.unwrap().trim(), 16).unwrap();
    caught >> (signal as i32 - 1) & 1 == 1
}

/// A program at a terminal, which it has asked something there.
struct Asking {
    child: Child,
    said: BufReader<ChildStderr>,
    terminal: File,
}

impl Asking {
    fn start(mut command: Command) -> Asking {
        let pty = openpty(None, None).unwrap();
        let mut child = command.stdin(pty.slave).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut asked = Vec::new();
        said.read_until(b']', &mut asked).unwrap();
        let asked = String::from_utf8(asked).unwrap();
        assert!(asked.ends_with("[y/N]"), "{asked}");
        Asking { child, said, terminal: pty.master.into() }
    }

    fn end(mut self) -> (ExitStatus, String) {
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap(), said)
    }
}
