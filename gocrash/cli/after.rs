//! What is typed to look after hunts. A snapshot always has an `@` in it, and a
//! directory a `/` or `.`, so that none of them is taken for one of these.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, value_parser};

use super::Cli;

/// What is done after a hunt, or beside it.
#[derive(Debug, Subcommand)]
pub(crate) enum After {
    List(ListArgs),
    Show(ShowArgs),
    Diff(DiffArgs),
    Shell(ShellArgs),
    Pack(PackArgs),
    Rerun(RerunArgs),
    Resume(ResumeArgs),
    VerifyFix(Box<VerifyFixArgs>),
    Clean(CleanArgs),
    Report(ReportArgs),
    Triage(TriageArgs),
    Generate(GenerateArgs),
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

/// Destroy what hunts have left
///
/// Whole hunts go, with what they kept; with --stale, only what never came to
/// its end. What others made in there stays, is named, and keeps what it is in.
/// A hunt that goes on stays, and so does what was received from elsewhere.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub(crate) struct CleanArgs {
    /// Which hunts: as `gocrash list` calls them, `latest`, or whole names
    #[arg(value_name = "ID", group = "which")]
    pub(crate) ids: Vec<String>,

    /// All that don't go on
    #[arg(long, group = "which")]
    pub(crate) all: bool,

    /// Only the clones of runs that were not to be kept
    #[arg(long)]
    pub(crate) stale: bool,

    /// Say what would be destroyed, and destroy nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,

    /// Name everything that is destroyed
    #[arg(long, short)]
    pub(crate) verbose: bool,

    /// Don't ask
    #[arg(long, short)]
    pub(crate) yes: bool,

    /// Print an object of JSON, with -n or -y; docs/sessions.md has its schema
    #[arg(long)]
    pub(crate) json: bool,
}

/// Go on with a hunt that has ended, or broke off
///
/// With the same snapshot, command, options, environment and person, in the
/// same working dataset. What was unfinished is destroyed first; the numbers of
/// attempts go on. A failure that was found before does not end it again, and
/// time begins anew, but for --stop-after and --max-runs, all runs count.
#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// Which hunt: as `gocrash list` calls it, `latest`, or its whole name
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// Print the events as lines of JSON, as by --events -; all else goes to
    /// standard error
    #[arg(long)]
    pub(crate) json: bool,
}

/// Hunt again, from the same snapshot
///
/// With the same options, environment and person, in a working dataset of its
/// own. Reports that the first hunt wrote to files are not written again.
#[derive(Debug, Args)]
#[command(override_usage = "gocrash rerun [OPTIONS] <ID> [-- COMMAND...]")]
pub(crate) struct RerunArgs {
    /// Which hunt: as `gocrash list` calls it or one of its attempts, `latest`,
    /// or a whole name
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// Stop after each thread did N runs [default: as the hunt did]
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub(crate) times: Option<u64>,

    /// Print the events as lines of JSON, as by --events -; all else goes to
    /// standard error
    #[arg(long)]
    pub(crate) json: bool,

    /// What to run instead, where the other command started
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// Show what is known of a hunt, or of one of its attempts
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Which: as `gocrash list` calls it, `latest`, or a whole name
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// Print an object of JSON; docs/sessions.md has its schema
    #[arg(long)]
    pub(crate) json: bool,
}

/// List what an attempt that was kept has changed in its tree
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// Which attempt: as `gocrash list` calls it, or a whole name; a hunt will
    /// do that has kept one alone
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// Print an object of JSON; docs/sessions.md has its schema
    #[arg(long)]
    pub(crate) json: bool,
}

/// Pack what a bug report needs into a tar file
///
/// The record of the hunt; and of each attempt that was kept, or of the one
/// that is named, what it printed, the list of what it changed, and the core
/// dumps among that, with the programs that dumped them.
#[derive(Debug, Args)]
pub(crate) struct PackArgs {
    /// Which hunt or attempt: as `gocrash list` calls it, `latest`, or a whole
    /// name
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// The archive, which must not be there yet; `-`: standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// Pack the suite's environment and gocrash's arguments too, which may hold
    /// secrets
    #[arg(long)]
    pub(crate) environment: bool,

    /// Print an object of JSON; docs/sessions.md has its schema
    #[arg(long)]
    pub(crate) json: bool,
}

/// Open a shell in the tree that an attempt left
///
/// As the person who ran the suite, in its directory and with its environment.
/// The tree is a copy of what was kept, which goes again when the shell ends.
#[derive(Debug, Args)]
#[command(override_usage = "gocrash shell [OPTIONS] <ID> [-- COMMAND...]")]
pub(crate) struct ShellArgs {
    /// Which attempt: as `gocrash list` calls it, or a whole name; a hunt will
    /// do that has kept one alone
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// In what was kept itself: what is changed there stays changed
    #[arg(long)]
    pub(crate) in_place: bool,

    /// What to run instead of a shell
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// Run a suite until it is sure that what failed in an earlier hunt is fixed
///
/// How many runs without a failure that takes follows from how often it failed
/// then. It ends when they are done, with 0, or when one fails, with 1; with
/// 125, if something else ends it before. What is not given is as in the
/// earlier hunt: COMMAND with its --cwd; --pass, --fail and --ignore together;
/// --env, --timeout, --rules, --results, --prepare, --at, --private-tmp,
/// --cores and --pace.
#[derive(Debug, Args)]
#[command(
    override_usage = "gocrash verify-fix --baseline <ID> [OPTIONS] <SNAPSHOT> \
                      [-- COMMAND...]"
)]
pub(crate) struct VerifyFixArgs {
    /// The earlier hunt: as `gocrash list` calls it, `latest`, or the file that
    /// its event log is in
    #[arg(long, value_name = "ID", help_heading = "The fix")]
    pub(crate) baseline: String,

    /// How sure to be
    #[arg(
        long,
        value_name = "%",
        default_value = "99%",
        help_heading = "The fix"
    )]
    pub(crate) confidence: String,

    /// Compare with it even where CPU, kernel, command, concurrency, patterns,
    /// timeout, environment or what was prepared are not the same
    #[arg(long, help_heading = "The fix")]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) hunt: Cli,
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
