//! What is refused before ZFS is asked anything: always with status 129, which
//! `git bisect run` takes for the end of the bisection, and a remedy.

use expect_test::{Expect, expect};

use crate::{gocrash, text};

const SNAPSHOT: &str = "tank/go@initial";

fn refused(args: &[&str], expected: Expect) {
    let output = gocrash(args);
    assert_eq!(output.status.code(), Some(129), "{args:?}");
    assert_eq!(text(&output.stdout), "", "{args:?}");
    expected.assert_eq(&text(&output.stderr));
}

#[test]
fn names() {
    refused(
        &["tank/go"],
        expect![[r#"
        gocrash: error: `tank/go` is not a snapshot: there is no `@` in it
          help: make one by `zfs snapshot tank/go@initial`, then name `tank/go@initial`
    "#]],
    );
    refused(
        &["./tree"],
        expect![[r#"
            gocrash: error: `./tree` is not a snapshot: there is no `@` in it
              help: a snapshot is written `pool/dataset@name`
        "#]],
    );
    refused(
        &["tank/go@a@b"],
        expect![[r#"
            gocrash: error: cannot use the name `tank/go@a@b`: it has more than one `@`
              help: a snapshot is written `pool/dataset@name`; `zfs list -t snapshot` shows those there are
        "#]],
    );
    refused(
        &["tank//go@a"],
        expect![[r#"
            gocrash: error: cannot use the name `tank//go@a`: it has an empty component
              help: a snapshot is written `pool/dataset@name`; `zfs list -t snapshot` shows those there are
        "#]],
    );
    refused(
        &["tank/go@"],
        expect![[r#"
            gocrash: error: cannot use the name `tank/go@`: it has an empty component
              help: a snapshot is written `pool/dataset@name`; `zfs list -t snapshot` shows those there are
        "#]],
    );
    let long = format!("tank/{}@a", "x".repeat(260));
    let output = gocrash(&[&long]);
    assert_eq!(output.status.code(), Some(129));
    assert!(text(&output.stderr).contains("at most 255"));
}

#[test]
fn parents() {
    refused(
        &["--parent", "tank@now", SNAPSHOT],
        expect![[r#"
            gocrash: error: `--parent`: cannot use the name `tank@now`: it has the character '@'
              help: a dataset is written `pool/dataset`
        "#]],
    );
    refused(
        &["--parent", "other/work", SNAPSHOT],
        expect![[r#"
        gocrash: error: `--parent other/work` is not in the pool of `tank/go@initial`
          help: a clone stays in its snapshot's pool: choose a dataset in `tank`
    "#]],
    );
}

#[test]
fn numbers() {
    refused(
        &["--concurrency", "0", SNAPSHOT],
        expect![[r#"
        gocrash: error: `--concurrency 0` leaves no thread to run the suite
          help: choose at least 1
    "#]],
    );
    refused(
        &["-j", "100000", SNAPSHOT],
        expect![[r#"
        gocrash: error: `--concurrency 100000` is more than gocrash starts
          help: choose at most 1024
    "#]],
    );
    refused(
        &["--stop-after", "0", SNAPSHOT],
        expect![[r#"
        gocrash: error: `--stop-after 0` leaves nothing to run
          help: each thread needs at least one run: `--stop-after 1`
    "#]],
    );
    refused(
        &["-p", "two", SNAPSHOT],
        expect![[r#"
        error: invalid value 'two' for '--concurrency <N>': invalid digit found in string

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn directories_outside_of_the_clone() {
    refused(
        &["--cwd", "/usr", SNAPSHOT],
        expect![[r#"
        gocrash: error: `--cwd /usr` is absolute
          help: name a directory inside the clone, relative to its root, as in `--cwd goroot/src`
    "#]],
    );
    refused(
        &["--cwd", "goroot/../..", SNAPSHOT],
        expect![[r#"
        gocrash: error: `--cwd goroot/../..` has `..` in it
          help: name a directory inside the clone, relative to its root, as in `--cwd goroot/src`
    "#]],
    );
}

#[test]
fn variables_without_a_name_or_a_value() {
    refused(
        &["--env", "GOGC", SNAPSHOT],
        expect![[r#"
        gocrash: error: `--env GOGC` is not of the form K=V
          help: name the variable and its value, as in `--env GOGC=off`
    "#]],
    );
    refused(
        &["--env", "=off", SNAPSHOT],
        expect![[r#"
        gocrash: error: `--env =off` is not of the form K=V
          help: name the variable and its value, as in `--env GOGC=off`
    "#]],
    );
}

#[test]
fn users_that_are_not_there() {
    refused(
        &["--user", "no-such-user", SNAPSHOT],
        expect![[r#"
        gocrash: error: there is no user `no-such-user` on this host
          help: name one that `getent passwd` lists: `--user NAME`
    "#]],
    );
}

#[test]
fn bad_usage() {
    refused(
        &[],
        expect![[r#"
        error: the following required arguments were not provided:
          <SNAPSHOT>

        Usage: gocrash [OPTIONS] <SNAPSHOT> [-- COMMAND...]

        For more information, try '--help'.
    "#]],
    );
    refused(
        &["--concurency", "2", SNAPSHOT],
        expect![[r#"
        error: unexpected argument '--concurency' found

          tip: a similar argument exists: '--concurrency'
          tip: to pass '--concurency' as a value, use '-- --concurency'

        Usage: gocrash [OPTIONS] <SNAPSHOT> [-- COMMAND...]

        For more information, try '--help'.
    "#]],
    );
    refused(
        &[SNAPSHOT, "bash", "all.bash"],
        expect![[r#"
        error: unexpected argument 'bash' found

        Usage: gocrash [OPTIONS] <SNAPSHOT> [-- COMMAND...]

        For more information, try '--help'.
    "#]],
    );
}
