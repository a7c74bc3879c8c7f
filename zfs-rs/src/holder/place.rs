//! Where a file system is, for systems whose processes tell only paths.

use std::path::{Path, PathBuf};

use super::Holder;
use crate::mount::table::{self, Mount};

/// The directories it is mounted at, less what is mounted inside it.
pub(super) struct Place {
    roots: Vec<PathBuf>,
    inside: Vec<PathBuf>,
}

impl Place {
    pub(super) fn of(name: &str) -> Place {
        let all = table::everything().unwrap_or_default();
        let (of_it, others): (Vec<Mount>, Vec<Mount>) =
            all.into_iter().partition(|mount| mount.source == name);
        let paths = |mounts: Vec<Mount>| {
            mounts.into_iter().map(|mount| mount.path).collect()
        };
        let roots: Vec<PathBuf> = paths(of_it);
        let mut inside: Vec<PathBuf> = paths(others);
        inside.retain(|path| is_below(path, &roots));
        Place { roots, inside }
    }

    /// Those inside it, and its own.
    pub(super) fn mounts(&self) -> Vec<Holder> {
        let mount = |path: &PathBuf| Holder::Mount {
            path: path.clone(),
            namespace_of: None,
        };
        self.inside.iter().chain(&self.roots).map(mount).collect()
    }

    pub(super) fn has(&self, path: &Path) -> bool {
        is_below(path, &self.roots) && !is_below(path, &self.inside)
    }
}

fn is_below(path: &Path, roots: &[PathBuf]) -> bool {
    roots.iter().any(|root| path.starts_with(root))
}
