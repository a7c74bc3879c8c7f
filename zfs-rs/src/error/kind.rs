//! The kinds of failure.

use std::fmt;

/// The kinds of failure that callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A dataset, snapshot, pool or tag is not there.
    NotFound,
    /// The name is taken.
    AlreadyExists,
    /// Someone uses it; [`holders`](crate::Error::holders) says who.
    Busy,
    /// The operation would cross pools.
    DifferentPool,
    /// The name has a form that ZFS does not allow.
    InvalidName,
    /// The name is longer, or nested deeper, than ZFS allows.
    NameTooLong,
    /// The caller lacks the right to do it.
    PermissionDenied,
    /// The pool has no space left.
    NoSpace,
    /// A quota or a limit of the dataset, or of one above it, is used up.
    QuotaExceeded,
    /// The kernel has no ZFS module, or `/dev/zfs` is missing.
    ModuleNotLoaded,
    /// The dataset has datasets below it.
    HasChildren,
    /// The snapshot has clones.
    HasClones,
    /// It is not mounted.
    NotMounted,
    /// It is mounted already.
    AlreadyMounted,
    /// Its properties forbid to mount it; [`help`](crate::Error::help) says
    /// what to do.
    NotMountable,
    /// The key of the encrypted dataset is not loaded.
    KeyNotLoaded,
    /// An argument is not acceptable.
    InvalidArgument,
    /// There is no such property, it does not apply to that type of dataset,
    /// can't be set, or does not take that value.
    InvalidProperty,
    /// The user property is not set.
    PropertyNotSet,
    /// It is not the dataset's latest snapshot.
    NotLatest,
    /// The pool or dataset is read-only.
    ReadOnly,
    /// The dataset is not of the type that the operation needs.
    WrongType,
    /// What was read is no send stream, or a damaged one.
    InvalidStream,
    /// The stream does not start from the dataset's latest snapshot.
    StreamMismatch,
    /// The dataset was changed since the snapshot the stream starts from.
    Modified,
    /// The channel program does not compile.
    ProgramInvalid,
    /// The channel program ended with an error.
    ProgramFailed,
    /// The channel program used up its instructions or its memory.
    ProgramLimit,
    /// The kernel module or the pool does not know this operation.
    Unsupported,
    /// A signal interrupted it.
    Interrupted,
    /// The pool is suspended: its devices fail, and it waits for better ones.
    Suspended,
    /// A device failed.
    Io,
    /// Memory is used up.
    OutOfMemory,
    /// Something else; [`raw_code`](crate::Error::raw_code) and the text tell.
    Other,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ErrorKind::NotFound => "it does not exist",
            ErrorKind::AlreadyExists => "it exists already",
            ErrorKind::Busy => "it is busy",
            ErrorKind::DifferentPool => "that is in another pool",
            ErrorKind::InvalidName => "the name is not allowed",
            ErrorKind::NameTooLong => "the name is too long",
            ErrorKind::PermissionDenied => "permission denied",
            ErrorKind::NoSpace => "the pool is out of space",
            ErrorKind::QuotaExceeded => "its quota is used up",
            ErrorKind::ModuleNotLoaded => "the ZFS module is not loaded",
            ErrorKind::HasChildren => "it has children",
            ErrorKind::HasClones => "it has clones",
            ErrorKind::NotMounted => "it is not mounted",
            ErrorKind::AlreadyMounted => "it is mounted already",
            ErrorKind::NotMountable => "it can't be mounted",
            ErrorKind::KeyNotLoaded => "its key is not loaded",
            ErrorKind::InvalidArgument => "an argument is not acceptable",
            ErrorKind::InvalidProperty => "the property is not acceptable",
            ErrorKind::PropertyNotSet => "the property is not set",
            ErrorKind::NotLatest => "a later snapshot exists",
            ErrorKind::ReadOnly => "it is read-only",
            ErrorKind::WrongType => "it is not of the right type",
            ErrorKind::InvalidStream => "the stream is damaged or none",
            ErrorKind::StreamMismatch => {
                "the stream does not start from its latest snapshot"
            }
            ErrorKind::Modified => "it was changed since that snapshot",
            ErrorKind::ProgramInvalid => "the program does not compile",
            ErrorKind::ProgramFailed => "the program failed",
            ErrorKind::ProgramLimit => "the program used up its limits",
            ErrorKind::Unsupported => "this ZFS does not support it",
            ErrorKind::Interrupted => "a signal interrupted it",
            ErrorKind::Suspended => "the pool is suspended",
            ErrorKind::Io => "the pool has an input/output error",
            ErrorKind::OutOfMemory => "memory is used up",
            ErrorKind::Other => "unknown error",
        })
    }
}
