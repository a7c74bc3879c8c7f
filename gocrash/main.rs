//! gocrash runs a test suite again and again, each time from a clean slate.

mod attempt;
mod cli;
mod config;
mod exit;
#[cfg(test)]
mod fuzz;
mod hunt;
mod keeper;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod mounting;
mod near;
mod record;
mod refusal;
mod report;
mod session;
mod slate;
mod stats;
mod triage;

use std::cell::Cell;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

use cli::Typed;
use config::Config;
use exit::Verdict;
use keeper::Keeper;
use refusal::Refusal;
use report::Reports;
use report::terminal::Terminal;

fn main() -> ExitCode {
    attempt::sys::close_descriptors_on_exec();
    // What others are told of is this one.
    attempt::sys::own_id();
    let typed = match Typed::try_parse() {
        Ok(typed) => typed,
        Err(usage) => {
            // Also how clap answers to --help and --version.
            let status = match usage.use_stderr() {
                true => exit::REFUSED,
                false => exit::PASSED,
            };
            match config::misnamed(&usage) {
                Some(refusal) => Terminal::new().refused(&refusal),
                None => report::usage::print(usage),
            }
            return ExitCode::from(status);
        }
    };
    match run(typed) {
        Ok(status) => status,
        Err(error) => {
            let mut terminal = Terminal::new();
            match error.downcast_ref::<Refusal>() {
                Some(refusal) => {
                    terminal.refused(refusal);
                    ExitCode::from(exit::REFUSED)
                }
                None => {
                    terminal.failed(&error);
                    Verdict::None.exit()
                }
            }
        }
    }
}

fn run(typed: Typed) -> anyhow::Result<ExitCode> {
    match typed {
        Typed { after: Some(after), .. } => session::run(after),
        Typed { hunt: Some(typed), .. } => {
            Ok(hunt(Config::new(typed)?)?.exit())
        }
        Typed { .. } => unreachable!("one of them is required"),
    }
}

/// Hunts, by a keeper of its own.
fn hunt(config: Config) -> anyhow::Result<Verdict> {
    let config = Arc::new(config);
    let reports = Cell::new(Some(Reports::open(&config)?));
    // No thread has been started yet.
    let keeper = Keeper::start(&config, || drop(reports.take()))?;
    let mut reports = reports.take().expect("it is dropped in the keeper");
    let hunted = session::clear(&config, &keeper)
        .and_then(|()| hunt::run(config, &keeper, &mut reports));
    let waits = !hunted.as_ref().is_ok_and(|(_, is_hurried)| *is_hurried);
    keeper.end(waits);
    hunted.map(|(verdict, _)| verdict)
}
