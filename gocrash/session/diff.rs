//! `gocrash diff`: what an attempt changed in its tree.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use serde::Serialize;

use super::hunts;
use super::slate::{KeptAttempt, pick_kept};
use crate::cli::after::DiffArgs;
use crate::exit;
use crate::record::text::Text;
use crate::report::{changes, printed};
use crate::slate::compare::{self, Change};
use crate::slate::found::Kind;
use crate::slate::inside::Inside;
use crate::slate::visit::Tree;

/// The list of what an attempt changed, beside that.
const LIST: &str = "changes";

/// What `gocrash diff --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Diff {
    v: u32,
    id: String,
    changes: Vec<Changed>,
}

#[derive(Debug, Serialize)]
struct Changed {
    what: String,
    path: Text,
    directory: bool,
}

pub(super) fn diff(args: &DiffArgs) -> anyhow::Result<ExitCode> {
    let hunts = hunts::find()?;
    let kept = pick_kept(&hunts, &args.id)?;
    let changes = of(&kept)?;
    match args.json {
        false => changes::print(&changes)?,
        true => printed::json(&Diff {
            v: printed::VERSION,
            id: kept.id(),
            changes: changes.into_iter().map(Changed::from).collect(),
        })?,
    }
    Ok(ExitCode::from(exit::PASSED))
}

/// What the attempt changed.
pub(super) fn of(kept: &KeptAttempt<'_>) -> anyhow::Result<Vec<Change>> {
    let found = &kept.hunt.found;
    match found.kind {
        Kind::Overlay => {
            // It was listed when the slate was kept, and the source was what
            // it had been.
            let upper = Path::new(&kept.slate.name);
            let slate = upper.parent().unwrap_or(upper);
            let read = || {
                let slate = Inside::open(slate, &found.reader)?;
                let mut text = String::new();
                slate.file(LIST)?.read_to_string(&mut text)?;
                std::io::Result::Ok(text)
            };
            let text = read().with_context(|| {
                format!("cannot read `{}`", slate.join(LIST).display())
            })?;
            Ok(text.lines().filter_map(Change::parse).collect())
        }
        Kind::Zfs => {
            let now = Tree::open(found, kept.slate)?;
            let before = Tree::origin(found, kept.slate)?
                .context("it was made from nothing")?;
            Ok(compare::changes(before.path(), now.path())?)
        }
    }
}

impl From<Change> for Changed {
    fn from(change: Change) -> Changed {
        let Change { what, path, is_directory } = change;
        Changed {
            what: what.to_string(),
            path: (&path).into(),
            directory: is_directory,
        }
    }
}
