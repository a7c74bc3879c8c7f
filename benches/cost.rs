//! What gocrash itself takes: processor time and memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use nix::unistd::Pid;

use crate::field::Field;
use crate::hunt::Hunt;
use crate::pool::{Pool, run};
use crate::rounds::Figure;
use crate::table::{Results, Target};

const NAME: &str = "cost";
const ROUNDS: usize = 3;
const THREADS: u32 = 8;
const RUNS: u32 = 8;
const MEMORY_MIB: Target = Target::AtMost(48.0);
/// Often enough to see all there is at a time, seldom enough not to be in
/// the way.
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(crate) fn measure(field: &Field, results: &mut Results) -> Result<()> {
    let pool = Pool::create(field)?;
    let hunt = Hunt::of_nothing(pool.snapshot()?.as_str(), THREADS, RUNS);
    let attempts = f64::from(hunt.attempts());
    let (mut own, mut started, mut peak) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..field.rounds(ROUNDS) {
        let bare_ms = bare_suite_ms()?;
        let took = hunt.run(field)?;
        own.push(took.own.as_secs_f64() * 1000.0 / attempts);
        let children_ms = took.children.as_secs_f64() * 1000.0 / attempts;
        started.push((children_ms - bare_ms).max(0.0));
        // Another hunt: looking takes processor time as well.
        peak.push(peak_mib(&hunt, field)?);
    }
    let what = "processor time of gocrash itself, per attempt";
    results.report(NAME, what, "ms", Figure::of(&own));
    let what = "that of its keeper and supervisors, per attempt";
    results.report(NAME, what, "ms", Figure::of(&started));
    let what = format!("peak memory of all its processes, {THREADS} threads");
    results.expect(NAME, what, "MiB", Figure::of(&peak), MEMORY_MIB);
    Ok(())
}

/// The processor time of `true`, started with nothing around it.
fn bare_suite_ms() -> Result<f64> {
    let children_ms = || -> Result<i64> {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        Ok((usage.user_time() + usage.system_time()).num_milliseconds())
    };
    let before = children_ms()?;
    for _ in 0..RUNS {
        run(&mut Command::new("true"))?;
    }
    Ok((children_ms()? - before) as f64 / f64::from(RUNS))
}

/// The most memory that a hunt's processes had at a time.
pub(crate) fn peak_mib(hunt: &Hunt, field: &Field) -> Result<f64> {
    let mut peak = 0.0;
    let program = fs::canonicalize(field.gocrash())?;
    thread::scope(|scope| {
        let mut watcher = None;
        let watch = |pid| {
            let program = &program;
            watcher = Some(scope.spawn(move || watch_memory(pid, program)));
        };
        let took = hunt.run_watched(field, watch);
        // It has ended with the process that it watched.
        if let Some(Ok(seen)) = watcher.map(thread::ScopedJoinHandle::join) {
            peak = seen;
        }
        took
    })?;
    anyhow::ensure!(peak > 0.0, "the hunt's memory was not seen");
    Ok(peak)
}

fn watch_memory(root: Pid, program: &Path) -> f64 {
    let mut peak_kib = 0;
    loop {
        let now_kib = memory_kib(root, program);
        if now_kib == 0 {
            return f64::from(peak_kib) / 1024.0;
        }
        peak_kib = peak_kib.max(now_kib);
        thread::sleep(LOOK_EVERY);
    }
}

/// What the process and those of its descendants that are no suite have; what
/// they share is counted once. 0 when it has ended.
fn memory_kib(root: Pid, program: &Path) -> u32 {
    let parents = parents();
    let is_below = |mut pid: i32| {
        while pid != root.as_raw() {
            match parents.get(&pid) {
                Some(parent) => pid = *parent,
                None => return false,
            }
        }
        true
    };
    let ours = parents.keys().filter(|pid| is_below(**pid));
    ours.filter_map(|pid| {
        let directory = PathBuf::from(format!("/proc/{pid}"));
        let running = fs::read_link(directory.join("exe")).ok()?;
        // A supervisor may be a program of its own, beside gocrash.
        (running.parent() == program.parent())
            .then(|| proportional_kib(&directory))?
    })
    .sum()
}

/// The parent of each process there is.
fn parents() -> BTreeMap<i32, i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let (_, rest) = stat.rsplit_once(") ")?;
            Some((pid, rest.split(' ').nth(1)?.parse().ok()?))
        })
        .collect()
}

fn proportional_kib(directory: &Path) -> Option<u32> {
    let rollup = fs::read_to_string(directory.join("smaps_rollup")).ok()?;
    let line = rollup.lines().find(|line| line.starts_with("Pss:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
