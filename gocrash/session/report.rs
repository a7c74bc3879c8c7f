//! `gocrash report`: what a hunt came to, from its record alone.

use std::path::Path;
use std::process::ExitCode;

use super::{hunts, log};
use crate::cli::after::ReportArgs;
use crate::config::{self, Destination};
use crate::exit;
use crate::report::afterwards::{self, Wanted};

pub(super) fn report(args: ReportArgs) -> anyhow::Result<ExitCode> {
    let wanted = Wanted {
        junit: args.junit.map(Destination::new),
        html: args.html.map(Destination::new),
        json: args.json,
    };
    let json = args.json.then_some(Destination::Stdout);
    config::one_on_stdout(&[
        ("--junit", &wanted.junit),
        ("--html", &wanted.html),
        ("--json", &json),
    ])?;
    let typed = Path::new(&args.id);
    if typed.is_file() {
        afterwards::write(&log::read(typed)?, &wanted)?;
        return Ok(ExitCode::from(exit::PASSED));
    }
    let hunts = hunts::find();
    let hunt = hunts.pick(&args.id)?;
    match &hunt.found.record {
        Ok(session) => afterwards::write(session, &wanted)?,
        Err(why) => anyhow::bail!("cannot read the record: {why}"),
    }
    Ok(ExitCode::from(exit::PASSED))
}
