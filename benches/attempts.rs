//! Attempts per second from a clean slate, with nothing to do in them.

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};
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
const MORE: u32 = 8;

pub(crate) fn measure(field: &Field, results: &mut Results) -> Result<()> {
    let pool = Pool::create(field)?;
    let (working, _) = pool.make("rival")?;
    let origin = pool.snapshot()?;
    for (threads, runs, target) in SIZES {
        field.say(format_args!("{NAME}: {threads} threads"));
        let hunt = Hunt::of_nothing(origin.as_str(), threads, runs * MORE);
        let per_attempt =
            |seconds: f64, attempts: u32| Ok(seconds / f64::from(attempts));
        let count = match target {
            Some(_) => ROUNDS_WITH_TARGET,
            None => ROUNDS,
        };
        let mut in_c = Vec::new();
        let rounds = Rounds::take(
            field.rounds(count),
            || {
                // What a program reaches that is only in the kernel's way.
                in_c.push(by_c(field, &origin, &working, &hunt)?);
                let took = hunt.run(field)?.elapsed;
                per_attempt(took.as_secs_f64(), hunt.attempts())
            },
            || {
                let suite = &hunt.suite;
                let took =
                    rival::hunt(&origin, &working, threads, runs, suite)?;
                per_attempt(took.as_secs_f64(), threads * runs)
            },
        )?;
        let in_c = Rounds { ours: in_c, rival: rounds.rival.clone() };
        let what = format!("the original's way / C, {threads} threads");
        let limit = in_c.rival_over_ours();
        results.report(NAME, what, "times", limit);
        let what = format!("the original's way / gocrash, {threads} threads");
        let times = rounds.rival_over_ours();
        match target {
            Some(least) => {
                // Alone, it can do what C does not: wait for no slate.
                let target = match threads {
                    1 => Target::AtLeast(least),
                    _ => Target::at_least(least, limit),
                };
                results.expect(NAME, what, "times", times, target);
            }
            None => results.report(NAME, what, "times", times),
        }
        let rate = |seconds: &[f64]| {
            let rates: Vec<f64> = seconds.iter().map(|s| 1.0 / s).collect();
            Figure::of(&rates)
        };
        let what = format!("gocrash, {threads} threads");
        results.report(NAME, what, "1/s", rate(&rounds.ours));
        let what = format!("the original's way, {threads} threads");
        results.report(NAME, what, "1/s", rate(&rounds.rival));
    }
    Ok(())
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
