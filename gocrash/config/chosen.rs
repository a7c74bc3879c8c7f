//! Which source was chosen: a snapshot always has an `@` in it, a directory is
//! written with a `/` or `.`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap::error::ErrorKind;
use zfs::{DatasetName, SnapshotName};

use crate::attempt::person::Person;
use crate::cli::{Cli, Typed};
use crate::near::nearest;
use crate::refusal::Refusal;
use crate::slate::Origin;
use crate::slate::origin::Tree;

/// Stands for a name that is found when the snapshot is taken.
const SNAPSHOT_TO_TAKE: &str = "gocrash";

/// A subcommand is offered only if it resembles what was typed so much.
const RESEMBLANCE_MIN: f64 = 0.8;

#[derive(Debug)]
pub(super) enum Chosen {
    Snapshot {
        snapshot: SnapshotName,
        /// The directory that it is yet to be taken of.
        taken_of: Option<PathBuf>,
        parent: DatasetName,
    },
    /// Absolute, and without links.
    Directory(PathBuf),
}

impl Chosen {
    pub(super) fn new(typed: &Cli) -> Result<Chosen, Refusal> {
        let source = typed.source.as_os_str();
        if !is_directory(source) {
            return chosen_snapshot(typed, &source.to_string_lossy());
        }
        let dir = directory(Path::new(source))?;
        match mounted_dataset(&dir) {
            Some(dataset) if !typed.overlay => {
                let snapshot =
                    dataset.snapshot(SNAPSHOT_TO_TAKE).map_err(|error| {
                        Refusal::new(
                            error.to_string(),
                            format!("name a snapshot of it: `{dataset}@NAME`"),
                        )
                    })?;
                clones_of(typed, snapshot, Some(dir))
            }
            _ => no_dataset_options(typed, source)
                .map(|()| Chosen::Directory(dir)),
        }
    }

    /// Where trees come from and go, for a hunt by this person.
    pub(super) fn origin(
        self,
        env: &BTreeMap<OsString, OsString>,
        person: &Person,
    ) -> Result<Origin, Refusal> {
        let dir = match self {
            Chosen::Snapshot { snapshot, taken_of, parent } => {
                return Ok(Origin::Zfs { snapshot, taken_of, parent });
            }
            Chosen::Directory(dir) => dir,
        };
        let state = state(env).ok_or_else(|| {
            Refusal::new(
                "there is no place to work in: neither XDG_STATE_HOME nor \
                 HOME is set",
                "name a directory: `XDG_STATE_HOME=/SOME/DIR gocrash …`",
            )
        })?;
        Ok(Origin::Overlay(Tree { dir, state, owner: person.ids_to_take() }))
    }
}

/// Where hunts in directories keep what is theirs, in this environment.
pub(crate) fn state(env: &BTreeMap<OsString, OsString>) -> Option<PathBuf> {
    let variable = |name| {
        let path = PathBuf::from(env.get(OsStr::new(name))?);
        // As the XDG base directory specification wants it.
        path.is_absolute().then_some(path)
    };
    let state = variable("XDG_STATE_HOME")
        .or_else(|| Some(variable("HOME")?.join(".local/state")))?;
    Some(state.join("gocrash"))
}

/// Whether it can only be meant as a path.
fn is_directory(typed: &OsStr) -> bool {
    let bytes = typed.as_bytes();
    let is_plain_path = [&b"/"[..], b"./", b"../"]
        .iter()
        .any(|beginning| bytes.starts_with(beginning));
    if is_plain_path || bytes == b"." || bytes == b".." {
        return true;
    }
    // What could be the name of a dataset has to be there to be a directory.
    !bytes.contains(&b'@')
        && (bytes.contains(&b'/') || bytes.contains(&b'.'))
        && (Path::new(typed).is_dir()
            || DatasetName::new(&typed.to_string_lossy()).is_err())
}

fn directory(typed: &Path) -> Result<PathBuf, Refusal> {
    let dir = typed.canonicalize().map_err(|error| {
        Refusal::new(
            format!("cannot find the directory `{}`: {error}", typed.display()),
            "name one that is there; a snapshot is written \
             `pool/dataset@name`",
        )
    })?;
    if !dir.is_dir() {
        return Err(Refusal::new(
            format!("`{}` is not a directory", typed.display()),
            "name the directory that the suite is in",
        ));
    }
    Ok(dir)
}

/// The dataset that is mounted at just this directory.
fn mounted_dataset(dir: &Path) -> Option<DatasetName> {
    // Where the table can't be read, no dataset is mounted either.
    let (dataset, mounted_at) = zfs::file_system_of(dir).ok()??;
    (mounted_at == dir).then_some(dataset)
}

