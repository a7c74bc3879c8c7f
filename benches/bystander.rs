//! What somebody else on the pool feels of a hunt: how long fsync takes.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::field::Field;
use crate::hunt::Hunt;
use crate::pool::Pool;
use crate::rounds::{Figure, Rounds, quantile};
use crate::table::Results;

const NAME: &str = "bystander";
const ROUNDS: usize = 3;
const THREADS: u32 = 8;
const RUNS: u32 = 8;
/// For those who care, a hunt that takes its time.
const PACE: &str = "--pace=1s";
const PACED_RUNS: u32 = 1;
const ALONE: Duration = Duration::from_secs(4);
/// Somebody who writes now and then, not all the time.
const PAUSE: Duration = Duration::from_millis(10);
const RECORD: [u8; 4096] = [b'x'; 4096];

pub(crate) fn measure(field: &Field, results: &mut Results) -> Result<()> {
    let pool = Pool::create(field)?;
    let (_, place) = pool.make("bystander")?;
    let file = place.join("log");
    let origin = pool.snapshot()?;
    let hunt = Hunt::of_nothing(origin.as_str(), THREADS, RUNS);
    let mut paced = Hunt::of_nothing(origin.as_str(), THREADS, PACED_RUNS);
    paced.options.push(PACE.into());
    let mut alone = Vec::new();
    let sides = [
        (hunt, "during a hunt".to_owned()),
        (paced, format!("during a hunt with {PACE}")),
    ];
    for (hunt, who) in sides {
        let mut hunted = Vec::new();
        let slowed = Rounds::take(
            field.rounds(ROUNDS),
            || {
                let latencies = write_during(&file, || {
                    thread::sleep(ALONE);
                    Ok(())
                })?;
                alone.extend(&latencies);
                Ok(quantile(&latencies, 0.5))
            },
            || {
                let latencies =
                    write_during(&file, || hunt.run(field).map(|_| ()))?;
                hunted.extend(&latencies);
                Ok(quantile(&latencies, 0.5))
            },
        )?;
        let what = format!("median fsync {who} / alone, {THREADS} threads");
        results.report(NAME, what, "times", slowed.rival_over_ours());
        report(&who, &hunted, results);
    }
    report("alone", &alone, results);
    Ok(())
}

fn report(who: &str, latencies: &[f64], results: &mut Results) {
    let what = format!("fsync {who}");
    results.report(NAME, what, "ms", Figure::of(latencies));
    let figure = Figure::of(&[quantile(latencies, 0.99)]);
    let what = format!("fsync {who}, 99 of 100 within");
    results.report(NAME, what, "ms", figure);
}

/// Appends and syncs until `work` is done; gives milliseconds for each.
fn write_during(
    path: &Path,
    work: impl FnOnce() -> Result<()>,
) -> Result<Vec<f64>> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| -> Result<Vec<f64>> {
            let mut file = File::create(path)?;
            let mut latencies = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let begin = Instant::now();
                file.write_all(&RECORD)?;
                file.sync_all()?;
                latencies.push(begin.elapsed().as_secs_f64() * 1000.0);
                thread::sleep(PAUSE);
            }
            Ok(latencies)
        });
        let done = work();
        over.store(true, Ordering::Relaxed);
        let written = writer.join();
        done?;
        written.map_err(|_| anyhow!("the bystander panicked"))?
    })
}
