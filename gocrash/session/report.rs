//! `gocrash report`: what a hunt came to, from its record alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use super::state::attempt;
use super::{hunts, log};
use crate::attempt::name::AttemptName;
use crate::attempt::reader::Reader;
use crate::attempt::said::Said;
use crate::cli::after::ReportArgs;
use crate::config::{self, Destination};
use crate::exit;
use crate::record::read::Attempt;
use crate::report::afterwards::{self, Wanted};
use crate::report::logs::{self, Logs};
use crate::slate::found::{Found, is_kept};
use crate::slate::visit::Tree;

pub(super) fn report(args: ReportArgs) -> anyhow::Result<ExitCode> {
    let wanted = Wanted {
        junit: args.junit.map(Destination::new),
        html: args.html.map(Destination::new),
        json: args.json,
    };
    let json = args.json.then_some(Destination::Stdout);
    config::keep_apart(&[
        ("--junit", &wanted.junit),
        ("--html", &wanted.html),
        ("--json", &json),
    ])?;
    if let Some(session) = log::find(Path::new(&args.id))? {
        let logs = Logs::read_by(Reader::caller()?);
        afterwards::write(&session, false, &logs, &wanted)?;
        return Ok(ExitCode::from(exit::PASSED));
    }
    let hunts = hunts::find()?;
    let hunt = hunts.pick(&args.id)?;
    match &hunt.found.record {
        Ok(session) => {
            let slates = hunt.found.slates.iter();
            let there = slates.map(|slate| slate.attempt).collect();
            let logs = Logs::known(ends(&hunt.found), there);
            afterwards::write(session, hunt.found.is_alive, &logs, &wanted)?;
        }
        Err(why) => anyhow::bail!("cannot read the record: {why}"),
    }
    Ok(ExitCode::from(exit::PASSED))
}

/// So many failures are mounted for a report, which takes a while for each.
const LOOKS_MAX: usize = 100;

/// How what was kept ends, where it can be read; of what did not fail, without
/// mounting it.
fn ends(found: &Found) -> BTreeMap<AttemptName, Said> {
    let mut ends = BTreeMap::new();
    let mut looks = 0;
    for slate in found.slates.iter().filter(|slate| is_kept(found, slate)) {
        let has_failed =
            attempt(found, slate.attempt).is_some_and(Attempt::is_failure);
        let mut tree = Tree::open_where_it_is(found, slate).ok().flatten();
        if tree.is_none() && has_failed && looks < LOOKS_MAX {
            looks += 1;
            tree = Tree::open(found, slate).ok();
        }
        let Some(tree) = tree else { continue };
        ends.insert(slate.attempt, logs::read(tree.inside()));
    }
    ends
}
