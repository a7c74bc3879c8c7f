//! The library zfs-rs, one file per noun.

mod dataset;
mod guard;
mod hold;
mod holder;
mod input;
mod list;
mod mount;
mod permission;
mod program;
mod property;
mod snapshot;
mod space;
mod stream;
mod threads;
mod version;

use zfs::{Error, ErrorKind, Result, Zfs};

fn open() -> Zfs {
    Zfs::open().unwrap()
}

/// The kind of the error that must have come out.
#[track_caller]
fn kind<T: std::fmt::Debug>(result: Result<T>) -> ErrorKind {
    error(result).kind()
}

#[track_caller]
fn error<T: std::fmt::Debug>(result: Result<T>) -> Error {
    result.expect_err("the operation should have failed")
}
