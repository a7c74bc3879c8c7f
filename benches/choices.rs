//! What was chosen against what could have been: the figures behind the table
//! of decisions in ARCHITECTURE.md.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use zfs::{DatasetName, Properties, SnapshotName, Unmount, Zfs};

use crate::cycle::Cycler;
use crate::field::Field;
use crate::hunt::Hunt;
use crate::pool::{Pool, run};
use crate::rounds::{Figure, Rounds};
use crate::table::Results;

const NAME: &str = "choices";
const ROUNDS: usize = 7;
const BATCH: u32 = 5;
const STARTS: u32 = 20;

pub(crate) fn measure(field: &Field, results: &mut Results) -> Result<()> {
    let pool = Pool::create(field)?;
    let (parent, _) = pool.make("work")?;
    let origin = pool.snapshot()?;
    let rounds = field.rounds(ROUNDS);
    let report = |what: &str, rounds: &Rounds, results: &mut Results| {
        results.report(NAME, what, "times", rounds.rival_over_ours());
    };

    let mut cycler = Cycler::in_rust(field, &origin, &parent)?;
    let mut cycle = || Ok(cycler.batch(BATCH)?.iter().sum());
    cycle()?;

    let mut slate = Slate::new(&origin, &parent.child("rolled")?)?;
    let taken = Rounds::take(rounds, &mut cycle, || slate.roll_back())?;
    report("rollback to the origin / destroy and clone", &taken, results);

    let (unsynced, _) = pool.make("unsynced")?;
    let set = ["set", "sync=disabled", unsynced.as_str()];
    run(Command::new("zfs").args(set))?;
    let mut other = Cycler::in_rust(field, &origin, &unsynced)?;
    other.batch(1)?;
    let rival = || Ok(other.batch(BATCH)?.iter().sum());
    let taken = Rounds::take(rounds, &mut cycle, rival)?;
    report("a cycle with sync=disabled / as it is", &taken, results);

    // What gocrash makes has properties of its own that slates inherit.
    let mut keep = Hunt::of_nothing(origin.as_str(), 1, 1);
    keep.options.push("--keep-success".into());
    let working = DatasetName::new(&keep.run(field)?.working)?;
    let mut other = Cycler::in_rust(field, &origin, &working)?;
    other.batch(1)?;
    let taken = Rounds::take(
        rounds,
        || Ok(other.batch(BATCH)?.iter().sum()),
        &mut cycle,
    )?;
    report("a cycle, properties found far up / next to it", &taken, results);

    let mut other = Cycler::by_libzfs(field, &origin, &parent)?;
    other.batch(1)?;
    let mut in_c = Cycler::in_c(field, &origin, &parent)?;
    in_c.batch(1)?;
    let taken = Rounds::take(
        rounds,
        || Ok(in_c.batch(BATCH)?.iter().sum()),
        || Ok(other.batch(BATCH)?.iter().sum()),
    )?;
    report("a cycle with libzfs's mount / with the system's", &taken, results);

    starts(field, rounds, results)
}

/// One slate that is never destroyed, only made as it was.
struct Slate {
    zfs: Zfs,
    name: DatasetName,
    origin: SnapshotName,
}

impl Slate {
    fn new(origin: &SnapshotName, name: &DatasetName) -> Result<Slate> {
        let zfs = Zfs::open()?;
        zfs.clone_from(name, origin, &Properties::new())?;
        Ok(Slate { zfs, name: name.clone(), origin: origin.clone() })
    }

    /// Milliseconds for a mount, a file, and the way back. Unmounted as well:
    /// whatever an attempt still holds must not come into the next one.
    fn roll_back(&mut self) -> Result<f64> {
        let begin = Instant::now();
        for _ in 0..BATCH {
            let place = self.zfs.mount(&self.name)?;
            fs::write(place.join("file"), "text")?;
            self.zfs.unmount(&self.name, Unmount::Plain)?;
            self.zfs.rollback_to(&self.name, &self.origin)?;
        }
        Ok(begin.elapsed().as_secs_f64() * 1000.0 / f64::from(BATCH))
    }
}

impl Drop for Slate {
    fn drop(&mut self) {
        // It goes with its pool at the latest.
        let _ = self.zfs.destroy(&self.name);
    }
}

fn starts(field: &Field, rounds: usize, results: &mut Results) -> Result<()> {
    let programs = [
        ("a small static program", field.suite(), "-"),
        ("gocrash itself", field.gocrash(), "--version"),
    ];
    for (what, program, word) in programs {
        let mut forked = Vec::new();
        let mut started = Vec::new();
        for _ in 0..rounds {
            let (fork_ms, start_ms) = start(field, &program, word)?;
            forked.push(fork_ms);
            started.push(start_ms);
        }
        results.report(NAME, "a fork", "ms", Figure::of(&forked));
        let what = format!("starting {what}");
        results.report(NAME, what, "ms", Figure::of(&started));
    }
    Ok(())
}

fn start(field: &Field, program: &Path, word: &str) -> Result<(f64, f64)> {
    let mut command = Command::new(field.path("start"));
    command.arg(STARTS.to_string()).arg(program).arg(word);
    let answer = run(&mut command)?;
    let ms =
        |text: &str| anyhow::Ok(text.parse::<f64>()? / 1e6 / f64::from(STARTS));
    let (forked, started) =
        answer.trim().split_once(' ').context("two numbers")?;
    Ok((ms(forked)?, ms(started)?))
}
