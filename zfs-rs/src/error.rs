//! What went wrong, with which dataset, and who is in the way.

use std::fmt;

use crate::holder::Holder;
pub use kind::ErrorKind;
pub(crate) use operation::Operation;

mod errno;
mod ezfs;
mod kind;
mod operation;

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Holders and failures that the text of an error shows; it counts the rest.
const SHOWN_MAX: usize = 3;

/// An operation that failed, and why.
///
/// Its text says what failed and then why, on one line. [`Error::help`] says
/// what to do about it, where that is known.
pub struct Error(Box<Inner>);

/// Boxed, so that a `Result` stays small.
#[derive(Debug)]
struct Inner {
    operation: Operation,
    dataset: Option<String>,
    kind: ErrorKind,
    raw_code: Option<i32>,
    detail: Option<String>,
    help: Option<String>,
    failures: Vec<Failure>,
    holders: Vec<Holder>,
}

/// What became of one name of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    name: String,
    kind: ErrorKind,
    raw_code: i32,
}

impl Failure {
    pub(crate) fn new(operation: Operation, name: String, code: i32) -> Self {
        let kind = errno::kind(operation, &name, code);
        Failure { name, kind, raw_code: code }
    }

    /// The name it is about.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Why that name failed.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The error number of the kernel.
    pub fn raw_code(&self) -> i32 {
        self.raw_code
    }
}

impl Error {
    pub(crate) fn new(operation: Operation, kind: ErrorKind) -> Error {
        Error(Box::new(Inner {
            operation,
            dataset: None,
            kind,
            raw_code: None,
            detail: None,
            help: None,
            failures: Vec::new(),
            holders: Vec::new(),
        }))
    }

    /// From an error number of libzfs_core or of a system call.
    pub(crate) fn errno(operation: Operation, name: &str, code: i32) -> Error {
        let mut error =
            Error::new(operation, errno::kind(operation, name, code)).on(name);
        error.0.raw_code = Some(code);
        error.0.help = errno::help(error.0.kind).map(str::to_owned);
        error
    }

    /// From an error number of libzfs and its own words for it.
    pub(crate) fn ezfs(
        operation: Operation,
        name: &str,
        code: i32,
        description: String,
    ) -> Error {
        let mut error = Error::new(operation, ezfs::kind(code)).on(name);
        error.0.raw_code = Some(code);
        error.0.help = errno::help(error.0.kind).map(str::to_owned);
        error.because(description)
    }

    /// From the error number that the last system call left.
    pub(crate) fn last_os_error(operation: Operation, name: &str) -> Error {
        Error::errno(operation, name, last_os_code())
    }

    /// About a name that can't be one.
    pub(crate) fn name(name: &str, kind: ErrorKind, why: &str) -> Error {
        Error::new(Operation::UseName, kind).on(name).because(why.to_owned())
    }

    pub(crate) fn on(mut self, name: &str) -> Error {
        self.0.dataset = (!name.is_empty()).then(|| name.to_owned());
        self
    }

    pub(crate) fn because(mut self, detail: String) -> Error {
        self.0.detail = Some(detail);
        self
    }

    pub(crate) fn advise(mut self, help: String) -> Error {
        self.0.help = Some(help);
        self
    }

    pub(crate) fn with_failures(mut self, failures: Vec<Failure>) -> Error {
        self.0.failures = failures;
        self
    }

    pub(crate) fn held_by(mut self, holders: Vec<Holder>) -> Error {
        self.0.holders = holders;
        self
    }

    /// What was tried, as a verb: `destroy`, `clone`, `set a property of`.
    pub fn operation(&self) -> &'static str {
        self.0.operation.verb()
    }

    /// The name of what it was tried on. Of a batch, the first that failed.
    pub fn dataset(&self) -> Option<&str> {
        self.0.dataset.as_deref()
    }

    /// Why, as far as callers tell it apart.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The number behind the kind: an error number of the system, from 1024
    /// up one of ZFS's own (`ZFS_ERR_…`), from 2000 up one of libzfs
    /// (`EZFS_…`). `None` where the refusal is this library's.
    pub fn raw_code(&self) -> Option<i32> {
        self.0.raw_code
    }

    /// What to do about it, in one sentence, where that is known.
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// The message of the kernel or libzfs, such as that of a channel
    /// program, without what was tried and on what.
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The names of a batch that failed, each with its own reason.
    pub fn failures(&self) -> &[Failure] {
        &self.0.failures
    }

    /// Who keeps the dataset busy, as far as could be seen.
    pub fn holders(&self) -> &[Holder] {
        &self.0.holders
    }
}

impl std::error::Error for Error {}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}", self.operation())?;
        if let Some(name) = self.dataset() {
            write!(f, " `{name}`")?;
        }
        f.write_str(": ")?;
        match (self.detail(), self.raw_code()) {
            (Some(detail), _) => f.write_str(detail)?,
            (None, Some(code)) if self.kind() == ErrorKind::Other => {
                errno::describe(code, f)?;
            }
            (None, _) => write!(f, "{}", self.kind())?,
        }
        if self.failures().len() > 1 {
            write_some(f, self.failures())?;
        }
        write_some(f, self.holders())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.name, self.kind)
    }
}

/// The error number that the last system call of this thread left.
pub(crate) fn last_os_code() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

fn write_some(
    f: &mut fmt::Formatter<'_>,
    items: &[impl fmt::Display],
) -> fmt::Result {
    for item in items.iter().take(SHOWN_MAX) {
        write!(f, "; {item}")?;
    }
    match items.len().saturating_sub(SHOWN_MAX) {
        0 => Ok(()),
        more => write!(f, "; and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_failed_then_why() {
        let error = Error::errno(Operation::Destroy, "tank/a", libc::ENOENT);
        let text = "cannot destroy `tank/a`: it does not exist";
        assert_eq!(error.to_string(), text);
        let unknown = Error::errno(Operation::Destroy, "tank/a", 1099);
        let text = "cannot destroy `tank/a`: ZFS error 1099";
        assert_eq!(unknown.to_string(), text);
    }

    #[test]
    fn shows_some_holders_and_counts_the_rest() {
        let holder = |n: u32| Holder::Tag(n.to_string());
        let error = Error::errno(Operation::Destroy, "tank@a", libc::EBUSY)
            .held_by((0..5).map(holder).collect());
        let text = "cannot destroy `tank@a`: it is busy; it is held with the \
                    tag `0`; it is held with the tag `1`; it is held with the \
                    tag `2`; and 2 more";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn one_number_means_what_the_operation_makes_of_it() {
        let kind = |op, name| Error::errno(op, name, libc::EEXIST).kind();
        let exists = ErrorKind::AlreadyExists;
        assert_eq!(kind(Operation::Create, "a"), exists);
        assert_eq!(kind(Operation::Destroy, "a"), ErrorKind::HasChildren);
        assert_eq!(kind(Operation::Destroy, "a@b"), ErrorKind::HasClones);
        assert_eq!(kind(Operation::Rollback, "a"), ErrorKind::NotLatest);
    }

    #[test]
    fn numbers_of_zfs_itself_have_their_kinds() {
        let kind = |code| Error::errno(Operation::Create, "a", code).kind();
        // A key that is unknown to the module, one that is missing, and one
        // of the wrong type, as the check of every request has them.
        assert_eq!(kind(1030), ErrorKind::Unsupported);
        assert_eq!(kind(1031), ErrorKind::InvalidArgument);
        assert_eq!(kind(1032), ErrorKind::InvalidArgument);
    }
}
