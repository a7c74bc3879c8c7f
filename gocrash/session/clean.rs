//! `gocrash clean`: what hunts have left goes.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use nix::unistd::Uid;

use super::hunts::{self, Hunt, Hunts};
use super::interrupt::Interrupt;
use super::state::{State, check_over};
use crate::cli::after::CleanArgs;
use crate::exit::{self, Verdict};
use crate::refusal::Refusal;
use crate::report::cleaning::Cleaning;
use crate::slate::clean::{Cleaner, Extent, Plan};
use crate::slate::found::Kind;
use crate::slate::{self, Rest};

pub(super) fn clean(args: &CleanArgs) -> anyhow::Result<ExitCode> {
    if args.json && !args.dry_run && !args.yes {
        anyhow::bail!(Refusal::new(
            "`--json` asks nobody whether to destroy anything",
            "see what would be destroyed by `-n`, and have it done by `-y`",
        ));
    }
    let hunts = hunts::find()?;
    let mut report = Cleaning::asked_for(args);
    let picked = pick(args, &hunts, &mut report)?;
    if picked.is_empty() {
        report.nothing();
        return exit(&report);
    }
    if !args.dry_run && !args.yes && !io::stdin().is_terminal() {
        anyhow::bail!(Refusal::new(
            "nobody is there to be asked whether to destroy anything",
            "see what would be destroyed by `-n`, and have it done by `-y`",
        ));
    }
    let (zfs, overlays): (Vec<&Hunt>, Vec<&Hunt>) =
        picked.into_iter().partition(|hunt| hunt.found.kind == Kind::Zfs);
    if !zfs.is_empty() {
        let interrupt = Interrupt::watch()?;
        clean_some(args, &zfs, &mut report, Some(&interrupt))?;
        if let Some(signal) = interrupt.end() {
            report.interrupted();
            report.end()?;
            return Ok(Verdict::Signaled(signal).exit());
        }
    }
    if !overlays.is_empty() {
        // What a suite has closed to its own person can be opened there. Not
        // before pools are done with: they are out of reach in there.
        if !Uid::effective().is_root() {
            slate::enter_overlays()?;
        }
        clean_some(args, &overlays, &mut report, None)?;
    }
    exit(&report)
}

fn exit(report: &Cleaning) -> anyhow::Result<ExitCode> {
    report.end()?;
    Ok(ExitCode::from(match report.is_done() {
        true => exit::PASSED,
        false => exit::NO_VERDICT,
    }))
}

/// Refuses what is named and can't be cleaned; of all, says it.
fn pick<'a>(
    args: &CleanArgs,
    hunts: &'a Hunts,
    report: &mut Cleaning,
) -> Result<Vec<&'a Hunt>, Refusal> {
    if !args.all {
        let mut named: Vec<&Hunt> = Vec::new();
        for id in &args.ids {
            let hunt = hunts.pick(id)?;
            check_over(hunt)?;
            // By two names, it may be.
            if named.iter().all(|known| known.found.name != hunt.found.name) {
                named.push(hunt);
            }
        }
        return Ok(named);
    }
    for what in &hunts.unseen {
        report.unseen(what);
    }
    let mut picked = Vec::new();
    for hunt in &hunts.all {
        match check_over(hunt) {
            Ok(()) => picked.push(hunt),
            Err(refusal) => {
                let state = State::of(&hunt.found);
                report.passed_over(&refusal, state == State::Unknown);
            }
        }
    }
    Ok(picked)
}

fn clean_some(
    args: &CleanArgs,
    hunts: &[&Hunt],
    report: &mut Cleaning,
    interrupt: Option<&Interrupt>,
) -> anyhow::Result<()> {
    let is_over = || interrupt.is_some_and(|watch| watch.came().is_some());
    let extent = match args.stale {
        true => Extent::Unfinished,
        false => Extent::Whole,
    };
    let mut planned: Vec<(&Hunt, Cleaner, Plan)> = Vec::new();
    for hunt in hunts {
        if is_over() {
            return Ok(());
        }
        let plan = Cleaner::new(&hunt.found)
            .and_then(|cleaner| Ok((cleaner.plan(extent)?, cleaner)));
        match plan {
            Ok((plan, cleaner)) => planned.push((hunt, cleaner, plan)),
            Err(error) => report.failed(&hunt.found.name, &error),
        }
    }
    let goes = planned.iter().any(|(.., plan)| !plan.go.is_empty());
    if args.dry_run || (goes && !args.yes) {
        for (hunt, _, plan) in &planned {
            report.planned(&hunt.id, plan, args.dry_run);
        }
    }
    let wait = || interrupt.is_none_or(Interrupt::wait_for_input);
    if args.dry_run || (goes && !args.yes && !report.ask(wait)) {
        return Ok(());
    }
    for (hunt, cleaner, plan) in planned {
        if is_over() {
            break;
        }
        carry_out(hunt, cleaner, plan, report, &is_over);
    }
    Ok(())
}

fn carry_out(
    hunt: &Hunt,
    mut cleaner: Cleaner,
    plan: Plan,
    report: &mut Cleaning,
    is_over: &dyn Fn() -> bool,
) {
    let mut gone = 0;
    for left in &plan.stay {
        report.left(left);
    }
    let mut left_any = false;
    for piece in plan.go {
        if piece.is_foundation && left_any || is_over() {
            break;
        }
        let name = piece.name.clone();
        match cleaner.remove(piece) {
            Rest::Gone => {
                gone += 1;
                report.gone(&hunt.id, &name);
            }
            Rest::Left(left) => {
                report.left(&left);
                left_any = true;
            }
        }
    }
    report.cleaned(&hunt.id, gone, &hunt.found.name);
}
