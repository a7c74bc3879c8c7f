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

/// The most memory that a hunt's processes had at a time; what they share is
/// counted once.
fn peak_mib(hunt: &Hunt, field: &Field) -> Result<f64> {
    let looks = watched(hunt, field)?;
    let sums = looks.iter().map(|look| look.values().map(|m| m.pss_kib).sum());
    let peak_kib: u32 = sums.max().unwrap_or_default();
    Ok(f64::from(peak_kib) / 1024.0)
}

/// The memory of those processes that are there from beginning to end, early
/// in the hunt and late.
pub(crate) fn lasting_mib(hunt: &Hunt, field: &Field) -> Result<[Figure; 2]> {
    let looks = watched(hunt, field)?;
    let tenth = looks.len() / 10;
    anyhow::ensure!(tenth > 0, "the hunt was too short to be looked at");
    // At its ends not all of it is there.
    let looks = &looks[tenth..9 * tenth];
    let lasts = |pid: &&i32| looks.iter().all(|look| look.contains_key(pid));
    let lasting: Vec<i32> = looks[0].keys().filter(lasts).copied().collect();
    anyhow::ensure!(lasting.len() >= 2, "gocrash and its keeper were not seen");
    let mib = |looks: &[Look]| {
        let kib = |look: &Look| -> u32 {
            lasting.iter().map(|pid| look[pid].rss_kib).sum()
        };
        let mib = looks.iter().map(|look| f64::from(kib(look)) / 1024.0);
        Figure::of(&mib.collect::<Vec<f64>>())
    };
    Ok([mib(&looks[..tenth]), mib(&looks[7 * tenth..])])
}

/// What each process of a hunt has that is no suite.
type Look = BTreeMap<i32, Memory>;

struct Memory {
    /// All of it.
    rss_kib: u32,
    /// A page that several have counts for each as a part.
    pss_kib: u32,
}

/// Looks at a hunt again and again, until its end.
fn watched(hunt: &Hunt, field: &Field) -> Result<Vec<Look>> {
    let mut looks = Vec::new();
    let program = fs::canonicalize(field.gocrash())?;
    thread::scope(|scope| {
        let mut watcher = None;
        let watch = |pid| {
            let program = &program;
            watcher = Some(scope.spawn(move || watch(pid, program)));
        };
        let took = hunt.run_watched(field, watch);
        // It has ended with the process that it watched.
        if let Some(Ok(seen)) = watcher.map(thread::ScopedJoinHandle::join) {
            looks = seen;
        }
        took
    })?;
    anyhow::ensure!(!looks.is_empty(), "the hunt's memory was not seen");
    Ok(looks)
}

fn watch(root: Pid, program: &Path) -> Vec<Look> {
    let mut looks = Vec::new();
    loop {
        let look = look(root, program);
        if look.is_empty() {
            return looks;
        }
        looks.push(look);
        thread::sleep(LOOK_EVERY);
    }
}

/// At the process and those of its descendants that are no suite; empty when
/// it has ended.
fn look(root: Pid, program: &Path) -> Look {
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
            .then(|| Some((*pid, Memory::of(&directory)?)))?
    })
    .collect()
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

impl Memory {
    fn of(directory: &Path) -> Option<Memory> {
        let rollup = fs::read_to_string(directory.join("smaps_rollup")).ok()?;
        let kib = |name: &str| -> Option<u32> {
            let line = rollup.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        Some(Memory { rss_kib: kib("Rss:")?, pss_kib: kib("Pss:")? })
    }
}
