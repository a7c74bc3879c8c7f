//! A look at the tree of an attempt that was kept, as the attempt left it.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::found::{Found, FoundSlate, Kind};
use super::inside::Inside;
use super::zfs;
use crate::attempt::reader::Reader;

/// What can be looked at, for as long as this value is there.
#[derive(Debug)]
pub(crate) struct Tree {
    path: PathBuf,
    inside: Inside,
    /// What is unmounted in the end.
    _mount: Option<zfs::Look>,
}

impl Tree {
    /// The tree; of an overlay, the directory with what was changed in it.
    pub(crate) fn open(
        found: &Found,
        slate: &FoundSlate,
    ) -> anyhow::Result<Tree> {
        match found.kind {
            Kind::Overlay => {
                Tree::there(slate.name.clone().into(), &found.reader)
            }
            Kind::Zfs => {
                Tree::mounted(zfs::Look::at_end(&slate.name)?, &found.reader)
            }
        }
    }

    /// The same, where it is mounted already; otherwise there is none.
    pub(crate) fn open_where_it_is(
        found: &Found,
        slate: &FoundSlate,
    ) -> anyhow::Result<Option<Tree>> {
        let path = place(found, slate);
        path.map(|path| Tree::there(path, &found.reader)).transpose()
    }

    /// The same, where it is, or else as it was left in the end.
    pub(crate) fn open_anywhere(
        found: &Found,
        slate: &FoundSlate,
    ) -> anyhow::Result<Tree> {
        match Tree::open_where_it_is(found, slate)? {
            Some(tree) => Ok(tree),
            None => Tree::open(found, slate),
        }
    }

    /// What it was made from.
    pub(crate) fn origin(
        found: &Found,
        slate: &FoundSlate,
    ) -> anyhow::Result<Option<Tree>> {
        match found.kind {
            Kind::Overlay => Ok(None),
            Kind::Zfs => {
                let look = zfs::Look::at_origin(&slate.name)?;
                Tree::mounted(look, &found.reader).map(Some)
            }
        }
    }

    /// The directory with the record of a hunt.
    pub(crate) fn record(found: &Found) -> anyhow::Result<Tree> {
        if found.kind == Kind::Overlay {
            return Tree::there(found.name.clone().into(), &found.owner);
        }
        if let Some(path) = super::mounted_at(&found.name) {
            let inside = Inside::of_owner(&path).with_context(said(&path))?;
            return Ok(Tree { path, inside, _mount: None });
        }
        let look = zfs::Look::into(&found.name)?;
        let path = look.path().to_owned();
        let inside = Inside::of_owner(&path).with_context(said(&path))?;
        Ok(Tree { path, inside, _mount: Some(look) })
    }

    fn there(path: PathBuf, reader: &Reader) -> anyhow::Result<Tree> {
        let inside = Inside::open(&path, reader);
        let inside = inside.with_context(said(&path))?;
        Ok(Tree { path, inside, _mount: None })
    }

    fn mounted(look: zfs::Look, reader: &Reader) -> anyhow::Result<Tree> {
        let path = look.path().to_owned();
        let inside = Inside::mounted(&path, reader);
        let inside = inside.with_context(said(&path))?;
        Ok(Tree { path, inside, _mount: Some(look) })
    }

    /// Where names in it can be listed. Its files are opened by
    /// [`Tree::inside`].
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn inside(&self) -> &Inside {
        &self.inside
    }
}

/// Where a tree is, unless it would have to be mounted to be looked at.
fn place(found: &Found, slate: &FoundSlate) -> Option<PathBuf> {
    match found.kind {
        Kind::Overlay => Some(slate.name.clone().into()),
        Kind::Zfs => super::mounted_at(&slate.name),
    }
}

fn said(path: &Path) -> impl FnOnce() -> String {
    let path = path.display().to_string();
    move || format!("cannot open `{path}`")
}
