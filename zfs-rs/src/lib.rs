//! ZFS datasets, snapshots and clones through libzfs_core, safely.
