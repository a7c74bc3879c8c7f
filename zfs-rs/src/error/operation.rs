//! What an error says was tried.

/// Also decides what an error number means: `EEXIST` from a destroy is about
/// children, from a create about the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    UseName,
    Open,
    BuildList,
    Create,
    Clone,
    Snapshot,
    Destroy,
    DestroySnapshots,
    Rollback,
    Rename,
    Promote,
    Hold,
    Release,
    ListHolds,
    RunProgram,
    Send,
    Receive,
    List,
    ListPools,
    ReadProperties,
    SetProperty,
    InheritProperty,
    Mount,
    Unmount,
    ReadMounts,
    ReadVersion,
}

impl Operation {
    /// Goes between `cannot` and the name.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Operation::UseName => "use the name",
            Operation::Open => "open ZFS",
            Operation::BuildList => "build an nvlist",
            Operation::Create => "create",
            Operation::Clone => "clone to",
            Operation::Snapshot => "make the snapshot",
            Operation::Destroy => "destroy",
            Operation::DestroySnapshots => "destroy the snapshot",
            Operation::Rollback => "roll back",
            Operation::Rename => "rename",
            Operation::Promote => "promote",
            Operation::Hold => "hold",
            Operation::Release => "release",
            Operation::ListHolds => "list the holds of",
            Operation::RunProgram => "run a channel program on",
            Operation::Send => "send",
            Operation::Receive => "receive",
            Operation::List => "list",
            Operation::ListPools => "list the pools",
            Operation::ReadProperties => "read properties of",
            Operation::SetProperty => "set a property of",
            Operation::InheritProperty => "inherit a property of",
            Operation::Mount => "mount",
            Operation::Unmount => "unmount",
            Operation::ReadMounts => "read the mount table",
            Operation::ReadVersion => "read the version of the ZFS module",
        }
    }
}
