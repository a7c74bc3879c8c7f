//! What a cycle costs while the clones of thousands of earlier runs are kept.

use anyhow::Result;
use zfs::DatasetName;

use crate::cycle::{Cycler, STEPS, Spent};
use crate::field::Field;
use crate::hunt::Hunt;
use crate::pool::Pool;
use crate::rounds::{Figure, Rounds};
use crate::table::{Results, Target};

const NAME: &str = "siblings";
/// All that are there at a time, kept by gocrash itself.
const COUNTS: [u32; 3] = [10, 500, 2000];
const KEEPING_THREADS: u32 = 5;
const CYCLES: usize = 15;
const HUNTS: usize = 5;
const RUNS: u32 = 6;
const GROWTH: f64 = 1.5;

pub(crate) fn measure(field: &Field, results: &mut Results) -> Result<()> {
    let pool = Pool::create(field)?;
    let origin = pool.snapshot()?;
    let mut there = 0;
    let mut cycles = Rounds::default();
    let mut in_c = Rounds::default();
    let mut hunts = Rounds::default();
    for count in COUNTS {
        field.say(format_args!("{NAME}: keeping {count}"));
        let more = (count - there) / KEEPING_THREADS;
        let mut keep = Hunt::of_nothing(origin.as_str(), KEEPING_THREADS, more);
        keep.options.push("--keep-success".into());
        let kept = keep.run(field)?;
        there = count;
        let ms = kept.elapsed.as_secs_f64() * 1000.0;
        let each = Figure::of(&[ms / f64::from(keep.attempts())]);
        let what = format!("one more attempt kept, up to {count}");
        results.report(NAME, what, "ms", each);

        let parent = DatasetName::new(&kept.working)?;
        let mut cycler = Cycler::in_rust(field, &origin, &parent)?;
        cycler.batch(1)?;
        let spent = (0..CYCLES)
            .map(|_| cycler.batch(1))
            .collect::<Result<Vec<Spent>>>()?;
        let cycles_ms = report_steps(count, &spent, results);
        let mut cycler = Cycler::in_c(field, &origin, &parent)?;
        cycler.batch(1)?;
        let in_c_ms = (0..CYCLES)
            .map(|_| Ok(cycler.batch(1)?.iter().sum()))
            .collect::<Result<Vec<f64>>>()?;
        let what = format!("a cycle through C, beside {count}");
        results.report(NAME, what, "ms", Figure::of(&in_c_ms));

        let hunt = Hunt::of_nothing(origin.as_str(), 1, RUNS);
        let hunts_ms = (0..HUNTS)
            .map(|_| {
                let ms = hunt.run(field)?.elapsed.as_secs_f64() * 1000.0;
                Ok(ms / f64::from(RUNS))
            })
            .collect::<Result<Vec<f64>>>()?;
        let what = format!("an attempt by gocrash, beside {count}");
        results.report(NAME, what, "ms", Figure::of(&hunts_ms));

        if cycles.ours.is_empty() {
            (cycles.ours, hunts.ours) = (cycles_ms, hunts_ms);
            in_c.ours = in_c_ms;
        } else {
            (cycles.rival, hunts.rival) = (cycles_ms, hunts_ms);
            in_c.rival = in_c_ms;
        }
    }
    let [least, .., most] = COUNTS;
    let limit = in_c.rival_over_ours();
    let what = format!("a cycle through C, beside {most} / beside {least}");
    results.report(NAME, what, "times", limit);
    let target = Target::at_most(GROWTH, limit);
    let sides =
        [("a cycle through zfs-rs", cycles), ("an attempt by gocrash", hunts)];
    for (what, rounds) in sides {
        let what = format!("{what}, beside {most} / beside {least}");
        let times = rounds.rival_over_ours();
        results.expect(NAME, what, "times", times, target);
    }
    Ok(())
}

/// Reports each step, and gives whole cycles.
fn report_steps(
    count: u32,
    spent: &[Spent],
    results: &mut Results,
) -> Vec<f64> {
    let whole: Vec<f64> =
        spent.iter().map(|spent| spent.iter().sum()).collect();
    let what = format!("a cycle through zfs-rs, beside {count}");
    results.report(NAME, what, "ms", Figure::of(&whole));
    for (i, step) in STEPS.iter().enumerate() {
        let values: Vec<f64> = spent.iter().map(|spent| spent[i]).collect();
        let what = format!("{step} through zfs-rs, beside {count}");
        results.report(NAME, what, "ms", Figure::of(&values));
    }
    whole
}
