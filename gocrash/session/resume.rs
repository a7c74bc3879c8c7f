//! `gocrash resume`: a hunt goes on that had ended, or broken off.

use std::process::ExitCode;

use super::again;
use super::hunts::{self, Hunt};
use super::state::check_over;
use crate::cli::after::ResumeArgs;
use crate::config::Resumed;
use crate::record::read::Exit;
use crate::refusal::Refusal;
use crate::report::cleaning::Cleaning;
use crate::slate::Rest;
use crate::slate::clean::{Cleaner, Extent};
use crate::slate::found::is_kept;

pub(super) fn resume(args: &ResumeArgs) -> anyhow::Result<ExitCode> {
    let hunts = hunts::find();
    let hunt = hunts.pick(&args.id)?;
    check_over(hunt)?;
    let manifest = again::manifest(hunt)?;
    let mut config = again::config(manifest, again::arguments(manifest)?)?;
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
    let kept = hunt.found.slates.iter().filter(|s| is_kept(&hunt.found, s));
    config.resumed = Some(Resumed {
        name: hunt.found.name.clone(),
        history: record.history.clone(),
        kept: kept.count(),
    });
    // No thread has been started yet.
    config.origin.enter()?;
    clean(hunt)?;
    Ok(crate::hunt(config)?.exit())
}

/// Destroys what was unfinished. What can't go is named, and is in nobody's
/// way: no number is used twice.
fn clean(hunt: &Hunt) -> anyhow::Result<()> {
    let mut report = Cleaning::new(false);
    let mut cleaner = Cleaner::new(&hunt.found)?;
    let plan = cleaner.plan(Extent::Unfinished)?;
    for left in &plan.stay {
        report.left(left);
    }
    let pieces = plan.go.into_iter().filter(|piece| !piece.is_foundation);
    for piece in pieces {
        if let Rest::Left(left) = cleaner.remove(piece) {
            report.left(&left);
        }
    }
    Ok(())
}
