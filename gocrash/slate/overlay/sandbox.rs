//! An overlay on the source and what an attempt changed in it; or the slate's
//! own overlay, once more.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::check::{self, State};
use super::folder::Folder;
use super::layers::{self, Layers, TREE, UPPER};
use crate::slate::found::{Found, FoundSlate};
use crate::slate::origin::Tree;

/// What the directory is called, with the id of the process that made it.
const STEM: &str = "shell-";

#[derive(Debug)]
pub(in crate::slate) struct Sandbox {
    session: Folder,
    folder: Folder,
    name: String,
    path: PathBuf,
    is_in_place: bool,
}

impl Sandbox {
    pub(in crate::slate) fn open(
        tree: &Tree,
        found: &Found,
        slate: &FoundSlate,
        is_in_place: bool,
    ) -> anyhow::Result<Sandbox> {
        check::check_apart(tree)?;
        let source = Folder::open(&tree.dir)
            .with_context(|| format!("cannot open `{}`", tree.dir.display()))?;
        let state = State::open(tree)?;
        let style = check::probe(tree, &source, &state)?;
        let session = state.folder.at(&found.session)?;
        let kept = session.at(slate.attempt.to_string())?;
        let name = match is_in_place {
            true => slate.attempt.to_string(),
            false => format!("{STEM}{}", std::process::id()),
        };
        let path = tree.state.join(&found.session).join(&name);
        let folder = match is_in_place {
            true => session.at(&name)?,
            false => session.make(&name, 0o755)?,
        };
        let sandbox = Sandbox { session, folder, name, path, is_in_place };
        let mount = || match is_in_place {
            true => Ok(Layers::again(&kept)?.mount(&[&source], style)?),
            false => {
                let layers = Layers::make(&sandbox.folder)?;
                let kept = kept.at(UPPER)?;
                // What the upper directory is, the root of the tree is.
                let root = kept.stat()?;
                layers.upper.set_owner(root.st_uid, root.st_gid)?;
                layers.upper.set_mode(root.st_mode & 0o7777)?;
                anyhow::Ok(layers.mount(&[&kept, &source], style)?)
            }
        };
        match mount() {
            Ok(()) => Ok(sandbox),
            Err(error) => Err(match sandbox.close() {
                Ok(()) => error,
                Err(left) => error.context(format!("{left:#}")),
            }
            .context("cannot mount the overlay")),
        }
    }

    pub(in crate::slate) fn path(&self) -> PathBuf {
        self.path.join(TREE)
    }

    pub(in crate::slate) fn close(self) -> anyhow::Result<()> {
        layers::unmount(&self.folder)?;
        match self.is_in_place {
            true => layers::remove_scaffold(&self.folder)?,
            false => self.session.remove(&self.name)?,
        }
        Ok(())
    }
}

/// Whether it has the name of such a directory.
pub(super) fn is_named_so(name: &Path) -> bool {
    let number = name.to_str().and_then(|name| name.strip_prefix(STEM));
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}
