//! A busy dataset names who keeps it busy.

use std::fs::File;
use std::process::{Child, Command, Stdio};

use zfs::{ErrorKind, Holder, MountOptions, Properties, Unmount, Usage, Zfs};

use super::{error, open};
use crate::copy_program;
use crate::pool::{Pool, exists, run, zfs as zfs_command};

/// A process that does nothing until it is told to end.
struct Idle(Child);

impl Idle {
    /// It is there when this returns, with what it was started with.
    fn start(command: &mut Command) -> Idle {
        Idle(command.spawn().unwrap())
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn sleep() -> Command {
    let mut command = Command::new("sleep");
    command.arg("1000");
    command
}

fn of_process(holders: &[Holder], pid: u32) -> Vec<&Holder> {
    holders.iter().filter(|holder| holder.pid() == Some(pid)).collect()
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_process_with_an_open_file_is_named() {
    let pool = Pool::new();
    let zfs = open();
    let name = pool.make("a b");
    // More than an error shows; they keep nothing from being unmounted.
    for snapshot in ["a b@1", "a b@2", "a b@3"] {
        pool.make_snapshot(snapshot);
    }
    let path = pool.mount_point().join("a b/file");
    let file = File::create(&path).unwrap();
    let process = Idle::start(sleep().stdin(file));

    let refused = error(zfs.unmount(&name, Unmount::Plain));
    assert_eq!(refused.kind(), ErrorKind::Busy);
    let [Holder::Process { process: found, path: at, usage }] =
        of_process(refused.holders(), process.pid())[..]
    else {
        panic!("{refused}");
    };
    assert_eq!(found.command, "sleep");
    assert_eq!((at, *usage), (&path, Usage::OpenFile));
    let text = refused.to_string();
    assert!(text.contains(path.to_str().unwrap()), "{text}");
    assert!(text.contains(&process.pid().to_string()), "{text}");

    drop(process);
    zfs.unmount(&name, Unmount::Plain).unwrap();
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn working_directories_programs_and_mapped_files_are_named() {
    let pool = Pool::new();
    let zfs = open();
    let name = pool.make("a");
    let directory = pool.mount_point().join("a");
    let program = directory.join("idle");
    copy_program("/bin/sleep", &program);
    let at_work = Idle::start(sleep().current_dir(&directory));
    let running = Idle::start(Command::new(&program).arg("1000"));

    let holders = zfs.holders(&name);
    let usage = |pid| match of_process(&holders, pid)[..] {
        [Holder::Process { usage, .. }] => *usage,
        _ => panic!("{holders:?}"),
    };
    assert_eq!(usage(at_work.pid()), Usage::WorkingDirectory);
    // Its mapping of the same file is not told a second time.
    assert_eq!(usage(running.pid()), Usage::Executable);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_mount_in_another_namespace_is_named() {
    let pool = Pool::new();
    let zfs = open();
    let name = pool.make("a");
    let mut inside = Command::new("unshare");
    inside.args(["--mount", "--propagation", "private", "--"]);
    let forget = pool.forget_others();
    let script = format!("{forget}; echo ready; exec sleep 1000");
    inside.args(["sh", "-c", &script]);
    let mut inside = Idle::start(inside.stdout(Stdio::piped()));
    let mut ready = [0; 6];
    let stdout = inside.0.stdout.as_mut().unwrap();
    std::io::Read::read_exact(stdout, &mut ready).unwrap();

    zfs.unmount(&name, Unmount::Plain).unwrap();
    let refused = error(zfs.destroy(&name));
    assert_eq!(refused.kind(), ErrorKind::Busy);
    let [Holder::Mount { path, namespace_of: Some(_) }] =
        of_process(refused.holders(), inside.pid())[..]
    else {
        panic!("{refused}");
    };
    assert_eq!(*path, pool.mount_point().join("a"));

    drop(inside);
    zfs.destroy(&name).unwrap();
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_mount_here_and_one_inside_it_are_named() {
    let pool = Pool::new();
    let zfs = open();
    let outer = pool.make("outer");
    pool.make("outer/inner");
    let refused = error(zfs.unmount(&outer, Unmount::Plain));
    assert_eq!(refused.kind(), ErrorKind::Busy);
    let inner = pool.mount_point().join("outer/inner");
    let here = Holder::Mount { path: inner, namespace_of: None };
    assert!(refused.holders().contains(&here), "{refused}");

    let other = pool.make("other");
    let tmpfs = pool.mount_point().join("other/tmpfs");
    std::fs::create_dir(&tmpfs).unwrap();
    run(Command::new("mount").args(["-t", "tmpfs", "tmpfs"]).arg(&tmpfs));
    let refused = error(zfs.unmount(&other, Unmount::Plain));
    run(Command::new("umount").arg(&tmpfs));
    let here = Holder::Mount { path: tmpfs, namespace_of: None };
    assert_eq!(refused.holders()[0], here, "{refused}");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_snapshot_of_its_own_and_that_ones_clone_are_named() {
    let pool = Pool::new();
    let zfs = open();
    let name = pool.dataset("src");
    // Nowhere mounted, also not where another test has copies of all mounts.
    zfs_command(&["create", "-u", name.as_str()]);
    let snapshot = pool.make_snapshot("src@own");
    let clone = pool.dataset("clone");
    zfs.clone_from(&clone, &snapshot, &Properties::new()).unwrap();

    let refused = error(zfs.destroy(&name));
    assert_eq!(refused.kind(), ErrorKind::Busy);
    let expected = [
        Holder::Snapshot(snapshot.clone()),
        Holder::Clone { clone: clone.clone(), origin: snapshot.clone() },
    ];
    assert_eq!(refused.holders(), expected);
    let text = refused.to_string();
    assert!(text.contains(snapshot.as_str()), "{text}");
    assert!(text.contains(clone.as_str()), "{text}");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn who_uses_a_mounted_snapshot_is_named() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("src");
    std::fs::write(pool.mount_point().join("src/file"), "text").unwrap();
    let snapshot = pool.make_snapshot("src@a");
    let at = pool.folder().join("at");
    std::fs::create_dir(&at).unwrap();
    zfs.mount_at(&snapshot, &at, MountOptions::default()).unwrap();
    let file = File::open(at.join("file")).unwrap();
    let process = Idle::start(sleep().stdin(file));

    let refused = error(zfs.unmount(&snapshot, Unmount::Plain));
    assert_eq!(refused.kind(), ErrorKind::Busy);
    assert!(!of_process(refused.holders(), process.pid()).is_empty());
    drop(process);
    unmounts(&zfs, &snapshot);
    assert!(exists(&snapshot));
}

fn unmounts(zfs: &Zfs, name: &impl zfs::Name) {
    zfs.unmount(name, Unmount::Plain).unwrap();
    assert_eq!(zfs.mounted_at(name).unwrap(), None);
}
