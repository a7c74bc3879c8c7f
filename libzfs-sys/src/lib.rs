//! Raw bindings to libzfs, libzfs_core and libnvpair.
//!
//! The bindings are made by bindgen from the headers that are installed, so
//! that they fit the release they are linked with: several enums and arities
//! of libzfs change between releases. The headers and libraries are looked
//! for with pkg-config, then in the folders that `LIBZFS_INCLUDE_DIR` (one or
//! more, separated as in PATH) and `LIBZFS_LIB_DIR` name, then where FreeBSD
//! and illumos have them. `LIBZFS_NO_PKG_CONFIG=1` skips the first.
//!
//! Only what the crate `zfs-rs` calls is bound. C enums are integers here,
//! because a kernel may answer with a value that the header did not know.
//! What each function means is documented in the headers of OpenZFS.
//!
//! # Without the headers
//!
//! With the feature `recorded-bindings` the bindings come from a file that
//! was recorded with OpenZFS 2.1.11 on 64-bit Linux. It is for reading the
//! documentation and checking types on machines that have no ZFS headers, and
//! for the check of the FreeBSD and illumos ports. Nothing can be linked with
//! it: the numbers of properties and errors belong to that release alone.

/// The version of libzfs whose headers were read, such as `2.1.11`; `unknown`
/// where the system does not tell, `recorded` with that feature.
pub const VERSION: &str = env!("LIBZFS_SYS_VERSION");

mod bindings {
    #![expect(
        clippy::allow_attributes,
        missing_docs,
        non_camel_case_types,
        unsafe_code,
        reason = "bindgen keeps the names of C, and its comments stay in C"
    )]
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

#[doc(inline)]
pub use bindings::*;
