//! A look into the tree of the source, before anything is made of it.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::attempt::output;
use crate::refusal::Refusal;
use crate::slate::{Origin, Seen, Wanted, baked};

const DIR_TRIES_MAX: u32 = 100;

/// An empty directory to mount the snapshot at, where nobody else can enter;
/// removed when it is dropped, and empty.
#[derive(Debug)]
pub(super) struct LookDir {
    path: PathBuf,
}

impl LookDir {
    pub(super) fn create() -> anyhow::Result<LookDir> {
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        // Others can take names in there, but not all of them.
        for number in 0..DIR_TRIES_MAX {
            let path = PathBuf::from(format!("{}{number}", stem()));
            match builder.create(&path) {
                Ok(()) => return Ok(LookDir { path }),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    let dir = path.display();
                    return Err(error)
                        .context(format!("cannot create `{dir}`"));
                }
            }
        }
        anyhow::bail!("cannot create a directory `{}N`", stem())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for LookDir {
    fn drop(&mut self) {
        // It stays where the snapshot could not be unmounted from it.
        let _ = fs::remove_dir(&self.path);
    }
}

/// What this program calls such a directory, less a number. Not in TMPDIR: that
/// may be a place where the person who called can put a link instead.
pub(crate) fn stem() -> String {
    format!("/tmp/gocrash-look-{}-", crate::attempt::sys::own_id())
}

/// Checks the tree at `root`, which is the source, or a mounted copy of it.
pub(super) fn look(root: &Path, wanted: &Wanted) -> anyhow::Result<Seen> {
    let Wanted { origin, cwd, script } = wanted;
    if let Some(script) = script {
        let is_file =
            fs::metadata(root.join(script)).is_ok_and(|m| m.is_file());
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
    let dir = root.join(cwd).canonicalize().ok().filter(|dir| dir.is_dir());
    let Some(dir) = dir else {
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

fn rename_remedy(origin: &Origin) -> String {
    let mut remedy = "the output of each run goes there: rename it".to_owned();
    if let Origin::Zfs { snapshot, taken_of: None, .. } = origin {
        let dataset = snapshot.dataset();
        remedy += &format!(" in `{dataset}`, and take another snapshot");
    }
    remedy
}
