//! What is typed to look after hunts. A snapshot always has an `@` in it, and a
//! directory a `/` or `.`, so that none of them is taken for one of these.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What is done after a hunt, or beside it.
#[derive(Debug, Subcommand)]
pub(crate) enum After {
    List(ListArgs),
    Report(ReportArgs),
    Generate(GenerateArgs),
    Triage(TriageArgs),
}

/// List hunts and what they kept, of all pools and of directories
///
/// Where they are is found out from ZFS alone, by the properties that gocrash
/// sets, and from the state directory, where hunts in directories keep what is
/// theirs.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Print an object of JSON; docs/sessions.md has its schema
    #[arg(long)]
    pub(crate) json: bool,
}

/// Tell what a hunt came to: what failed, how often, and where that is kept
///
/// As text on standard output, unless something else is asked for. What failed
/// is told from the hunt's record and the logs that were kept; where the hunt
/// left nothing, a file that `--events` wrote will do.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Which hunt: as `gocrash list` calls it, `latest`, its whole name, or a
    /// file that `--events` wrote
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// Write one page of HTML to this file; `-`: standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// Write a test case for each run to this file, as JUnit's XML; `-`:
    /// standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// Print an object of JSON; docs/report.md has its schema
    #[arg(long)]
    pub(crate) json: bool,
}

/// Make man pages, or completions for a shell
#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    #[command(subcommand)]
    pub(crate) what: Generated,
}

/// What can be made.
#[derive(Debug, Subcommand)]
pub(crate) enum Generated {
    /// Write a man page for each command into a directory
    Man {
        /// A directory that is there
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
    /// Print a shell's completions
    ///
    /// For bash, `gocrash generate completions bash` belongs into
    /// `~/.local/share/bash-completion/completions/gocrash`; for zsh, into a
    /// file `_gocrash` in a directory of `$fpath`; for fish, into
    /// `~/.config/fish/completions/gocrash.fish`.
    Completions {
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
}

/// The shells that there are completions for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}
/// Say what failed in logs, and which failures are the same
///
/// A log is a file that a suite printed, of gocrash's or not, or a JUnit file;
/// a directory with test_run_stdout in it; or what a hunt kept, by its id or by
/// that of an attempt, as `gocrash list` shows them. What Go's tools, cargo,
/// nextest, pytest, CTest and TAP print is understood; of all else, the first
/// line that complains is taken. Failures of one signature are listed once,
/// with what all of them share.
#[derive(Debug, Args)]
pub(crate) struct TriageArgs {
    /// Logs to read, together
    #[arg(required = true, value_name = "ID|FILE")]
    pub(crate) logs: Vec<OsString>,

    /// Say for each log what these rules would do about it
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,

    /// Print an object of JSON; docs/triage.md has its schema
    #[arg(long)]
    pub(crate) json: bool,
}
