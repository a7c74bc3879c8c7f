//! `gocrash resume`: a hunt goes on that had ended, or broken off.

use std::process::ExitCode;

use super::again;
use super::hunts;
use super::state::{check_over, host_went_down};
use crate::attempt::name::AttemptName;
use crate::cli::after::ResumeArgs;
use crate::config::{Config, Resumed};
use crate::hunt::Hunt;
use crate::keeper::Keeper;
use crate::record::read::{Exit, History};
use crate::refusal::Refusal;
use crate::report::cleaning::Cleaning;
use crate::slate::found::is_kept;

pub(super) fn resume(args: &ResumeArgs) -> anyhow::Result<ExitCode> {
    let mut hunts = hunts::find()?;
    let hunt = hunts.pick(&args.id)?;
    check_over(hunt)?;
    let manifest = again::manifest(hunt)?;
    let mut config =
        again::config(&hunt.found, manifest, again::arguments(manifest)?)?;
    config.tell_json(args.json)?;
    let Some(record) = hunt.found.record.as_ref().ok() else {
        unreachable!("its manifest was read")
    };
    let mut ended =
        record.history.attempts.values().filter_map(|a| a.exit.as_ref());
    if config.verification.is_some() && ended.any(Exit::is_failure) {
        anyhow::bail!(Refusal::new(
            format!("a run of `{}` has failed: it is not fixed", args.id),
            "check the next fix in a hunt of its own: `gocrash verify-fix`",
        ));
    }
    let history = record.history.clone();
    let kept = hunt.found.slates.iter().filter(|s| is_kept(&hunt.found, s));
    let mut cut_off = Vec::new();
    if host_went_down(&hunt.found) == Some(true) {
        let is_there = |name: &AttemptName| {
            let mut slates = hunt.found.slates.iter();
            slates.any(|slate| {
                slate.attempt == *name && !is_kept(&hunt.found, slate)
            })
        };
        let running = history.running().map(|(name, _)| *name);
        cut_off.extend(running.filter(is_there));
    }
    let kept = kept.count() + cut_off.len();
    let id = hunt.id.clone();
    refuse_done(&config, &history, kept, &id)?;
    hunts.all.retain(|hunt| hunt.id == id);
    let found = hunts.all.pop().expect("it was picked of them").found;
    config.resumed = Some(Resumed { found, history, kept, cut_off });
    Ok(crate::hunt(config)?.exit())
}

/// Nothing would be run, and nothing found.
fn refuse_done(
    config: &Config,
    history: &History,
    kept: usize,
    id: &str,
) -> Result<(), Refusal> {
    let hunt = Hunt::new(config.concurrency, config.stop_after, config.keep)
        .stopping(config.stop.limits, config.stop.halt)
        .resuming(history, kept);
    match hunt.has_done_all() {
        false => Ok(()),
        true => Err(Refusal::new(
            format!("`{id}` has done all its runs"),
            format!("do them once more: `gocrash rerun {id}`"),
        )),
    }
}

/// Has destroyed what was unfinished of a hunt that is to go on, and names
/// what can't go.
pub(crate) fn clear(config: &Config, keeper: &Keeper) -> anyhow::Result<()> {
    if config.resumed.is_none() {
        return Ok(());
    }
    let mut report = Cleaning::new(false);
    for left in keeper.asker()?.clean()? {
        report.left(&left);
    }
    Ok(())
}
