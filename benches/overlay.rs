//! Clean slates of a plain directory, without a pool.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::cost;
use crate::field::Field;
use crate::hunt::Hunt;
use crate::pool::run;
use crate::rounds::{Figure, Rounds};
use crate::table::{Results, Target};

const NAME: &str = "overlay";
const ROUNDS: usize = 7;
/// Attempts of each side in a round.
const ATTEMPTS: u32 = 200;
const COPIES: u32 = 10;
/// A tree like that of a small project.
const DIRECTORIES: usize = 50;
const FILES: usize = 20;
const FILE_BYTES: usize = 4096;
const TRUE: &str = "/bin/true";
/// Memory is compared early and late in so many attempts.
const LONG_HUNT: u32 = 5000;
/// It takes a while until each thread has got what it ever needs.
const GROWTH_MIB: Target = Target::AtMost(1.0);

pub(crate) fn measure(field: &Field, results: &mut Results) -> Result<()> {
    let tree = field.path("tree");
    plant(&tree)?;
    let hunt = |threads: u32, runs: u32| {
        Hunt::of_nothing(tree.as_os_str(), threads, runs)
    };
    hunt(1, 1).run(field).context("gocrash takes no directory")?;

    let ours = |threads: u32| {
        let hunt = hunt(threads, ATTEMPTS / threads);
        let seconds = hunt.run(field)?.elapsed.as_secs_f64();
        Ok(seconds / f64::from(hunt.attempts()))
    };
    for threads in [1, 2] {
        let rounds =
            Rounds::take(field.rounds(ROUNDS), || ours(threads), bare)?;
        let what = format!("bare command / gocrash, {threads} threads");
        let slower = rounds.rival_over_ours();
        results.report(NAME, what, "times", slower);
        let rates: Vec<f64> = rounds.ours.iter().map(|s| 1.0 / s).collect();
        let what = format!("gocrash, {threads} threads");
        results.report(NAME, what, "1/s", Figure::of(&rates));
    }
    let copies = || by_copies(&tree, &field.path("copy"));
    let rounds = Rounds::take(field.rounds(ROUNDS), || ours(1), copies)?;
    let what = "`cp -a` per attempt / gocrash, 1 thread";
    results.report(NAME, what, "times", rounds.rival_over_ours());

    field.say(format_args!("{NAME}: {LONG_HUNT} attempts"));
    let hunt = hunt(2, LONG_HUNT / 2);
    let [early, late] = cost::lasting_mib(&hunt, field)?;
    let what = format!("memory early in {LONG_HUNT} attempts");
    results.report(NAME, what, "MiB", early);
    let what = format!("memory late in {LONG_HUNT} attempts, more than early");
    let more = Figure::of(&[late.median - early.median]);
    results.expect(NAME, what, "MiB", more, GROWTH_MIB);
    Ok(())
}

fn plant(tree: &Path) -> Result<()> {
    for directory in 0..DIRECTORIES {
        let directory = tree.join(format!("directory-{directory}"));
        fs::create_dir_all(&directory)?;
        for file in 0..FILES {
            let text = vec![file as u8; FILE_BYTES];
            fs::write(directory.join(format!("file-{file}")), text)?;
        }
    }
    Ok(())
}

/// Seconds per run of a command that a shell repeats, with no slate at all.
fn bare() -> Result<f64> {
    // By its path, as shells do the work of `true` themselves otherwise.
    let script = format!(
        "i=0; while [ $i -lt {ATTEMPTS} ]; do {TRUE}; i=$((i + 1)); done"
    );
    let begin = Instant::now();
    run(Command::new("sh").args(["-c", &script]))?;
    Ok(begin.elapsed().as_secs_f64() / f64::from(ATTEMPTS))
}

/// Seconds per run where each has a copy of its own.
fn by_copies(tree: &Path, copy: &Path) -> Result<f64> {
    let begin = Instant::now();
    for _ in 0..COPIES {
        run(Command::new("cp").arg("-a").arg(tree).arg(copy))?;
        let status = Command::new("true").current_dir(copy).status()?;
        ensure!(status.success(), "true ended with {status}");
        run(Command::new("rm").arg("-rf").arg(copy))?;
    }
    Ok(begin.elapsed().as_secs_f64() / f64::from(COPIES))
}
