//! Attempts per second from a clean slate, with nothing to do in them.

use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use zfs::{DatasetName, SnapshotName};

use crate::field::Field;
use crate::hunt::Hunt;
use crate::pool::Pool;
use crate::rival;
use crate::rounds::{Figure, Rounds};
use crate::table::{Results, Target};

const NAME: &str = "attempts";
const ROUNDS: usize = 3;
/// Where something depends on it.
const ROUNDS_WITH_TARGET: usize = 5;

/// How many threads, how many runs each does in a round, and how many times
/// as many attempts as the rival's there have to be.
const SIZES: [(u32, u32, Option<f64>); 4] =
    [(1, 5, Some(6.0)), (2, 4, None), (4, 3, None), (8, 2, Some(5.0))];
/// So many times as many by gocrash: what is quicker needs more of them to
/// be measured as well, and it alone has slates to make before the first
/// attempt and to destroy after the last one.
const MORE: u32 = 16;

/// What so many threads needed, in seconds per attempt.
struct Taken {
    threads: u32,
    target: Option<f64>,
    rounds: Rounds,
    in_c: Vec<f64>,
    /// How much of the processors' time nobody wanted while gocrash hunted.
    idle: Vec<f64>,
}

pub(crate) fn measure(field: &Field, results: &mut Results) -> Result<()> {
    let pool = Pool::create(field)?;
    let (working, _) = pool.make("rival")?;
    let origin = pool.snapshot()?;
    let mut all = Vec::new();
    for (threads, runs, target) in SIZES {
        field.say(format_args!("{NAME}: {threads} threads"));
        let hunt = Hunt::of_nothing(origin.as_str(), threads, runs * MORE);
        let count = match target {
            Some(_) => ROUNDS_WITH_TARGET,
            None => ROUNDS,
        };
        let (mut in_c, mut idle) = (Vec::new(), Vec::new());
        let rounds = Rounds::take(
            field.rounds(count),
            || {
                // What a program reaches that is only in the kernel's way.
                in_c.push(by_c(field, &origin, &working, &hunt)?);
                let before = ticks()?;
                let took = hunt.run(field)?.elapsed.as_secs_f64();
                let after = ticks()?;
                idle.push(
                    (after.idle - before.idle) / (after.all - before.all),
                );
                Ok(took / f64::from(hunt.attempts()))
            },
            || {
                let suite = &hunt.suite;
                let took =
                    rival::hunt(&origin, &working, threads, runs, suite)?;
                Ok(took.as_secs_f64() / f64::from(threads * runs))
            },
        )?;
        all.push(Taken { threads, target, rounds, in_c, idle });
    }
    let c_seconds = all.iter().map(|taken| Figure::of(&taken.in_c).median);
    let c_seconds = c_seconds.fold(f64::INFINITY, f64::min);
    all.iter().for_each(|taken| report(taken, c_seconds, results));
    Ok(())
}

/// `c_seconds`: what C needs with as many threads as are best for it.
fn report(taken: &Taken, c_seconds: f64, results: &mut Results) {
    let Taken { threads, target, rounds, in_c, idle } = taken;
    let rival = rounds.rival.clone();
    let in_c = Rounds { ours: in_c.clone(), rival: rival.clone() };
    let what = format!("the original's way / C, {threads} threads");
    results.report(NAME, what, "times", in_c.rival_over_ours());
    let best = vec![c_seconds; rival.len()];
    let limit = Rounds { ours: best, rival }.rival_over_ours();
    let what = format!(
        "the original's way, {threads} threads / C, as many as are best for it"
    );
    results.report(NAME, what, "times", limit);
    let what = format!("the original's way / gocrash, {threads} threads");
    let times = rounds.rival_over_ours();
    match target {
        Some(least) => {
            let target = Target::at_least(*least, limit);
            results.expect(NAME, what, "times", times, target);
        }
        None => results.report(NAME, what, "times", times),
    }
    let rate = |seconds: &[f64]| {
        let rates: Vec<f64> = seconds.iter().map(|s| 1.0 / s).collect();
        Figure::of(&rates)
    };
    for (who, seconds) in [
        ("gocrash", &rounds.ours),
        ("C", &in_c.ours),
        ("the original's way", &rounds.rival),
    ] {
        let what = format!("{who}, {threads} threads");
        results.report(NAME, what, "1/s", rate(seconds));
    }
    let idle: Vec<f64> = idle.iter().map(|share| share * 100.0).collect();
    let what = format!("processors idle beside gocrash, {threads} threads");
    results.report(NAME, what, "%", Figure::of(&idle));
}

/// The time of all processors since they were started.
struct Ticks {
    idle: f64,
    all: f64,
}

/// As proc(5) has it: a line `cpu` with the ticks of users, nice users, the
/// system, idle, waiting for a disk, and so on.
fn ticks() -> Result<Ticks> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("/proc/stat has no line")?;
    let ticks = line.split_whitespace().skip(1).map(str::parse);
    let ticks: Vec<f64> = ticks.collect::<Result<_, _>>()?;
    ensure!(ticks.len() > 4, "/proc/stat has few figures");
    Ok(Ticks { idle: ticks[3] + ticks[4], all: ticks.iter().take(8).sum() })
}

/// What an attempt takes where nobody sees to it; in seconds.
fn by_c(
    field: &Field,
    origin: &SnapshotName,
    working: &DatasetName,
    hunt: &Hunt,
) -> Result<f64> {
    let begin = Instant::now();
    let status = Command::new(field.cycle_in_c())
        .args([origin.as_str(), working.as_str()])
        .args([hunt.threads, hunt.runs].map(|number| number.to_string()))
        .args(&hunt.suite)
        .status()?;
    ensure!(status.success(), "the hunt in C ended with {status}");
    Ok(begin.elapsed().as_secs_f64() / f64::from(hunt.attempts()))
}
