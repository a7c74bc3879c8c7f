//! What a cycle costs while the clones of thousands of earlier runs are kept.

use anyhow::Result;
use zfs::{DatasetName, SnapshotName};

use crate::cycle::{Cycler, STEPS, Spent};
use crate::field::Field;
use crate::hunt::{Hunt, Took};
use crate::pool::Pool;
use crate::rounds::{Figure, Rounds};
use crate::table::{Results, Target};

const NAME: &str = "siblings";
/// In a pool of its own, to compare with at the same time.
const FEW: u32 = 10;
/// All that are there at a time in the other one.
const COUNTS: [u32; 2] = [500, 2000];
/// Kept by gocrash itself.
const KEEPING_THREADS: u32 = 5;
const ROUNDS: usize = 15;
const HUNTS: usize = 5;
const RUNS: u32 = 6;
const GROWTH: f64 = 1.5;

pub(crate) fn measure(field: &Field, results: &mut Results) -> Result<()> {
    let (few, many) = (Pool::create(field)?, Pool::create(field)?);
    let few = Side { origin: few.snapshot()?, _pool: few };
    let many = Side { origin: many.snapshot()?, _pool: many };
    let few_parent = DatasetName::new(&few.keep(field, FEW)?.working)?;
    let mut there = 0;
    for count in COUNTS {
        field.say(format_args!("{NAME}: keeping {count}"));
        let kept = many.keep(field, count - there)?;
        let ms = kept.elapsed.as_secs_f64() * 1000.0;
        let each = Figure::of(&[ms / f64::from(count - there)]);
        let what = format!("one more attempt kept, up to {count}");
        results.report(NAME, what, "ms", each);
        there = count;

        let parent = DatasetName::new(&kept.working)?;
        let limit = grown(
            "a cycle through C",
            count,
            Cycler::in_c(field, &few.origin, &few_parent)?,
            Cycler::in_c(field, &many.origin, &parent)?,
            field,
            results,
        )?;
        results.report(NAME, times("a cycle through C", count), "times", limit);
        let cycle = grown(
            "a cycle through zfs-rs",
            count,
            Cycler::in_rust(field, &few.origin, &few_parent)?,
            Cycler::in_rust(field, &many.origin, &parent)?,
            field,
            results,
        )?;
        let attempts = Rounds::take(
            field.rounds(HUNTS),
            || few.attempt_ms(field),
            || many.attempt_ms(field),
        )?;
        let what = "an attempt by gocrash";
        report_both(what, count, &attempts, results);
        let attempt = attempts.rival_over_ours();
        let target = Target::at_most(GROWTH, limit);
        for (what, times_as_long) in
            [("a cycle through zfs-rs", cycle), (what, attempt)]
        {
            let what = times(what, count);
            match COUNTS.last() == Some(&count) {
                true => {
                    results.expect(NAME, what, "times", times_as_long, target)
                }
                false => results.report(NAME, what, "times", times_as_long),
            }
        }
    }
    Ok(())
}

/// A pool, and what is kept in it.
struct Side {
    origin: SnapshotName,
    _pool: Pool,
}

impl Side {
    fn keep(&self, field: &Field, more: u32) -> Result<Took> {
        let runs = more / KEEPING_THREADS;
        let mut keep =
            Hunt::of_nothing(self.origin.as_str(), KEEPING_THREADS, runs);
        keep.options.push("--keep-success".into());
        keep.run(field)
    }

    fn attempt_ms(&self, field: &Field) -> Result<f64> {
        let hunt = Hunt::of_nothing(self.origin.as_str(), 1, RUNS);
        let ms = hunt.run(field)?.elapsed.as_secs_f64() * 1000.0;
        Ok(ms / f64::from(RUNS))
    }
}

fn times(what: &str, count: u32) -> String {
    format!("{what}, beside {count} / beside {FEW}")
}

/// How many times as long a cycle takes beside the many.
fn grown(
    what: &str,
    count: u32,
    mut few: Cycler,
    mut many: Cycler,
    field: &Field,
    results: &mut Results,
) -> Result<Figure> {
    // First times are another matter.
    few.batch(1)?;
    many.batch(1)?;
    let (mut few_spent, mut many_spent) = (Vec::new(), Vec::new());
    let spend = |cycler: &mut Cycler, spent: &mut Vec<Spent>| {
        let steps = cycler.batch(1)?;
        spent.push(steps);
        Ok(steps.iter().sum())
    };
    let rounds = Rounds::take(
        field.rounds(ROUNDS),
        || spend(&mut few, &mut few_spent),
        || spend(&mut many, &mut many_spent),
    )?;
    report_both(what, count, &rounds, results);
    for (i, step) in STEPS.iter().enumerate() {
        let step_ms = |spent: &[Spent]| spent.iter().map(|s| s[i]).collect();
        let rounds =
            Rounds { ours: step_ms(&few_spent), rival: step_ms(&many_spent) };
        let what = format!("{step} of it, beside {count} / beside {FEW}");
        results.report(NAME, what, "times", rounds.rival_over_ours());
    }
    Ok(rounds.rival_over_ours())
}

fn report_both(what: &str, count: u32, rounds: &Rounds, results: &mut Results) {
    let beside = format!("{what}, beside {FEW}, while {count} are elsewhere");
    results.report(NAME, beside, "ms", Figure::of(&rounds.ours));
    let beside = format!("{what}, beside {count}");
    results.report(NAME, beside, "ms", Figure::of(&rounds.rival));
}
