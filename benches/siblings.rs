//! What a cycle costs while the clones of thousands of earlier runs are kept.

use anyhow::{Context, Result};
use zfs::{DatasetName, SnapshotName};

use crate::cycle::{Cycler, STEPS, Spent};
use crate::field::Field;
use crate::hunt::Hunt;
use crate::pool::Pool;
use crate::rounds::{Figure, Rounds};
use crate::table::{Results, Target};

const NAME: &str = "siblings";
const IN_C: &str = "a cycle through C";
const CYCLE: &str = "a cycle through zfs-rs";
const ATTEMPT: &str = "an attempt by gocrash";
/// In a pool of its own, to compare with at the same time as well.
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
    let few = Side::new(field)?;
    let few_parent = few.keep(field, FEW)?.parent;
    let first = few.measure(field, &few_parent)?;
    first.report(&format!("beside {FEW}"), results);

    let many = Side::new(field)?;
    let mut there = 0;
    let mut last = None;
    for count in COUNTS {
        field.say(format_args!("{NAME}: keeping {count}"));
        let kept = many.keep(field, count - there)?;
        let each = Figure::of(&[kept.ms / f64::from(count - there)]);
        let what = format!("one more attempt kept, up to {count}");
        results.report(NAME, what, "ms", each);
        there = count;

        let taken = many.measure(field, &kept.parent)?;
        taken.report(&format!("beside {count}"), results);
        last = Some(taken);
        // What is slower there as well is not for the number of siblings.
        let mut few = Cycler::in_rust(field, &few.origin, &few_parent)?;
        let mut many = Cycler::in_rust(field, &many.origin, &kept.parent)?;
        few.batch(1)?;
        many.batch(1)?;
        let rounds = Rounds::take(
            field.rounds(ROUNDS),
            || Ok(few.batch(1)?.iter().sum()),
            || Ok(many.batch(1)?.iter().sum()),
        )?;
        let what = format!(
            "{CYCLE}, beside {count} / beside {FEW} in another pool, in turns"
        );
        results.report(NAME, what, "times", rounds.rival_over_ours());
    }
    let last = last.context("there are counts")?;
    last.compare(&first, results);
    Ok(())
}

/// What it takes beside some number of siblings.
struct Taken {
    in_c: Vec<Spent>,
    cycles: Vec<Spent>,
    attempts_ms: Vec<f64>,
}

impl Taken {
    fn report(&self, beside: &str, results: &mut Results) {
        for (who, spent) in [(IN_C, &self.in_c), (CYCLE, &self.cycles)] {
            let what = format!("{who}, {beside}");
            results.report(NAME, what, "ms", Figure::of(&wholes(spent)));
        }
        let what = format!("{ATTEMPT}, {beside}");
        results.report(NAME, what, "ms", Figure::of(&self.attempts_ms));
    }

    /// Against what it took before.
    fn compare(&self, first: &Taken, results: &mut Results) {
        let [.., most] = COUNTS;
        let beside = format!("beside {most} / beside {FEW}");
        let times = |ours: &[f64], rival: &[f64]| {
            let (ours, rival) = (ours.to_vec(), rival.to_vec());
            Rounds { ours, rival }.rival_over_ours()
        };
        let of_cycles = |first: &[Spent], last: &[Spent]| {
            times(&wholes(first), &wholes(last))
        };
        for (i, step) in STEPS.iter().enumerate() {
            let of_step = |spent: &[Spent]| -> Vec<f64> {
                spent.iter().map(|spent| spent[i]).collect()
            };
            let (first, last) = (of_step(&first.cycles), of_step(&self.cycles));
            let what = format!("{step} through zfs-rs, {beside}");
            results.report(NAME, what, "times", times(&first, &last));
        }
        let limit = of_cycles(&first.in_c, &self.in_c);
        results.report(NAME, format!("{IN_C}, {beside}"), "times", limit);
        let target = Target::at_most(GROWTH, limit);
        let cycle = of_cycles(&first.cycles, &self.cycles);
        let attempt = times(&first.attempts_ms, &self.attempts_ms);
        for (what, figure) in [(CYCLE, cycle), (ATTEMPT, attempt)] {
            let what = format!("{what}, {beside}");
            results.expect(NAME, what, "times", figure, target);
        }
    }
}

fn wholes(spent: &[Spent]) -> Vec<f64> {
    spent.iter().map(|spent| spent.iter().sum()).collect()
}

/// A pool, and what is kept in it.
struct Side {
    origin: SnapshotName,
    _pool: Pool,
}

struct Kept {
    /// The working dataset.
    parent: DatasetName,
    ms: f64,
}

impl Side {
    fn new(field: &Field) -> Result<Side> {
        let pool = Pool::create(field)?;
        Ok(Side { origin: pool.snapshot()?, _pool: pool })
    }

    fn keep(&self, field: &Field, more: u32) -> Result<Kept> {
        let runs = more / KEEPING_THREADS;
        let mut keep =
            Hunt::of_nothing(self.origin.as_str(), KEEPING_THREADS, runs);
        keep.options.push("--keep-success".into());
        let took = keep.run(field)?;
        let ms = took.elapsed.as_secs_f64() * 1000.0;
        Ok(Kept { parent: DatasetName::new(&took.working)?, ms })
    }

    /// C and zfs-rs in turns, then gocrash.
    fn measure(&self, field: &Field, parent: &DatasetName) -> Result<Taken> {
        let mut in_c = Cycler::in_c(field, &self.origin, parent)?;
        let mut in_rust = Cycler::in_rust(field, &self.origin, parent)?;
        // First times are another matter.
        in_c.batch(1)?;
        in_rust.batch(1)?;
        let mut taken = Taken {
            in_c: Vec::new(),
            cycles: Vec::new(),
            attempts_ms: Vec::new(),
        };
        for _ in 0..field.rounds(ROUNDS) {
            taken.in_c.push(in_c.batch(1)?);
            taken.cycles.push(in_rust.batch(1)?);
        }
        for _ in 0..field.rounds(HUNTS) {
            let hunt = Hunt::of_nothing(self.origin.as_str(), 1, RUNS);
            let ms = hunt.run(field)?.elapsed.as_secs_f64() * 1000.0;
            taken.attempts_ms.push(ms / f64::from(RUNS));
        }
        Ok(taken)
    }
}
