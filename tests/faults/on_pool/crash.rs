//! The power goes while a hunt is on: what the disk has at any moment is enough
//! to tell what became of every attempt whose clone is gone.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use super::ground::Ground;
use super::journal::Journal;
use super::looped::Looped;
use super::remains::{check_bystanders, remains_of};
use super::{start, with_bystanders};
use crate::audit::Audit;
use crate::log::Attempt;
use crate::pool::{Pool, export, zfs, zpool};
use crate::scenario::{Times, scenario};

const MIB: u64 = 1 << 20;

/// Crash points of one hunt.
const MOMENTS: Times = Times { test: 8, faults: 60 };

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn no_verdict_is_lost_whenever_the_disk_is_cut_off() {
    let mut journal = None;
    let pool = Pool::on(256 * MIB, |file| {
        journal.insert(Journal::over(file, 1 << 30)).device()
    });
    // The last one fails, so that there is something to keep.
    let script = "head -c 100k /dev/urandom >file
        [ $GOCRASH_ATTEMPT != 5 ] || exit 7";
    let ground = with_bystanders(Ground::on(pool, script, |_| ()));
    zpool(&["sync", ground.pool.root().as_str()]);
    let journal = journal.unwrap();
    journal.mark();
    let audit = Audit::begin(&ground);
    let ran = start(&ground, &["-p2"]).end().expect(1);
    audit.end(&ran);
    let told = ran.verdicts();
    zpool(&["sync", ground.pool.root().as_str()]);
    journal.mark();
    let pool = ground.pool.root().as_str().to_owned();
    export(&pool);
    let writes = journal.close();

    let dir = ground.pool.folder().join("again");
    fs::create_dir(&dir).unwrap();
    let disk = File::create(dir.join("disk")).unwrap();
    disk.set_len(256 * MIB).unwrap();
    let moments = writes.moments(MOMENTS.wanted() as usize);
    let mut at = 0;
    let name = "pool: the disk is cut off at any write";
    let mut moments = moments.into_iter();
    scenario(name, MOMENTS, |_| {
        let moment = moments.next().unwrap();
        writes.replay(&disk, at, moment);
        at = moment;
        look(&ground, &pool, &dir, &told);
    });
}

/// Looks at the pool as it was, without changing it.
fn look(
    ground: &Ground,
    pool: &str,
    dir: &Path,
    told: &BTreeMap<Attempt, String>,
) {
    // The pool was on a block device, and takes nothing else for one.
    let looped = Looped::on(&dir.join("disk"));
    let place = dir.join("root");
    let (from, to) = (looped.device(), place.to_str().unwrap());
    let again = format!("{pool}-again");
    // By force: it was never exported. What the hunt made is mounted later.
    let import = ["import", "-fN", "-o", "readonly=on", "-d", from, "-R", to];
    zpool(&[&import[..], &[pool, &again]].concat());
    let all = zfs(&["list", "-Hro", "name", "-t", "filesystem", &again]);
    for name in all.lines().filter(|name| !name.contains("/gocrash-")) {
        zfs(&["mount", name]);
    }
    let mounted = ground.pool.mount_point();
    let root = place.join(mounted.strip_prefix("/").unwrap());
    remains_of(&again, &root).check(told);
    check_bystanders(&root);
    export(&again);
}
