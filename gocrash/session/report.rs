//! `gocrash report`: what a hunt came to, from its record alone.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

use super::hunts::{self, Hunt, Hunts};
use crate::cli::after::ReportArgs;
use crate::config::{self, Destination};
use crate::exit;
use crate::record::read::{History, Session};
use crate::refusal::Refusal;
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
        afterwards::write(&read_log(typed)?, &wanted)?;
        return Ok(ExitCode::from(exit::PASSED));
    }
    let hunts = hunts::find();
    let hunt = pick(&hunts, &args.id)?;
    match &hunt.found.record {
        Ok(session) => afterwards::write(session, &wanted)?,
        Err(why) => anyhow::bail!("cannot read the record: {why}"),
    }
    Ok(ExitCode::from(exit::PASSED))
}

fn pick<'a>(hunts: &'a Hunts, typed: &str) -> Result<&'a Hunt, Refusal> {
    let is_meant = |hunt: &&Hunt| match typed {
        "latest" => !hunt.found.is_copy,
        _ => [&hunt.id, &hunt.found.session, &hunt.found.name]
            .iter()
            .any(|name| *name == typed),
    };
    hunts.all.iter().rfind(is_meant).ok_or_else(|| {
        Refusal::new(
            format!("there is no hunt `{typed}`"),
            "`gocrash list` shows what there is",
        )
    })
}

/// A log that `--events` wrote, or that somebody brought: by itself where there
/// is no manifest beside it.
fn read_log(path: &Path) -> Result<Session, Refusal> {
    let read = || {
        let history = History::read(BufReader::new(File::open(path)?))?;
        let directory = path.parent().unwrap_or(Path::new("."));
        let session = Session::read(directory);
        // The manifest of another hunt says nothing about this one.
        let manifest = session.ok().and_then(|s| s.manifest.ok());
        let name = history.opened.as_ref().map(|opened| &opened.session);
        let manifest = manifest
            .filter(|manifest| Some(&manifest.session) == name)
            .ok_or_else(|| "there is none beside the log".to_owned());
        std::io::Result::Ok(Session { manifest, history })
    };
    let session = read().map_err(|error| {
        Refusal::new(
            format!("cannot read `{}`: {error}", path.display()),
            "name a log that `--events` wrote, or a hunt: `gocrash list`",
        )
    })?;
    match session.history.opened {
        Some(_) => Ok(session),
        None => Err(Refusal::new(
            format!("`{}` is no event log of gocrash", path.display()),
            "name a log that `--events` wrote, or a hunt: `gocrash list`",
        )),
    }
}
