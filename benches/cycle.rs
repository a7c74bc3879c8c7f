//! One cycle of a clone: through zfs-rs, against the `zfs` command and
//! against a C program.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command as Process, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use zfs::{DatasetName, Properties, SnapshotName, Zfs};

use crate::field::Field;
use crate::pool::{Pool, run};
use crate::rounds::{Figure, Rounds};
use crate::table::{Results, Target};
use crate::trace;

const NAME: &str = "cycle";
const ROUNDS: usize = 7;
/// Cycles in a round of one side; by commands they take longer.
const BATCH: u32 = 5;
const BATCH_OF_COMMANDS: u32 = 2;
const AGAINST_COMMANDS: f64 = 5.0;

/// The steps of a cycle, in the order of the answers.
pub(crate) const STEPS: [&str; 5] =
    ["clone", "mount", "write", "unmount", "destroy"];

/// What a batch of cycles took, step by step, in milliseconds per cycle.
pub(crate) type Spent = [f64; STEPS.len()];

pub(crate) fn measure(field: &Field, results: &mut Results) -> Result<()> {
    let pool = Pool::create(field)?;
    let (parent, place) = pool.make("work")?;
    let origin = pool.snapshot()?;
    let mut ours = Cycler::in_rust(field, &origin, &parent)?;
    let mut in_c = Cycler::in_c(field, &origin, &parent)?;
    let commands = || by_commands(&origin, &parent, &place);

    // First times are another matter.
    ours.batch(2)?;
    in_c.batch(2)?;
    commands()?;

    let mut ours_ms = Vec::new();
    let rounds = field.rounds(ROUNDS);
    field.say(format_args!("{NAME}: against commands"));
    let taken = Rounds::take(rounds, || cycle_ms(&mut ours), commands)?;
    ours_ms.extend(&taken.ours);
    let times = taken.rival_over_ours();
    let limit = Rounds::take(rounds, || cycle_ms(&mut in_c), commands)?;
    let limit = limit.rival_over_ours();
    results.report(NAME, "`zfs` commands / C", "times", limit);
    let what = "`zfs` commands / zfs-rs";
    let target = Target::at_least(AGAINST_COMMANDS, limit);
    results.expect(NAME, what, "times", times, target);

    field.say(format_args!("{NAME}: against C"));
    let taken =
        Rounds::take(rounds, || cycle_ms(&mut ours), || cycle_ms(&mut in_c))?;
    ours_ms.extend(&taken.ours);
    results.report(NAME, "C / zfs-rs", "times", taken.rival_over_ours());
    results.report(NAME, "through zfs-rs", "ms", Figure::of(&ours_ms));
    results.report(NAME, "through C", "ms", Figure::of(&taken.rival));
    report_steps(&mut ours, rounds, "zfs-rs", results)?;
    report_steps(&mut in_c, rounds, "C", results)?;
    drop((ours, in_c));
    field.say(format_args!("{NAME}: under strace"));

    trace::compare(field, &origin, &parent, results)
}

fn cycle_ms(cycler: &mut Cycler) -> Result<f64> {
    Ok(cycler.batch(BATCH)?.iter().sum())
}

fn report_steps(
    cycler: &mut Cycler,
    rounds: usize,
    who: &str,
    results: &mut Results,
) -> Result<()> {
    let spent =
        (0..rounds).map(|_| cycler.batch(1)).collect::<Result<Vec<Spent>>>()?;
    for (i, step) in STEPS.iter().enumerate() {
        let values: Vec<f64> = spent.iter().map(|spent| spent[i]).collect();
        let what = format!("{step} through {who}");
        results.report(NAME, what, "ms", Figure::of(&values));
    }
    Ok(())
}

/// Gives milliseconds per cycle. `zfs clone` mounts, and `zfs destroy`
/// unmounts.
fn by_commands(
    origin: &SnapshotName,
    parent: &DatasetName,
    place: &Path,
) -> Result<f64> {
    let name = parent.child("commands")?;
    let begin = Instant::now();
    for _ in 0..BATCH_OF_COMMANDS {
        let name = name.as_str();
        run(Process::new("zfs").args(["clone", origin.as_str(), name]))?;
        fs::write(place.join("commands/file"), "text")?;
        run(Process::new("zfs").args(["destroy", name]))?;
    }
    Ok(begin.elapsed().as_secs_f64() * 1000.0 / f64::from(BATCH_OF_COMMANDS))
}

