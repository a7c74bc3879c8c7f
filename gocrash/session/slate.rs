//! The slate of an attempt that was kept, as it is meant by what was typed.

use super::hunts::{Hunt, Hunts};
use super::state::kept;
use crate::attempt::name::AttemptName;
use crate::refusal::Refusal;
use crate::slate::found::FoundSlate;

/// One that is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeptAttempt<'a> {
    pub(super) hunt: &'a Hunt,
    pub(super) slate: &'a FoundSlate,
}

impl KeptAttempt<'_> {
    /// What it is called for short.
    pub(super) fn id(&self) -> String {
        format!("{}/{}", self.hunt.id, self.slate.attempt)
    }
}

/// The attempt that is meant. Where a hunt is named that has kept one alone,
/// that.
pub(super) fn pick_kept<'a>(
    hunts: &'a Hunts,
    typed: &str,
) -> Result<KeptAttempt<'a>, Refusal> {
    let (hunt, attempt) = hunts.pick_attempt(typed)?;
    let names: Vec<AttemptName> =
        kept(&hunt.found).iter().map(|kept| kept.attempt).collect();
    let attempt = match (attempt, &names[..]) {
        (Some(attempt), _) => attempt,
        (None, [only]) => *only,
        (None, []) => {
            return Err(Refusal::new(
                format!("`{}` has kept nothing", hunt.found.name),
                "`gocrash list` shows which hunts have",
            ));
        }
        (None, [first, ..]) => {
            return Err(Refusal::new(
                format!("`{typed}` has kept {} attempts", names.len()),
                format!("name one, as in `{}/{first}`", hunt.id),
            ));
        }
    };
    let slates = hunt.found.slates.iter();
    let mut kept = slates
        .filter(|slate| slate.attempt == attempt && names.contains(&attempt));
    let slate = kept.next().ok_or_else(|| {
        Refusal::new(
            format!("`{}` has not kept {attempt}", hunt.found.name),
            "`gocrash list` shows what it has",
        )
    })?;
    Ok(KeptAttempt { hunt, slate })
}
