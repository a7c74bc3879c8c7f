//! Whether a cycle through zfs-rs asks the kernel for the same things as the
//! C program: both are run under strace.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use zfs::{DatasetName, SnapshotName};

use crate::cycle::Cycler;
use crate::field::Field;
use crate::rounds::Figure;
use crate::table::{Results, Target};

const NAME: &str = "cycle";
/// The first one opens things; the second has to be like all others.
const CYCLES: usize = 2;
const SAME: Target = Target::AtMost(0.0);

pub(crate) fn compare(
    field: &Field,
    origin: &SnapshotName,
    parent: &DatasetName,
    results: &mut Results,
) -> Result<()> {
    let start = |program: &Path, words: &[&str], trace: &Path| {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-y", "-o"]).arg(trace).arg(program).args(words);
        Cycler::start(&mut strace, origin, parent)
            .context("strace is needed to compare the system calls")
    };
    let trace = field.path("trace-rust");
    let ours = traced(start(&field.itself(), &["cycle"], &trace)?, &trace)?;
    let trace = field.path("trace-c");
    let in_c = traced(start(&field.cycle_in_c(), &[], &trace)?, &trace)?;

    let differences = differences(&ours.asked, &in_c.asked);
    for difference in &differences {
        field.say(format_args!("{difference}"));
    }
    let figure = |count: usize| Figure::of(&[count as f64]);
    results.expect(
        NAME,
        "calls of ioctl, mount and umount unlike in C",
        "calls",
        figure(differences.len()),
        SAME,
    );
    let asked = ours.asked.len();
    results.report(NAME, "such calls in a cycle", "calls", figure(asked));
    let what = "system calls of all kinds through zfs-rs";
    results.report(NAME, what, "calls", figure(ours.count));
    let what = "system calls of all kinds through C";
    results.report(NAME, what, "calls", figure(in_c.count));
    Ok(())
}

/// The system calls of one cycle.
struct Calls {
    /// What ZFS was asked for, as `ioctl 0x5a16`, `mount` or `umount2`.
    asked: Vec<String>,
    /// Calls of all kinds.
    count: usize,
}

/// Runs the cycles, and gives the calls of the last one.
fn traced(mut cycler: Cycler, trace: &Path) -> Result<Calls> {
    for _ in 0..CYCLES {
        cycler.batch(1)?;
    }
    cycler.finish()?;
    let text = fs::read_to_string(trace)?;
    let lines: Vec<&str> = text.lines().map(without_pid).collect();
    // An order is read before each cycle; its answer ends the cycle.
    let reads = |line: &&str| {
        line.starts_with("read(0<") && line.trim_end().ends_with("= 2")
    };
    let orders: Vec<usize> =
        (0..lines.len()).filter(|&i| reads(&lines[i])).collect();
    ensure!(orders.len() == CYCLES, "{} cycles traced", orders.len());
    let cycle = lines[orders[CYCLES - 1] + 1..]
        .iter()
        .take_while(|line| !line.starts_with("write(1<"));
    let cycle: Vec<&str> = cycle.copied().collect();
    let asked: Vec<String> = cycle.iter().filter_map(|l| asked(l)).collect();
    ensure!(!asked.is_empty(), "no request to ZFS was traced");
    Ok(Calls { asked, count: cycle.len() })
}

/// With -f each line starts with the id of a thread, padded.
fn without_pid(line: &str) -> &str {
    line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start()
}

/// `ioctl(4</dev/zfs>, _IOC(_IOC_NONE, 0x5a, 0x16, 0), 0x7ffd) = 0`
fn asked(line: &str) -> Option<String> {
    let (call, rest) = line.split_once('(')?;
    match call {
        "mount" | "umount2" => Some(call.to_owned()),
        "ioctl" if rest.contains("</dev/zfs>") => {
            let (_, request) = rest.split_once(", ")?;
            let end = request.rfind(", 0x")?;
            Some(format!("ioctl {}", &request[..end]))
        }
        _ => None,
    }
}

/// What only one of them asked for, or at another place.
fn differences(ours: &[String], in_c: &[String]) -> Vec<String> {
    let nothing = "nothing".to_owned();
    (0..ours.len().max(in_c.len()))
        .map(|i| {
            let of =
                |calls: &[String]| calls.get(i).unwrap_or(&nothing).clone();
            (i, of(ours), of(in_c))
        })
        .filter(|(_, ours, in_c)| ours != in_c)
        .map(|(i, ours, in_c)| format!("call {i}: {ours}, in C {in_c}"))
        .collect()
}
