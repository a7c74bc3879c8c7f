//! Tells the program which commit it was built from, for `--version`.

use std::fs;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let commit = from_package().or_else(from_git);
    let commit = commit.as_deref().unwrap_or("unknown");
    println!("cargo::rustc-env=GOCRASH_COMMIT={commit}");
}

/// `cargo package` writes the commit down, where there is no git later.
fn from_package() -> Option<String> {
    let path = ".cargo_vcs_info.json";
    if !Path::new(path).exists() {
        return None;
    }
    println!("cargo::rerun-if-changed={path}");
    let text = fs::read_to_string(path).ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    let commit = rest.split('"').nth(1)?;
    Some(commit.get(..12)?.to_owned())
}

fn from_git() -> Option<String> {
    // Unpacked inside of somebody else's checkout, that one's commit would
    // be wrong.
    if !Path::new(".git").exists() {
        return None;
    }
    // The commit changes when HEAD does, or the branch it names; a branch is
    // in a file of its own or among the packed ones.
    let mut watched = vec!["HEAD".to_owned(), "packed-refs".to_owned()];
    watched.extend(git(&["symbolic-ref", "-q", "HEAD"]));
    for name in watched {
        let path = git(&["rev-parse", "--git-path", &name])?;
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
