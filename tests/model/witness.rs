//! What the commands `zfs` and `mount` say, independently of the library.

use std::collections::BTreeMap;
use std::process::Command;
use std::{fs, io};

use crate::facts::{Facts, PROPERTIES, files_fact};
use crate::model::Model;
use crate::subject::{Subject, read_files};
use crate::usage::USER;

/// As [`Subject::facts`], but from the `zfs` command.
///
/// # Errors
/// When a command fails or what is mounted can't be read.
pub(crate) fn facts(subject: &Subject, model: &Model) -> io::Result<Facts> {
    let root = subject.root.name.as_str();
    let mut facts = Facts::new();
    let listed =
        run("zfs", &["list", "-Hpr", "-t", "all", "-o", "name,origin", root])?;
    let mut snapshots = Vec::new();
    for line in listed.lines() {
        let Some((name, origin)) = line.split_once('\t') else { continue };
        let relative = subject.root.relative(name);
        if name.contains('@') {
            facts.insert(format!("{relative}: tags"), String::new());
            snapshots.push(name);
        } else if origin != "-" {
            let origin = subject.root.relative(origin);
            facts.insert(format!("{relative}: origin"), origin);
        }
    }
    add_properties(subject, &mut facts)?;
    if !snapshots.is_empty() {
        let holds = run("zfs", &[&["holds", "-H"], &snapshots[..]].concat())?;
        add_tags(subject, &holds, &mut facts);
    }
    add_mounts(subject, model, &mut facts)?;
    Ok(facts)
}

fn add_properties(subject: &Subject, facts: &mut Facts) -> io::Result<()> {
    let wanted = [&PROPERTIES[..], &["defer_destroy"]].concat().join(",");
    let columns = "name,property,value,source";
    let root = subject.root.name.as_str();
    let told = run("zfs", &["get", "-Hpr", "-o", columns, &wanted, root])?;
    for line in told.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, property, value, source] = fields[..] else { continue };
        let is_snapshot = name.contains('@');
        let name = subject.root.relative(name);
        let source = match source.strip_prefix("inherited from ") {
            Some(from) => {
                format!("inherited from {}", subject.root.relative(from))
            }
            None => source.to_owned(),
        };
        let is_unset = value == "-";
        if name.is_empty() || is_unset {
            continue;
        }
        if property == "defer_destroy" {
            facts.insert(format!("{name}: deferred"), value.to_owned());
        } else if !is_snapshot || property == USER {
            facts.insert(
                format!("{name}: {property}"),
                format!("{value} {source}"),
            );
        }
    }
    Ok(())
}

fn add_tags(subject: &Subject, holds: &str, facts: &mut Facts) {
    let mut tags: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in holds.lines() {
        let mut fields = line.split('\t');
        if let (Some(name), Some(tag)) = (fields.next(), fields.next()) {
            tags.entry(name).or_default().push(tag);
        }
    }
    for (name, mut tags) in tags {
        tags.sort_unstable();
        let name = subject.root.relative(name);
        facts.insert(format!("{name}: tags"), tags.join(" "));
    }
}

fn add_mounts(
    subject: &Subject,
    model: &Model,
    facts: &mut Facts,
) -> io::Result<()> {
    let table = fs::read_to_string("/proc/self/mounts")?;
    let root = subject.root.name.as_str();
    for line in table.lines() {
        let mut fields = line.split(' ');
        let (Some(name), Some(at)) = (fields.next(), fields.next()) else {
            continue;
        };
        if !name.starts_with(&format!("{root}/")) {
            continue;
        }
        let name = subject.root.relative(name);
        let directory = subject.directory.to_string_lossy();
        let relative = at.strip_prefix(&*directory).unwrap_or(at);
        let relative = relative.trim_start_matches('/').to_owned();
        facts.insert(format!("{name}: mounted"), relative);
        if model.mounts.is_seen(&name) {
            let files = files_fact(&read_files(at.as_ref())?);
            facts.insert(format!("{name}: files"), files);
        }
    }
    Ok(())
}

/// The files of snapshots and of datasets that are not mounted: mounts each
/// for a moment.
///
/// # Errors
/// When a command fails.
pub(crate) fn hidden_files(
    subject: &Subject,
    expected: &Facts,
) -> io::Result<Facts> {
    let look = subject.directory.with_extension("look");
    fs::create_dir_all(&look)?;
    let at = look.to_string_lossy();
    let mut facts = Facts::new();
    for key in expected.keys() {
        let name = key.strip_suffix(": files").unwrap_or(key);
        let full = match name.contains('@') {
            true => subject.root.snapshot(name).map(|n| n.to_string()),
            false => subject.root.dataset(name).map(|n| n.to_string()),
        };
        let full = full.map_err(io::Error::other)?;
        // -i: without the mount program of ZFS, which wants `legacy`.
        run("mount", &["-i", "-t", "zfs", "-o", "ro", &full, &at])?;
        let files = read_files(&look);
        run("umount", &[&at])?;
        facts.insert(key.clone(), files_fact(&files?));
    }
    Ok(facts)
}

/// What a command prints, which must succeed.
fn run(program: &str, args: &[&str]) -> io::Result<String> {
    let output = Command::new(program).args(args).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let command = args.join(" ");
        return Err(io::Error::other(format!("{program} {command}: {said}")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
