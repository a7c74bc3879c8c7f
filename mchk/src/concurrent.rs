//! A system that several threads use at once, and a model that knows none.

use std::fmt::Debug;
use std::hash::Hash;

use crate::rng::CaseRng;
use crate::stop::{EnvError, Stop};
use crate::system;

/// A system whose calls may overlap, and a model of it that knows no
/// threads.
///
/// Each answer may be wrong on its own only in a sequence; of overlapping
/// calls it is asked whether *some* order of them explains all answers.
pub trait Concurrent: Sync {
    /// The real thing, shared by the threads.
    type Real: Sync;
    /// What it should behave like, called one at a time.
    type Model: Clone + Eq + Hash;
    /// What an action needs to be done again in another run.
    type Params: Clone + Debug + Send + Sync;
    /// What a call answers, expected errors included.
    type Answer: Debug + Send;

    /// Makes a fresh system and the model of it, the same every time.
    ///
    /// # Errors
    ///
    /// When the surroundings do not allow it; the check ends.
    fn init(&self) -> Result<(Self::Real, Self::Model), EnvError>;

    /// Chooses an action. For an action of a branch, the model is that of
    /// the moment before the branches part.
    fn next(&self, model: &Self::Model, rng: &mut CaseRng) -> Self::Params;

    /// Performs an action on the real thing.
    ///
    /// # Errors
    ///
    /// Only what no order of calls could explain; see [`Stop`].
    fn call(
        &self,
        real: &Self::Real,
        params: &Self::Params,
    ) -> Result<Self::Answer, Stop>;

    /// Performs an action on the model, and says whether this answer is one
    /// that the model allows. Where it is not, the model is discarded.
    fn step(
        &self,
        model: &mut Self::Model,
        params: &Self::Params,
        answer: &Self::Answer,
    ) -> bool;

    /// Actions performed after the branches have ended, to see what they
    /// left: their answers must fit too.
    fn closing(&self) -> Vec<Self::Params> {
        Vec::new()
    }

    /// Ends a system; called exactly once for each that `init` made.
    ///
    /// # Errors
    ///
    /// When something could not be cleaned up; the check ends.
    fn cleanup(&self, real: Self::Real) -> Result<(), EnvError> {
        drop(real);
        Ok(())
    }

    /// As [`System::shrink`](crate::System::shrink).
    fn shrink(&self, params: &Self::Params) -> Vec<Self::Params> {
        let _ = params;
        Vec::new()
    }

    /// As [`System::label`](crate::System::label).
    fn label(&self, params: &Self::Params) -> String {
        system::first_word(params)
    }

    /// As [`System::source`](crate::System::source).
    fn source(&self, params: &Self::Params) -> String {
        format!("{params:?}")
    }
}

/// An action and the thread that performs it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Step<P> {
    /// 0: one after the other, before the branches part. Others: the branch.
    pub branch: u8,
    /// The action.
    pub params: P,
}