/// Refuses what needs a dataset.
fn no_dataset_options(typed: &Cli, source: &OsStr) -> Result<(), Refusal> {
    let source = source.to_string_lossy();
    if let Some(parent) = &typed.parent {
        return Err(Refusal::new(
            format!(
                "`--parent {parent}` is a dataset, and `{source}` a directory"
            ),
            "leave it out; what a hunt in a directory makes is in the state \
             directory: `XDG_STATE_HOME=/SOME/DIR gocrash …`",
        ));
    }
    if typed.quota.is_some() {
        return Err(Refusal::new(
            format!("`--quota` is for datasets, and `{source}` is a directory"),
            "leave it out; `--min-free` works for directories too",
        ));
    }
    if typed.prepare.is_some() {
        return Err(Refusal::new(
            format!(
                "`--prepare` needs a snapshot, and `{source}` is a directory"
            ),
            "run the command in the directory before the hunt",
        ));
    }
    Ok(())
}

fn chosen_snapshot(typed: &Cli, name: &str) -> Result<Chosen, Refusal> {
    if typed.overlay {
        return Err(Refusal::new(
            format!("`--overlay` is for directories, and `{name}` is none"),
            "leave it out, or write the directory with a `/`: `./DIR`",
        ));
    }
    clones_of(typed, snapshot(name)?, None)
}

fn clones_of(
    typed: &Cli,
    snapshot: SnapshotName,
    taken_of: Option<PathBuf>,
) -> Result<Chosen, Refusal> {
    let parent = match &typed.parent {
        None => snapshot.dataset().clone(),
        Some(name) => parent(name, &snapshot)?,
    };
    Ok(Chosen::Snapshot { snapshot, taken_of, parent })
}

fn snapshot(name: &str) -> Result<SnapshotName, Refusal> {
    if !name.contains('@') {
        if let Some(refusal) = stray(name)
            .or_else(|| bare_directory(name))
            .or_else(|| misspelt(name))
        {
            return Err(refusal);
        }
        let example = match DatasetName::new(name) {
            Ok(dataset) => format!(
                "make one by `zfs snapshot {dataset}@initial`, then name \
                 `{dataset}@initial`"
            ),
            Err(_) => "a snapshot is written `pool/dataset@name`".to_owned(),
        };
        return Err(Refusal::new(
            format!("`{name}` is not a snapshot: there is no `@` in it"),
            example,
        ));
    }
    SnapshotName::new(name).map_err(|error| {
        Refusal::new(
            error.to_string(),
            "a snapshot is written `pool/dataset@name`; `zfs list -t snapshot` \
             shows those there are",
        )
    })
}

/// A subcommand that clap did not take for one.
fn stray(name: &str) -> Option<Refusal> {
    Typed::command().find_subcommand(name).map(|_| {
        Refusal::new(
            format!("`{name}` stands after an option of a hunt"),
            format!("a subcommand comes first: `gocrash {name}`"),
        )
    })
}

fn bare_directory(name: &str) -> Option<Refusal> {
    Path::new(name).is_dir().then(|| {
        Refusal::new(
            format!("`{name}` is not a snapshot: there is no `@` in it"),
            format!("there is a directory `{name}`: `./{name}`"),
        )
    })
}

/// What was meant by the first word, where clap does not know what to do with
/// the others: it takes a subcommand that it doesn't know for a snapshot.
pub(crate) fn misnamed(usage: &clap::Error) -> Option<Refusal> {
    if usage.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let word = std::env::args_os().nth(1)?.into_string().ok()?;
    let is_name = word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let is_known = Typed::command().find_subcommand(&word).is_some();
    if word.starts_with('-') || !is_name || is_known {
        return None;
    }
    misspelt(&word)
}

/// What may have been meant by a single word.
fn misspelt(typed: &str) -> Option<Refusal> {
    let command = Typed::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    let name = nearest(typed, names, RESEMBLANCE_MIN)?;
    Some(Refusal::new(
        format!("`{typed}` is neither a snapshot nor a subcommand"),
        format!("did you mean `gocrash {name}`?"),
    ))
}

fn parent(name: &str, snapshot: &SnapshotName) -> Result<DatasetName, Refusal> {
    let parent = DatasetName::new(name).map_err(|error| {
        Refusal::new(
            format!("`--parent`: {error}"),
            "a dataset is written `pool/dataset`",
        )
    })?;
    let pool = snapshot.dataset().pool();
    if parent.pool() != pool {
        return Err(Refusal::new(
            format!("`--parent {parent}` is not in the pool of `{snapshot}`"),
            format!(
                "a clone stays in its snapshot's pool: choose a dataset in \
                 `{pool}`"
            ),
        ));
    }
    Ok(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_told_from_a_snapshot_by_how_it_is_written() {
        for directory in [".", "..", "./a", "../a@b", "/", "/a", "a//c"] {
            assert!(is_directory(directory.as_ref()), "{directory}");
        }
        for other in ["tank", "tank/go", "tank/go@now", "tank.1", "a b/c"] {
            assert!(!is_directory(other.as_ref()), "{other}");
        }
        // A test runs in the folder of its package.
        assert!(is_directory("tests/cli".as_ref()));
        assert!(!is_directory("tests".as_ref()));
    }
}
