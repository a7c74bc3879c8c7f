//! `gocrash list`: the hunts there are, and what they kept.

use std::process::ExitCode;

use super::hunts;
use super::summary::Listing;
use crate::cli::after::ListArgs;
use crate::exit;
use crate::report::{listing, printed};

pub(super) fn list(args: &ListArgs) -> anyhow::Result<ExitCode> {
    let hunts = hunts::find()?;
    let listing = Listing::new(&hunts);
    match args.json {
        true => printed::json(&listing)?,
        false => listing::print(&listing)?,
    }
    // What is not in the list may be what is looked for.
    Ok(ExitCode::from(match hunts.unseen.is_empty() {
        true => exit::PASSED,
        false => exit::NO_VERDICT,
    }))
}
