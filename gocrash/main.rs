//! gocrash runs a test suite again and again, each time from a clean slate.

mod attempt;
mod cli;
mod config;
mod exit;
mod hunt;
mod record;
mod refusal;
mod report;
mod slate;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use config::Config;
use exit::Verdict;
use refusal::Refusal;
use report::Reports;
use report::terminal::Terminal;

fn main() -> ExitCode {
    attempt::sys::close_descriptors_on_exec();
    let typed = match Cli::try_parse() {
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
    match hunt(typed) {
        Ok(verdict) => verdict.exit(),
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

fn hunt(typed: Cli) -> anyhow::Result<Verdict> {
    let config = Config::new(typed)?;
    // No thread has been started yet.
    config.origin.enter()?;
    let mut reports = Reports::open(&config)?;
    hunt::run(config, &mut reports)
}
