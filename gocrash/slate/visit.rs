//! A look at the tree of an attempt that was kept, as the attempt left it.

use std::path::{Path, PathBuf};

use super::found::{Found, FoundSlate, Kind};
use super::zfs;

/// What can be looked at, for as long as this value is there.
#[derive(Debug)]
pub(crate) struct Tree {
    path: PathBuf,
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
                Ok(Tree { path: slate.name.clone().into(), _mount: None })
            }
            Kind::Zfs => {
                let look = zfs::Look::at_end(&slate.name)?;
                let path = look.path().to_owned();
                Ok(Tree { path, _mount: Some(look) })
            }
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
                let path = look.path().to_owned();
                Ok(Some(Tree { path, _mount: Some(look) }))
            }
        }
    }

    /// The directory with the record of a hunt.
    pub(crate) fn record(found: &Found) -> anyhow::Result<Tree> {
        let mounted = match found.kind {
            Kind::Overlay => Some(PathBuf::from(&found.name)),
            Kind::Zfs => super::mounted_at(&found.name),
        };
        if let Some(path) = mounted {
            return Ok(Tree { path, _mount: None });
        }
        let look = zfs::Look::into(&found.name)?;
        let path = look.path().to_owned();
        Ok(Tree { path, _mount: Some(look) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
