//! What gocrash says of itself.

use expect_test::expect;

use crate::{gocrash, text};

#[test]
fn short_help_fits_a_screen() {
    let output = gocrash(&["-h"]);
    assert_eq!(output.status.code(), Some(0));
    expect![[r#"
        Runs a test suite again and again, each time from a clean slate, on several
        threads, until a run fails; keeps what the failed run left

        Usage: gocrash [OPTIONS] <SNAPSHOT> [-- COMMAND...]

        Arguments:
          <SNAPSHOT>    Snapshot every run starts from, as in pool/dataset@name
          [COMMAND]...  What to run, without a shell [default: bash ./all.bash in
                        goroot/src]

        Options:
          -h, --help     Print help (see more with '--help')
          -V, --version  Print version

        The hunt:
          -p, --concurrency <N>  How many threads run the suite at the same time
                                 [default: 2] [alias: -j]
              --stop-after <N>   Stop after each thread did N runs [default: only when a
                                 run fails]

        Evidence:
              --keep-success      Keep the clones of passing runs too
              --parent <DATASET>  Dataset that the working dataset is created in
                                  [default: the snapshot's]

        The suite:
              --cwd <DIR>  Where in the clone the command starts [default: the clone's
                           root, or goroot/src without a COMMAND]
              --env <K=V>  Set a variable in the suite's environment; may be repeated
              --user <U>   Who runs the suite [default: the person who called sudo or
                           doas, or the one who runs gocrash, if that is not root]

        Exit status:
          0    every thread did its runs and nothing failed
          1    a failure was reproduced; its clone is kept
          125  no verdict: the trouble was not the suite's
          129  refused before anything was created, bad usage included
          A hunt that a signal ended dies by that signal.
    "#]].assert_eq(&text(&output.stdout));
}

#[test]
fn long_help_tells_all() {
    let output = gocrash(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    expect![[r#"
        Runs a test suite again and again, each time from a clean slate, on several
        threads, until a run fails; keeps what the failed run left

        Every run gets its own ZFS clone of the snapshot. The clone of a run that passes
        is destroyed; the clone of one that fails is kept, with what the run printed in
        test_run_stdout and test_run_stderr at its root.

        Usage: gocrash [OPTIONS] <SNAPSHOT> [-- COMMAND...]

        Arguments:
          <SNAPSHOT>
                  Snapshot every run starts from, as in pool/dataset@name

          [COMMAND]...
                  What to run, without a shell [default: bash ./all.bash in goroot/src]

        Options:
          -h, --help
                  Print help (see a summary with '-h')

          -V, --version
                  Print version

        The hunt:
          -p, --concurrency <N>
                  How many threads run the suite at the same time

                  [default: 2]
                  [alias: -j]

              --stop-after <N>
                  Stop after each thread did N runs [default: only when a run fails]

        Evidence:
              --keep-success
                  Keep the clones of passing runs too

              --parent <DATASET>
                  Dataset that the working dataset is created in [default: the
                  snapshot's]

        The suite:
              --cwd <DIR>
                  Where in the clone the command starts [default: the clone's root, or
                  goroot/src without a COMMAND]

              --env <K=V>
                  Set a variable in the suite's environment; may be repeated

              --user <U>
                  Who runs the suite [default: the person who called sudo or doas, or
                  the one who runs gocrash, if that is not root]

        Exit status:
          0    every thread did its runs and nothing failed
          1    a failure was reproduced; its clone is kept
          125  no verdict: the trouble was not the suite's
          129  refused before anything was created, bad usage included
          A hunt that a signal ended dies by that signal.
    "#]].assert_eq(&text(&output.stdout));
}

#[test]
fn the_version_names_commit_and_libzfs() {
    let output = gocrash(&["--version"]);
    assert_eq!(output.status.code(), Some(0));
    let version = text(&output.stdout);
    let rest = version
        .strip_prefix(concat!("gocrash ", env!("CARGO_PKG_VERSION"), " "))
        .unwrap();
    let rest = rest.strip_prefix("(commit ").unwrap();
    let (commit, libzfs) = rest.split_once(", libzfs ").unwrap();
    let is_hash = commit.len() >= 12
        && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_hash || commit == "unknown", "{version}");
    assert!(libzfs.ends_with(")\n") && libzfs.contains('.'), "{version}");
}
