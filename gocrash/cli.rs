//! What was typed.

pub(crate) mod after;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use crate::config::{Halt, Progress};
pub(crate) use after::After;

/// What was built, from which commit, and against which libzfs.
fn version() -> String {
    format!(
        "{} (commit {}, libzfs {})",
        env!("CARGO_PKG_VERSION"),
        env!("GOCRASH_COMMIT"),
        zfs::libzfs_version()
    )
}

/// Runs a test suite again and again, each time from a clean slate, on several
/// threads, until a run fails; keeps what the failed run left
///
/// Every run gets its own ZFS clone of the snapshot. The clone of a run that
/// passes is destroyed; the clone of one that fails is kept, with what the run
/// printed in test_run_stdout and test_run_stderr at its root.
///
/// Where a dataset is mounted, the directory will do: a snapshot of it is taken
/// first. On Linux, so will any other directory: each run gets an overlay on
/// it, and of one that fails, what it changed is kept below
/// ~/.local/state/gocrash.
#[derive(Debug, Parser)]
#[command(
    name = "gocrash",
    version = version(),
    max_term_width = 80,
    override_usage = "\
gocrash [OPTIONS] <SNAPSHOT> [-- COMMAND...]
       gocrash <SUBCOMMAND>",
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    subcommand_value_name = "SUBCOMMAND",
    subcommand_help_heading = "After a hunt, or beside it",
    after_help = "\
Exit status:
  0    all runs were done and nothing failed
  1    a failure was reproduced; its clone is kept
  125  no verdict: the trouble was not the suite's
  129  refused before anything was created, bad usage included
  A hunt that a signal ended dies by that signal."
)]
pub(crate) struct Typed {
    #[command(subcommand)]
    pub(crate) after: Option<After>,

    #[command(flatten)]
    pub(crate) hunt: Option<Cli>,
}

// What a hunt is to be. Documented by `Typed`.
#[derive(Debug, Parser)]
pub(crate) struct Cli {
    /// Snapshot every run starts from, as in pool/dataset@name; or a
    /// directory, with a `/` or `.` in it, as in ./tree
    #[arg(value_name = "SNAPSHOT")]
    pub(crate) source: OsString,

    /// What to run, without a shell [default: bash ./all.bash in goroot/src]
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,

