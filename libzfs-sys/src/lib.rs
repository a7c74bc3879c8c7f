//! Raw bindings to libzfs, libzfs_core and libnvpair.