/// A program that does cycles when it is told to: it is started once, as a
/// hunt is.
#[derive(Debug)]
pub(crate) struct Cycler {
    child: Child,
    /// `None` once there are no more orders.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Cycler {
    pub(crate) fn in_rust(
        field: &Field,
        origin: &SnapshotName,
        parent: &DatasetName,
    ) -> Result<Cycler> {
        let mut command = Process::new(field.itself());
        Cycler::start(command.arg("cycle"), origin, parent)
    }

    pub(crate) fn in_c(
        field: &Field,
        origin: &SnapshotName,
        parent: &DatasetName,
    ) -> Result<Cycler> {
        let mut command = Process::new(field.cycle_in_c());
        Cycler::start(&mut command, origin, parent)
    }

    /// In C, where libzfs mounts and unmounts.
    pub(crate) fn by_libzfs(
        field: &Field,
        origin: &SnapshotName,
        parent: &DatasetName,
    ) -> Result<Cycler> {
        let mut command = Process::new(field.cycle_in_c());
        command.args([origin.as_str(), parent.as_str(), "libzfs"]);
        Cycler::spawn(&mut command)
    }

    pub(crate) fn start(
        command: &mut Process,
        origin: &SnapshotName,
        parent: &DatasetName,
    ) -> Result<Cycler> {
        Cycler::spawn(command.args([origin.as_str(), parent.as_str()]))
    }

    fn spawn(command: &mut Process) -> Result<Cycler> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let orders = child.stdin.take();
        let answers = child.stdout.take().context("it is a pipe")?;
        Ok(Cycler { child, orders, answers: BufReader::new(answers) })
    }

    /// Does so many cycles, and gives what one took.
    pub(crate) fn batch(&mut self, count: u32) -> Result<Spent> {
        let orders = self.orders.as_mut().context("it has ended")?;
        writeln!(orders, "{count}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let steps: Vec<f64> = answer
            .split_whitespace()
            .map(|ns| Ok(ns.parse::<f64>()? / 1e6 / f64::from(count)))
            .collect::<Result<_>>()?;
        let spent = steps.try_into();
        spent.map_err(|_| anyhow::anyhow!("the cycler answered `{answer}`"))
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.orders = None;
        let status = self.child.wait()?;
        ensure!(status.success(), "the cycler ended with {status}");
        Ok(())
    }
}

impl Drop for Cycler {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.child.wait();
    }
}

/// The other side of a [`Cycler`]: what benches/cycle.c is in C.
pub(crate) fn serve(origin: &str, parent: &str) -> Result<()> {
    let zfs = Zfs::open()?;
    let origin = SnapshotName::new(origin)?;
    let name = DatasetName::new(parent)?.child("cycle")?;
    for line in io::stdin().lines() {
        let count: u32 = line?.trim().parse()?;
        let mut spent = [Duration::ZERO; STEPS.len()];
        for _ in 0..count {
            cycle(&zfs, &origin, &name, &mut spent)?;
        }
        let ns = spent.map(|step| step.as_nanos().to_string());
        writeln!(io::stdout(), "{}", ns.join(" "))?;
    }
    Ok(())
}

fn cycle(
    zfs: &Zfs,
    origin: &SnapshotName,
    name: &DatasetName,
    spent: &mut [Duration; STEPS.len()],
) -> Result<()> {
    let mut begin = Instant::now();
    let mut lap = |step: usize| {
        let now = Instant::now();
        spent[step] += now - begin;
        begin = now;
    };
    zfs.clone_from(name, origin, &Properties::new())?;
    lap(0);
    let place = zfs.mount(name)?;
    let device = place.symlink_metadata()?.dev();
    lap(1);
    fs::write(place.join("file"), "text")?;
    lap(2);
    zfs.unmount_device(&place, device)?;
    lap(3);
    zfs.destroy(name)?;
    lap(4);
    Ok(())
}
