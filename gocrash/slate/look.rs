//! A look into the tree of the source, before anything is made of it.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::attempt::output;
use crate::attempt::reader::Reader;
use crate::refusal::Refusal;
use crate::slate::{Origin, Seen, Wanted, baked};

const DIR_TRIES_MAX: u32 = 100;
/// Where it is mounted, in there.
const INNER: &str = "tree";

/// An empty directory to mount the snapshot at, in one where nobody else can
/// enter: what is mounted has the mode of its own root. Both are removed when
/// it is dropped, and empty.
#[derive(Debug)]
pub(super) struct LookDir {
    closed: PathBuf,
    path: PathBuf,
}

impl LookDir {
    pub(super) fn create() -> anyhow::Result<LookDir> {
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        // Others can take names in there, but not all of them.
        for number in 0..DIR_TRIES_MAX {
            let closed = PathBuf::from(format!("{}{number}", stem()));
            let failed = || format!("cannot create `{}`", closed.display());
            match builder.create(&closed) {
                Ok(()) => {}
                Err(e) if e.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error).context(failed()),
            }
            let path = closed.join(INNER);
            let made = builder.create(&path).with_context(failed);
            let dir = LookDir { closed, path };
            return made.map(|()| dir);
        }
        anyhow::bail!("cannot create a directory `{}N`", stem())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Lets somebody enter, by their group: who owned it could take it away.
    ///
    /// # Errors
    /// What chown(2) and chmod(2) fail with.
    pub(super) fn open_to(&self, reader: &Reader) -> io::Result<()> {
        let Some(ids) = reader.ids() else { return Ok(()) };
        lchown(&self.closed, None, Some(ids.gid.as_raw()))?;
        fs::set_permissions(&self.closed, Permissions::from_mode(0o710))
    }
}

impl Drop for LookDir {
    fn drop(&mut self) {
        // It stays where the snapshot could not be unmounted from it.
        let _ = fs::remove_dir(&self.path);
        let _ = fs::remove_dir(&self.closed);
    }
}

/// What this program calls such a directory, less a number. Not in TMPDIR: that
/// may be a place where the person who called can put a link instead.
pub(crate) fn stem() -> String {
    format!("/tmp/gocrash-look-{}-", crate::attempt::sys::own_id())
}

/// Checks the tree at `root`, which is the source, or a mounted copy of it.
pub(super) fn look(root: &Path, wanted: &Wanted) -> anyhow::Result<Seen> {
    let Wanted { origin, cwd, script, .. } = wanted;
    if let Some(script) = script {
        let meta = allowed(fs::metadata(root.join(script)), script, origin)?;
        let is_file = meta.is_some_and(|m| m.is_file());
        if !is_file {
            anyhow::bail!(Refusal::new(
                format!("there is no `{}` in `{origin}`", script.display()),
                match origin {
                    Origin::Zfs { .. } => {
                        "snapshot a dataset with the Go tree in `goroot`, or \
                         say what to run: `gocrash SNAPSHOT -- COMMAND`"
                    }
                    Origin::Overlay(_) => {
                        "name a directory with the Go tree in `goroot`, or \
                         say what to run: `gocrash DIR -- COMMAND`"
                    }
                },
            ));
        }
    }
    let dir = allowed(root.join(cwd).canonicalize(), cwd, origin)?;
    let Some(dir) = dir.filter(|dir| dir.is_dir()) else {
        anyhow::bail!(Refusal::new(
            format!("there is no directory `{}` in `{origin}`", cwd.display()),
            format!("name one that {} has: `--cwd DIR`", origin.noun()),
        ));
    };
    // A link to somewhere else would run the suite outside of its slate.
    if !dir.starts_with(root.canonicalize()?) {
        anyhow::bail!(Refusal::new(
            format!("`{}` leads out of `{origin}`", cwd.display()),
            match origin {
                Origin::Zfs { .. } => {
                    "name a directory inside the clone: `--cwd DIR`"
                }
                Origin::Overlay(_) => {
                    "name a directory inside of it: `--cwd DIR`"
                }
            },
        ));
    }
    for name in output::NAMES {
        let is_dir =
            fs::symlink_metadata(root.join(name)).is_ok_and(|m| m.is_dir());
        if is_dir {
            anyhow::bail!(Refusal::new(
                format!("`{origin}` has a directory named `{name}`"),
                rename_remedy(origin),
            ));
        }
    }
    let meta = fs::metadata(&dir)?;
    Ok(Seen {
        cwd_mode: meta.mode(),
        cwd_uid: meta.uid(),
        cwd_gid: meta.gid(),
        baked: baked::find(root, cwd),
    })
}

/// What can't be had is not there, or it is not for who runs the suite.
fn allowed<T>(
    found: io::Result<T>,
    path: &Path,
    origin: &Origin,
) -> Result<Option<T>, Refusal> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(e) if e.kind() == ErrorKind::PermissionDenied => {
            let path = path.display();
            Err(Refusal::new(
                format!(
                    "who runs the suite may not go to `{path}` in `{origin}`"
                ),
                "open the way there, or name another person: `--user`",
            ))
        }
        Err(_) => Ok(None),
    }
}

fn rename_remedy(origin: &Origin) -> String {
    let mut remedy = "the output of each run goes there: rename it".to_owned();
    if let Origin::Zfs { snapshot, taken_of: None, .. } = origin {
        let dataset = snapshot.dataset();
        remedy += &format!(" in `{dataset}`, and take another snapshot");
    }
    remedy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_is_behind_a_closed_door() {
        let dir = LookDir::create().unwrap();
        let closed = dir.path().parent().unwrap().to_owned();
        // Whatever is mounted at the path itself brings a mode of its own.
        let mode = closed.metadata().unwrap().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(closed.starts_with("/tmp") && dir.path().is_dir());
        drop(dir);
        assert!(!closed.exists());
    }
}