    /// How many threads run the suite at the same time
    #[arg(
        long,
        short = 'p',
        visible_short_alias = 'j',
        value_name = "N",
        default_value_t = 2,
        help_heading = "The hunt"
    )]
    pub(crate) concurrency: u64,

    /// Stop after each thread did N runs [default: only when a run fails]
    #[arg(long, value_name = "N", help_heading = "The hunt")]
    pub(crate) stop_after: Option<u64>,

    /// Stop after N runs in all that passed or failed; `none`: no limit
    ///
    /// A run is one with a verdict. Of what says nothing (exit status 125,
    /// --ignore, an `ignore` of --rules), none counts: where all is of that
    /// kind, only --max-time or --stop-after ends it. Nor does trouble of the
    /// host's count, which ends the hunt where it lasts.
    #[arg(
        long,
        value_name = "N",
        default_value = "none",
        help_heading = "The hunt"
    )]
    pub(crate) max_runs: String,

    /// Stop after N runs in all that failed; `none`: no limit
    #[arg(
        long,
        value_name = "N",
        default_value = "1",
        help_heading = "The hunt"
    )]
    pub(crate) max_fails: String,

    /// Stop this long after the first run began, as in 90m or 8h; `none`: no
    /// limit
    #[arg(
        long,
        value_name = "D",
        default_value = "none",
        help_heading = "The hunt"
    )]
    pub(crate) max_time: String,

    /// Make a clone only this long after the last one, as in 500ms, which
    /// spares others on the pool
    ///
    /// Of all threads together. Each run needs one, so that on average no more
    /// runs begin in that time.
    #[arg(long, value_name = "D", help_heading = "The hunt")]
    pub(crate) pace: Option<String>,

    /// When it is to stop, kill the runs that go on, or let them finish
    ///
    /// Runs that are killed count for nothing. The failure rate is approximate
    /// then, since it depends on which they were.
    #[arg(
        long,
        value_name = "now|soon",
        value_enum,
        hide_possible_values = true,
        default_value_t = Halt::Soon,
        help_heading = "The hunt"
    )]
    pub(crate) halt: Halt,

    /// Hunt in overlays on a directory, even one where a dataset is mounted
    #[arg(long, help_heading = "The hunt")]
    pub(crate) overlay: bool,

    /// What to do about failures that are known, as rules in this file say
    ///
    /// A rule is a line `action <- pattern`. Of the actions, `ignore` counts
    /// the run as no failure, `count` as one, `infra` as trouble of the host's,
    /// and the hunt goes on; `stop` ends it, as without a rule. A pattern
    /// compares pkg, test, class, func, file, line, output or log with a text
    /// (==, !=) or a regular expression (~, !~), and joins by &&, ||, ! and
    /// parentheses: ignore <- pkg == "net" && `i/o timeout`. A run with several
    /// failures is ignored only if rules say so of all of them.
    #[arg(long, value_name = "FILE", help_heading = "The hunt")]
    pub(crate) rules: Option<PathBuf>,

    /// Read the JUnit files that runs leave there, relative to the clone, as in
    /// target/nextest/*/junit.xml; may be repeated
    ///
    /// They tell of failures what was printed may not, and of runs that pass
    /// which tests did so only when they were run again. GLOB is as for
    /// --collect. Files that were there before the run are not read.
    #[arg(long, value_name = "GLOB", help_heading = "The hunt")]
    pub(crate) results: Vec<OsString>,

    /// Keep the clones of passing runs too
    #[arg(long, help_heading = "Evidence")]
    pub(crate) keep_success: bool,

    /// Copy files out of every run's clone, passing runs too; may be repeated
    ///
    /// GLOB is a path in the clone, with *, ? and [...] for what is in one
    /// name, and ** for any directories. The files go to collected/ in the
    /// working dataset, which then stays: 1000 files or 256 MiB of a run at
    /// most. No link is followed.
    #[arg(long, value_name = "GLOB", help_heading = "Evidence")]
    pub(crate) collect: Vec<OsString>,

    /// Write what happens to this file, a line of JSON each; `-`: standard
    /// output
    ///
    /// With `-`, what people read goes to standard error. The working dataset
    /// has the same lines in events.jsonl, but goes when there is nothing to be
    /// kept and no trouble ended the hunt.
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    pub(crate) events: Option<PathBuf>,

    /// Write a test case for each run to this file when the hunt is over, as
    /// JUnit's XML; `-`: standard output
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    pub(crate) junit: Option<PathBuf>,

    /// Write a report to this file when the hunt is over, one page of HTML;
    /// `-`: standard output
    ///
    /// It needs nothing else, and links to the logs that were kept. `gocrash
    /// report` writes it of any hunt that left something.
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    pub(crate) html: Option<PathBuf>,

    /// How to show what goes on, on standard error
    ///
    /// bar: an area at the bottom of the terminal, with a row for each thread.
    /// plain: a line now and then, at first every 5 seconds, later every 10
    /// minutes. auto: bar on a terminal, plain elsewhere. SIGUSR1 (and SIGINFO,
    /// where there is one) shows it once, whatever was chosen.
    #[arg(
        long,
        value_name = "HOW",
        value_enum,
        default_value_t = Progress::Auto,
        help_heading = "The hunt"
    )]
    pub(crate) progress: Progress,

    /// Dataset that the working dataset is created in
    /// [default: the snapshot's]
    #[arg(long, value_name = "DATASET", help_heading = "Evidence")]
    pub(crate) parent: Option<String>,

    /// How much the working dataset may hold in all, as in 10G
    #[arg(long, value_name = "SIZE", help_heading = "Evidence")]
    pub(crate) quota: Option<String>,

    /// Pause while less of the pool is free, and stop if that lasts; 0 for
    /// never
    #[arg(
        long,
        value_name = "SIZE or %",
        default_value = "5%",
        help_heading = "Evidence"
    )]
    pub(crate) min_free: String,

    /// Run CMD, by sh, before each run
    ///
    /// Hooks run as the person who called gocrash, in its directory, with the
    /// facts in GOCRASH_SESSION, GOCRASH_SLOT, GOCRASH_ATTEMPT, GOCRASH_SLATE
    /// (the clone; of an overlay, what the run has changed) and GOCRASH_STDOUT
    /// (what the run prints). Where nothing tells who called, they run as
    /// --user says. What they print goes to standard error. After two minutes
    /// they are killed. That one fails is said, and changes nothing else.
    #[arg(long, value_name = "CMD", help_heading = "Hooks")]
    pub(crate) on_start: Option<OsString>,

    /// Run CMD, by sh, after each run that failed, when its clone is kept
    ///
    /// With GOCRASH_OUTCOME (failed, signaled or timed_out), and
    /// GOCRASH_EXIT_STATUS or GOCRASH_SIGNAL.
    #[arg(long, value_name = "CMD", help_heading = "Hooks")]
    pub(crate) on_failure: Option<OsString>,

    /// Run CMD, by sh, when a run takes too long, before anything is killed
    ///
    /// With GOCRASH_OUTCOME (timed_out), and GOCRASH_PID, the process of the
    /// command.
    #[arg(long, value_name = "CMD", help_heading = "Hooks")]
    pub(crate) on_timeout: Option<OsString>,

    /// Where in the clone the command starts [default: the clone's root, or
    /// goroot/src without a COMMAND]
    #[arg(long, value_name = "DIR", help_heading = "The suite")]
    pub(crate) cwd: Option<PathBuf>,

    /// Run CMD once, by sh, before the first run; every run starts from what it
    /// left
    ///
    /// It runs where the suite will, as the same person. What it prints is in
    /// prepare.log in the working dataset.
    #[arg(long, value_name = "CMD", help_heading = "The suite")]
    pub(crate) prepare: Option<OsString>,

    /// Show every run its clone at DIR, where the tree was built (Linux)
    ///
    /// Built trees have their path baked in. Each run has a mount namespace
    /// of its own, in which its clone covers what else is at DIR.
    #[arg(long, value_name = "DIR", help_heading = "The suite")]
    pub(crate) at: Option<PathBuf>,

    /// Take a run for passed if this is in its output, and for nothing if it
    /// exits with 0 without it
    ///
    /// A regular expression, in which ^ and $ are of lines. It is looked for in
    /// test_run_stdout and test_run_stderr, and may match over lines up to
    /// 64 KiB. --ignore goes before --fail, and --fail before --pass. What is
    /// ended by --timeout has not passed, whatever it printed.
    #[arg(long, value_name = "RE", help_heading = "The suite")]
    pub(crate) pass: Option<String>,

    /// Take a run for failed if this is in its output, and for nothing if it
    /// fails without it
    #[arg(long, value_name = "RE", help_heading = "The suite")]
    pub(crate) fail: Option<String>,

    /// Take a run that fails for nothing if this is in its output
    #[arg(long, value_name = "RE", help_heading = "The suite")]
    pub(crate) ignore: Option<String>,

    /// End a run that takes longer, as in 30s, 5m or 1h30m, as a failure; N%:
    /// of the median of the runs that passed, 5 at least [default: none]
    ///
    /// Before anything is done about a run that hangs, all that can be known of
    /// its processes is written to test_run_autopsy at the root of its clone,
    /// and a snapshot of the clone is taken, @hang. Then its processes are told
    /// to quit (SIGQUIT), those first that have no children, and those above
    /// them are given time to print what they hold: a Go test prints its
    /// goroutines then. What is still there is killed.
    #[arg(long, value_name = "D", help_heading = "The suite")]
    pub(crate) timeout: Option<String>,

    /// Let the suite's processes dump core, even where it says `ulimit -c 0`
    ///
    /// all.bash says that, of the soft limit and the hard one. The limits are
    /// raised as far as gocrash may, and on Linux (x86-64, AArch64) the system
    /// calls that set this limit succeed and do nothing; where gocrash has no
    /// rights, set-user-ID programs run without theirs for that. Elsewhere a
    /// suite can still lower its limit: take that out of it by --prepare.
    ///
    /// Cores of a run that failed are looked for with or without this, where
    /// the system puts them; those outside the clone, and the programs that
    /// they are of, are copied to test_run_cores in it.
    #[arg(long, help_heading = "The suite")]
    pub(crate) cores: bool,

    /// Give every run a /tmp of its own, in its clone (Linux)
    ///
    /// It is test_run_tmp at the clone's root, goes and stays with that, and
    /// covers /tmp for the run alone. TMPDIR names it, and so do programs that
    /// don't ask; paths in it are short enough for sockets.
    #[arg(long, help_heading = "The suite")]
    pub(crate) private_tmp: bool,

    /// Set a variable in the suite's environment; may be repeated
    #[arg(long, value_name = "K=V", help_heading = "The suite")]
    pub(crate) env: Vec<OsString>,

    /// Who runs the suite [default: the person who called sudo or doas, or
    /// the one who runs gocrash, if that is not root]
    ///
    /// The files of a clone keep the owners they have in the snapshot, so this
    /// person must be able to write where the suite writes.
    #[arg(long, value_name = "U", help_heading = "The suite")]
    pub(crate) user: Option<String>,
}
