//! A directory where a dataset is mounted: a snapshot of it is taken first.

use std::process::Command;

use super::ground::{Ground, Hunted};
use crate::pool::run;

fn hunt(ground: &Ground, dir: &str, options: &[&str]) -> Hunted {
    let args = [&[dir, "-p1"], options].concat();
    ground.end(ground.gocrash(&args).output().unwrap())
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_snapshot_is_taken_and_goes_when_nothing_is_kept() {
    let ground = Ground::new("[ -e new ]");
    // Not in the snapshot that is there.
    run(Command::new("touch").arg(ground.path("goroot/src/new")));
    let before = ground.datasets();
    let tree = ground.path("");
    let tree = tree.to_str().unwrap();
    let hunted = hunt(&ground, tree, &["--stop-after=2"]);
    assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
    let shape = hunted.shape(&ground);
    let header = "using snapshot:  POOL/go@gocrash-MS (taken of /POOL/go just \
                  now)\nworking dataset: POOL/go/gocrash-MS\n";
    assert!(shape.starts_with(header), "{shape}");
    assert_eq!(ground.datasets(), before);
    // A refusal takes none.
    let refused = hunt(&ground, tree, &["--cwd=nowhere"]);
    assert_eq!(refused.code(), Some(129));
    assert_eq!(ground.datasets(), before);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn the_snapshot_stays_with_what_is_kept_and_goes_as_it_was_said() {
    let ground = Ground::new("exit 7");
    let before = ground.datasets();
    let tree = ground.path("");
    let hunted = hunt(&ground, tree.to_str().unwrap(), &[]);
    assert_eq!(hunted.code(), Some(1), "{}", hunted.stderr);
    assert!(ground.datasets().contains("/go@gocrash-"));
    let mut lines = hunted.stdout.lines();
    let remedy =
        lines.find_map(|line| line.strip_prefix("to remove all of it: "));
    let words: Vec<&str> = remedy.unwrap().split(' ').skip(1).collect();
    let mut cleaned = ground.after(&[&words[..], &["-y"]].concat());
    assert_eq!(ground.end(cleaned.output().unwrap()).code(), Some(0));
    assert_eq!(ground.datasets(), before);
}
