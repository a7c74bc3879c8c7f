//! Which source was chosen: a snapshot always has an `@` in it, a directory is
//! written with a `/` or `.`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use zfs::{DatasetName, SnapshotName};

use crate::attempt::person::Person;
use crate::cli::Cli;
use crate::refusal::Refusal;
use crate::slate::Origin;
use crate::slate::origin::Tree;

#[derive(Debug)]
pub(super) enum Chosen {
    Snapshot {
        snapshot: SnapshotName,
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
        if let Some(parent) = &typed.parent {
            return Err(Refusal::new(
                format!(
                    "`--parent {parent}` is a dataset, and `{}` a directory",
                    source.to_string_lossy()
                ),
                "leave it out; what a hunt in a directory makes is in the \
                 state directory: `XDG_STATE_HOME=/SOME/DIR gocrash …`",
            ));
        }
        let dir = directory(Path::new(source))?;
        match mounted_dataset(&dir) {
            Some(dataset) if !typed.overlay => Err(Refusal::new(
                format!("`{}` is where `{dataset}` is mounted", dir.display()),
                format!(
                    "name a snapshot of it, `{dataset}@NAME`; or hunt in \
                     overlays on the directory: `--overlay`"
                ),
            )),
            _ => Ok(Chosen::Directory(dir)),
        }
    }

    /// Where trees come from and go, for a hunt by this person.
    pub(super) fn origin(
        self,
        env: &BTreeMap<OsString, OsString>,
        person: &Person,
    ) -> Result<Origin, Refusal> {
        let dir = match self {
            Chosen::Snapshot { snapshot, parent } => {
                return Ok(Origin::Zfs { snapshot, parent });
            }
            Chosen::Directory(dir) => dir,
        };
        let variable = |name| {
            let path = PathBuf::from(env.get(OsStr::new(name))?);
            // As the XDG base directory specification wants it.
            path.is_absolute().then_some(path)
        };
        let state = variable("XDG_STATE_HOME")
            .or_else(|| Some(variable("HOME")?.join(".local/state")))
            .ok_or_else(|| {
                Refusal::new(
                    "there is no place to work in: neither XDG_STATE_HOME nor \
                     HOME is set",
                    "name a directory: `XDG_STATE_HOME=/SOME/DIR gocrash …`",
                )
            })?
            .join("gocrash");
        Ok(Origin::Overlay(Tree { dir, state, owner: person.ids_to_take() }))
    }
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
fn mounted_dataset(dir: &Path) -> Option<String> {
    // There is no such list where there are no overlays either.
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    mounted_at(&mounts, dir.to_str()?)
}

fn mounted_at(mounts: &str, dir: &str) -> Option<String> {
    // The last one there hides those before it.
    let last = mounts
        .lines()
        .map(|line| line.split(' ').collect::<Vec<_>>())
        .rfind(|fields| fields.get(1) == Some(&dir))?;
    match last[..] {
        [dataset, _, "zfs", ..] => Some(dataset.to_owned()),
        _ => None,
    }
}

fn chosen_snapshot(typed: &Cli, name: &str) -> Result<Chosen, Refusal> {
    if typed.overlay {
        return Err(Refusal::new(
            format!("`--overlay` is for directories, and `{name}` is none"),
            "leave it out, or write the directory with a `/`: `./DIR`",
        ));
    }
    let snapshot = snapshot(name)?;
    let parent = match &typed.parent {
        None => snapshot.dataset().clone(),
        Some(name) => parent(name, &snapshot)?,
    };
    Ok(Chosen::Snapshot { snapshot, parent })
}

fn snapshot(name: &str) -> Result<SnapshotName, Refusal> {
    if !name.contains('@') {
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

    #[test]
    fn a_dataset_is_known_by_what_is_mounted_last() {
        let mounts = "tank/go /go zfs rw 0 0\n/dev/a /b ext4 rw 0 0\n";
        assert_eq!(mounted_at(mounts, "/go").as_deref(), Some("tank/go"));
        assert_eq!(mounted_at(mounts, "/b"), None);
        let hidden = format!("{mounts}none /go tmpfs rw 0 0\n");
        assert_eq!(mounted_at(&hidden, "/go"), None);
    }
}
