//! A clone that goes away unless it is kept.

use zfs::{CloneGuard, ErrorKind, Properties, Zfs};

use super::{kind, open};
use crate::pool::{Pool, exists};

fn guarded(zfs: &Zfs, pool: &Pool) -> CloneGuard {
    pool.make("src");
    let origin = pool.make_snapshot("src@a");
    let clone = pool.dataset("clone");
    let guard = zfs.clone_guarded(&clone, &origin, &Properties::new());
    let guard = guard.unwrap();
    zfs.mount(guard.name()).unwrap();
    guard
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_dropped_guard_takes_its_mounted_clone_along() {
    // It tries for a moment only; another test may have copies of all mounts.
    let goes_along = |_| {
        let pool = Pool::new();
        let guard = guarded(&open(), &pool);
        assert!(exists(&pool.dataset("clone")));
        drop(guard);
        !exists(&pool.dataset("clone"))
            && !pool.mount_point().join("clone").exists()
    };
    assert!((0..3).any(goes_along));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_kept_clone_stays() {
    let pool = Pool::new();
    let name = guarded(&open(), &pool).keep();
    assert!(exists(&name));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn destroying_says_what_is_in_the_way() {
    let pool = Pool::new();
    let guard = guarded(&open(), &pool);
    pool.make_snapshot("clone@own");
    assert_eq!(kind(guard.destroy()), ErrorKind::Busy);
    assert!(exists(&pool.dataset("clone")));
}
