//! How many slates ahead: a thread that has nothing to do but to use slates,
//! with one hand or several that make them and take them away.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow};
use crossbeam::channel::{Receiver, Sender, bounded};
use zfs::{DatasetName, Properties, SnapshotName, Unmount, Zfs};

/// Can be divided by each number of hands.
const SLATES: u32 = 12;

/// Milliseconds per slate, where `hands` are ready before they are wanted.
pub(crate) fn slate_ms(
    origin: &SnapshotName,
    parent: &DatasetName,
    hands: u32,
) -> Result<f64> {
    let zfs = Zfs::open()?;
    let begin = Instant::now();
    thread::scope(|scope| {
        // Each hand holds one more while it waits for room here.
        let (made, ready) = bounded(0);
        let (used, old) = bounded(hands as usize);
        let mut working = Vec::new();
        for hand in 0..hands {
            let (zfs, made, old) = (&zfs, made.clone(), old.clone());
            working.push(scope.spawn(move || {
                make(zfs, origin, parent, hand..hand + SLATES / hands, &made)
            }));
            working.push(scope.spawn(move || remove(zfs, &old)));
        }
        drop((made, old));
        for (name, place) in ready {
            fs::write(place.join("file"), "text")?;
            used.send(name)?;
        }
        drop(used);
        for hand in working {
            hand.join().map_err(|_| anyhow!("a hand panicked"))??;
        }
        anyhow::Ok(())
    })?;
    Ok(begin.elapsed().as_secs_f64() * 1000.0 / f64::from(SLATES))
}

type Slate = (DatasetName, PathBuf);

fn make(
    zfs: &Zfs,
    origin: &SnapshotName,
    parent: &DatasetName,
    numbers: std::ops::Range<u32>,
    made: &Sender<Slate>,
) -> Result<()> {
    let hand = numbers.start;
    for number in numbers {
        let name = parent.child(&format!("ahead-{hand}-{number}"))?;
        zfs.clone_from(&name, origin, &Properties::new())?;
        let place = zfs.mount(&name)?;
        made.send((name, place))?;
    }
    Ok(())
}

fn remove(zfs: &Zfs, old: &Receiver<DatasetName>) -> Result<()> {
    for name in old {
        zfs.unmount(&name, Unmount::Plain)?;
        zfs.destroy(&name)?;
    }
    Ok(())
}
