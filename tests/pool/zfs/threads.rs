//! Many threads at once, as a hunt has them.

use std::thread;

use zfs::{ErrorKind, Properties, Unmount};

use super::open;
use crate::pool::{Pool, keep_trying, zfs as zfs_command};

const THREADS: usize = 8;
const CYCLES: usize = 50;

/// What other tests start has for a moment what is open here.
fn patiently(work: impl Fn() -> zfs::Result<()>) {
    let is_done = keep_trying(|| match work() {
        Err(e) if e.kind() == ErrorKind::Busy => false,
        done => {
            done.unwrap();
            true
        }
    });
    assert!(is_done, "it stays busy");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn eight_threads_do_fifty_cycles_each_and_leave_nothing() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("src");
    std::fs::write(pool.mount_point().join("src/file"), "clean").unwrap();
    let origin = pool.make_snapshot("src@a");
    pool.make("work");

    thread::scope(|scope| {
        for number in 0..THREADS {
            let (zfs, pool, origin) = (zfs.clone(), &pool, &origin);
            scope.spawn(move || {
                for cycle in 0..CYCLES {
                    let name =
                        pool.dataset(&format!("work/thread-{number}-{cycle}"));
                    let none = Properties::new();
                    zfs.clone_from(&name, origin, &none).unwrap();
                    let file = zfs.mount(&name).unwrap().join("file");
                    let before = std::fs::read_to_string(&file).unwrap();
                    assert_eq!(before, "clean");
                    std::fs::write(&file, "dirty").unwrap();
                    patiently(|| zfs.unmount(&name, Unmount::Plain));
                    patiently(|| zfs.destroy(&name));
                }
            });
        }
    });

    let work = pool.dataset("work");
    let left = zfs_command(&["list", "-rHo", "name", work.as_str()]);
    assert_eq!(left, work.as_str());
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
    assert!(!mounts.contains(&format!("{work}/")), "{mounts}");
}
