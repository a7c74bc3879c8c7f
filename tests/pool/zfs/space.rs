//! A pool that is full.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use zfs::{ErrorKind, Properties};

use super::{kind, open};
use crate::pool::{Pool, exists, get, zpool};

/// Writes what can't be compressed until no more fits.
fn fill(directory: &Path) {
    let mut file = File::create(directory.join("filler")).unwrap();
    let mut block = vec![0_u8; 1 << 20];
    let mut random = File::open("/dev/urandom").unwrap();
    std::io::Read::read_exact(&mut random, &mut block).unwrap();
    let mut written: u64 = 0;
    // Every block differs from the others, whatever the pool makes of them.
    while file.write_all(&block).and_then(|()| file.sync_data()).is_ok() {
        block.rotate_left(1);
        written += 1;
        assert!(written < 4096, "nothing limits the dataset");
    }
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_full_pool_is_out_of_space_and_still_takes_user_properties() {
    let pool = Pool::with_bytes(128 << 20);
    let zfs = open();
    let source = pool.make("src");
    let origin = pool.make_snapshot("src@a");
    fill(&pool.mount_point().join("src"));
    zpool(&["sync", pool.root().as_str()]);

    let none = Properties::new();
    let new = pool.dataset("new");
    let clone = kind(zfs.clone_from(&new, &origin, &none));
    assert_eq!(clone, ErrorKind::NoSpace);
    assert_eq!(kind(zfs.create(&new, &none)), ErrorKind::NoSpace);
    let later = [pool.snapshot("src@later")];
    assert_eq!(kind(zfs.snapshot(&later, &none)), ErrorKind::NoSpace);
    assert!(!exists(&new));

    zfs.set_property(&source, "gocrash:outcome", "failed").unwrap();
    assert_eq!(get(&source, "gocrash:outcome"), "failed");
}
