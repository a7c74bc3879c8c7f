//! gocrash runs a test suite again and again, each time from a clean slate.

mod attempt;
mod cli;
mod config;
mod exit;
mod hunt;
mod record;
mod refusal;
mod report;
mod session;
mod slate;
mod stats;
mod triage;

use std::process::ExitCode;

use clap::Parser;

use cli::Typed;
use config::Config;
use exit::Verdict;
use refusal::Refusal;
use report::Reports;
use report::terminal::Terminal;

fn main() -> ExitCode {
    attempt::sys::close_descriptors_on_exec();
    attempt::sys::adopt_orphans();
    let typed = match Typed::try_parse() {
        Ok(typed) => typed,
        Err(usage) => {
            // Also how clap answers to --help and --version.
            let _ = usage.print();
            let status = match usage.use_stderr() {
                true => exit::REFUSED,
                false => exit::PASSED,
            };
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
            let config = Config::new(typed)?;
            // No thread has been started yet.
            config.origin.enter()?;
            Ok(hunt(config)?.exit())
        }
        Typed { .. } => unreachable!("one of them is required"),
    }
}

/// In surroundings that have been entered.
fn hunt(config: Config) -> anyhow::Result<Verdict> {
    let mut reports = Reports::open(&config)?;
    let verdict = hunt::run(config, &mut reports);
    attempt::sys::remove_cgroups();
    verdict
}
