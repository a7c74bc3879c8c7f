//! How fast gocrash is, against what people had before: `make bench`.
//!
//! Only ratios within one run mean something, so ours and its rival always
//! take turns, and each figure is the median of several rounds.

mod attempts;
mod bystander;
mod choices;
mod cost;
mod cycle;
mod field;
mod gap;
mod hunt;
mod overlay;
mod pool;
mod rival;
mod rounds;
mod siblings;
mod table;
mod trace;

use std::io::{Write, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::{Parser, Subcommand, ValueEnum};

use field::Field;
use table::Results;

const GOCRASH: &str = env!("CARGO_BIN_EXE_gocrash");
/// Some targets are missed.
const MISSED: u8 = 1;

#[derive(Debug, Parser)]
struct Cli {
    /// Measure these only, as in `cycle,attempts`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Measure only what needs a pool, or what needs none.
    #[arg(long)]
    place: Option<Place>,
    /// Take so many rounds, to see quickly whether all is well.
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Measure this gocrash, not the one that was built for it.
    #[arg(long, value_name = "FILE", default_value = GOCRASH)]
    program: PathBuf,
    /// Begin with the results in this file, as an earlier run printed them.
    #[arg(long, value_name = "FILE")]
    after: Option<PathBuf>,
    /// Where the C programs were built.
    #[arg(long, default_value = "target/bench")]
    built: PathBuf,
    /// Measure nothing: print the results as a table.
    #[arg(long, requires = "after")]
    table: bool,
    /// Fail when a target is missed.
    #[arg(long)]
    check: bool,
    /// What `cargo bench` passes.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Does what benches/cycle.c does, through zfs-rs.
    Cycle { origin: String, parent: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Place {
    Pool,
    Plain,
}

/// One of the things that are measured.
struct Measurement {
    name: &'static str,
    place: Place,
    run: fn(&Field, &mut Results) -> Result<()>,
}

const MEASUREMENTS: [Measurement; 8] = [
    Measurement { name: "cycle", place: Place::Pool, run: cycle::measure },
    Measurement {
        name: "attempts",
        place: Place::Pool,
        run: attempts::measure,
    },
    Measurement { name: "gap", place: Place::Pool, run: gap::measure },
    Measurement { name: "choices", place: Place::Pool, run: choices::measure },
    Measurement { name: "overlay", place: Place::Plain, run: overlay::measure },
    Measurement { name: "cost", place: Place::Pool, run: cost::measure },
    Measurement {
        name: "bystander",
        place: Place::Pool,
        run: bystander::measure,
    },
    // Last: it leaves thousands of clones behind.
    Measurement {
        name: "siblings",
        place: Place::Pool,
        run: siblings::measure,
    },
];

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    if let Some(Command::Cycle { origin, parent }) = &cli.command {
        cycle::serve(origin, parent)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut results = match &cli.after {
        Some(path) => Results::read(path)?,
        None => Results::default(),
    };
    if !cli.table {
        measure(&cli, &mut results)?;
        writeln!(stdout(), "{}", results.to_json()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    ensure!(!results.is_empty(), "nothing was measured");
    write!(stdout(), "{results}")?;
    let missed = results.missed();
    if cli.check && missed > 0 {
        writeln!(stderr(), "bench: {missed} targets are missed")?;
        return Ok(ExitCode::from(MISSED));
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(cli: &Cli, results: &mut Results) -> Result<()> {
    for name in &cli.only {
        let known = MEASUREMENTS.iter().any(|m| m.name == name);
        ensure!(known, "there is no measurement `{name}`");
    }
    let field = Field::open(&cli.built, &cli.program, cli.rounds)?;
    for Measurement { name, place, run } in MEASUREMENTS {
        let named = cli.only.is_empty() || cli.only.iter().any(|o| o == name);
        if !named || cli.place.is_some_and(|wanted| wanted != place) {
            continue;
        }
        field.say(format_args!("{name}"));
        results.begin(name);
        if let Err(error) = run(&field, results) {
            field.say(format_args!("{name}: skipped: {error:#}"));
            results.skip(name, format!("{error:#}"));
        }
        // The whole table comes at the end, and that can be long.
        for row in results.rows_of(name) {
            field.say(format_args!("{row}"));
        }
    }
    Ok(())
}
