//! One action of a run, and how it may stand in the sequence.

/// What [`System::next`](crate::System::next) chose to do next.
///
/// Only the parameters are kept: they must say everything that `apply` needs
/// to do the same again in another run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action<P> {
    /// What `apply` is given.
    pub params: P,
    /// Never the last action of a run, even past the greatest length.
    pub incomplete: bool,
    /// The last action of its run, even before the greatest length.
    pub terminate: bool,
}

impl<P> Action<P> {
    /// An ordinary action.
    pub fn new(params: P) -> Action<P> {
        Action { params, incomplete: false, terminate: false }
    }

    /// An action that needs another one after it.
    pub fn incomplete(params: P) -> Action<P> {
        Action { params, incomplete: true, terminate: false }
    }

    /// An action that ends its run.
    pub fn terminate(params: P) -> Action<P> {
        Action { params, incomplete: false, terminate: true }
    }
}

impl<P> From<P> for Action<P> {
    fn from(params: P) -> Action<P> {
        Action::new(params)
    }
}
