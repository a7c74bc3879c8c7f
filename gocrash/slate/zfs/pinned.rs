//! The properties that the working dataset has of its own, as its parent has
//! them, so that they are found quickly.
//!
//! The kernel opens a file system eight times in its life as a slate, and asks
//! for all of these each time, and for half of them once more to mount it. For
//! each it looks in the dataset and in one above another, three times in each,
//! until it is set somewhere: mostly in vain, up to the pool. A list with
//! next to nothing in it is read and unpacked anew for every look, one with
//! all of these stays in memory.

use zfs::{DatasetName, Properties, Source};

use super::Pool;

/// What `dmu_objset_open_impl` and `zfs_register_callbacks` ask for, in any
/// release.
const PINNED: [&str; 27] = [
    "aclinherit",
    "aclmode",
    "acltype",
    "atime",
    "checksum",
    "compression",
    "copies",
    "dedup",
    "devices",
    "direct",
    "exec",
    "logbias",
    "longname",
    "nbmand",
    "prefetch",
    "primarycache",
    "readonly",
    "recordsize",
    "redundant_metadata",
    "relatime",
    "secondarycache",
    "setuid",
    "snapdir",
    "special_small_blocks",
    "sync",
    "vscan",
    "xattr",
];

impl Pool {
    /// These, as a child of this dataset would inherit them.
    pub(super) fn pinned(
        &self,
        parent: &DatasetName,
    ) -> zfs::Result<Properties> {
        let all = self.zfs.properties(parent)?;
        // What an option of a mount overrides isn't what a child inherits.
        let inherited = all.into_iter().filter(|(name, property)| {
            PINNED.contains(&name.as_str())
                && property.source != Source::Temporary
        });
        Ok(inherited.fold(Properties::new(), |pinned, (name, property)| {
            pinned.with(name, property.value)
        }))
    }
}
