//! A tree as an attempt left it, to look around in: a copy that goes again, so
//! that nobody spoils evidence; or the slate itself, where that is asked for.

use std::path::{Path, PathBuf};

use super::found::{Found, FoundSlate, Kind};
use super::origin::Tree;
use super::{Left, Rest, overlay, zfs};

/// Writable, and mounted for as long as this value is not closed.
#[derive(Debug)]
pub(crate) struct Sandbox(Inner);

#[derive(Debug)]
enum Inner {
    Zfs(Box<zfs::Sandbox>),
    Overlay(overlay::Sandbox),
}

impl Sandbox {
    /// `tree` is what overlays are made on.
    pub(crate) fn open(
        found: &Found,
        slate: &FoundSlate,
        tree: Option<&Tree>,
        is_in_place: bool,
    ) -> anyhow::Result<Sandbox> {
        Ok(Sandbox(match (found.kind, tree) {
            (Kind::Overlay, Some(tree)) => Inner::Overlay(
                overlay::Sandbox::open(tree, found, slate, is_in_place)?,
            ),
            (Kind::Overlay, None) => {
                anyhow::bail!("its record does not say what it was made on")
            }
            (Kind::Zfs, _) => Inner::Zfs(Box::new(zfs::Sandbox::open(
                found,
                slate,
                is_in_place,
            )?)),
        }))
    }

    /// Where the tree is.
    pub(crate) fn path(&self) -> PathBuf {
        match &self.0 {
            Inner::Zfs(sandbox) => sandbox.path().to_owned(),
            Inner::Overlay(sandbox) => sandbox.path(),
        }
    }

    /// Leaves things as they were, but for what was changed in place.
    pub(crate) fn close(self) -> Rest {
        let path: PathBuf = self.path();
        let closed = match self.0 {
            Inner::Zfs(sandbox) => sandbox.close(),
            Inner::Overlay(sandbox) => sandbox.close(),
        };
        match closed {
            Ok(()) => Rest::Gone,
            Err(error) => Rest::Left(left(&path, &error)),
        }
    }
}

fn left(path: &Path, error: &anyhow::Error) -> Left {
    Left { name: path.display().to_string(), why: format!("{error:#}") }
}
