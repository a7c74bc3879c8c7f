//! The system to be checked, as a trait and as closures.

use std::fmt::{self, Debug, Write};
use std::marker::PhantomData;

use crate::action::Action;
use crate::rng::CaseRng;
use crate::stop::{EnvError, Stop};

/// A system to be checked by random sequences of actions.
///
/// The state holds the real thing, the model that says how it should behave,
/// and whatever guards they need. Nothing else may matter: the same actions
/// after a fresh [`init`](System::init) must do the same.
pub trait System {
    /// The real thing and its model.
    type State;
    /// What an action needs to be done again in another run. Names and
    /// indices, not handles.
    type Params: Clone + Debug;

    /// Makes a fresh state, the same every time.
    ///
    /// # Errors
    ///
    /// When the surroundings do not allow it; the check ends.
    fn init(&self) -> Result<Self::State, EnvError>;

    /// Chooses an action that makes sense in this state. All randomness must
    /// come from `rng`.
    fn next(
        &self,
        state: &Self::State,
        rng: &mut CaseRng,
    ) -> Action<Self::Params>;

    /// Performs an action, and checks that the system did what the model
    /// says.
    ///
    /// # Errors
    ///
    /// See [`Stop`]. A panic counts as a failure too, and its source
    /// location as the fingerprint.
    fn apply(
        &self,
        state: &mut Self::State,
        params: &Self::Params,
    ) -> Result<(), Stop>;

    /// Checks what can only be seen, or is too slow to look at before, the
    /// end of a run.
    ///
    /// # Errors
    ///
    /// As [`apply`](System::apply); `Invalid` counts as success.
    fn finish(&self, state: &mut Self::State) -> Result<(), Stop> {
        let _ = state;
        Ok(())
    }

    /// Ends a state; called exactly once for each that `init` or a
    /// [`Snapshot`] made, also after an error or a panic, which leave it as
    /// it was at that moment.
    ///
    /// # Errors
    ///
    /// When something could not be cleaned up; the check ends.
    fn cleanup(&self, state: Self::State) -> Result<(), EnvError> {
        drop(state);
        Ok(())
    }

    /// Simpler actions to try in place of this one, simplest first. They
    /// must not lead back to where they came from.
    fn shrink(&self, params: &Self::Params) -> Vec<Self::Params> {
        let _ = params;
        Vec::new()
    }

    /// The kind of action, for counting; the first word of its `Debug`
    /// unless told.
    fn label(&self, params: &Self::Params) -> String {
        first_word(params)
    }

    /// The action as Rust source, for the printed case; its `Debug` unless
    /// told. Override it where that does not compile, as with `String`s.
    fn source(&self, params: &Self::Params) -> String {
        format!("{params:?}")
    }

    /// Keeps this state, so that later runs can start from it instead of
    /// repeating the actions that led here. `None`, the default, means that
    /// it cannot be kept. For a state that is `Clone` see
    /// [`Checker::snapshots`](crate::Checker::snapshots).
    ///
    /// # Errors
    ///
    /// When the surroundings do not allow it; the check ends.
    fn snapshot<'a>(
        &'a self,
        state: &Self::State,
    ) -> Result<Option<Snapshot<'a, Self::State>>, EnvError> {
        let _ = state;
        Ok(None)
    }
}

/// A kept state: a function that makes another one like it, any number of
/// times. Dropping it drops what it holds.
pub struct Snapshot<'a, T> {
    restore: Box<dyn Fn() -> Result<T, EnvError> + 'a>,
}

impl<'a, T> Snapshot<'a, T> {
    /// A snapshot that is restored by calling `restore`.
    pub fn new(
        restore: impl Fn() -> Result<T, EnvError> + 'a,
    ) -> Snapshot<'a, T> {
        Snapshot { restore: Box::new(restore) }
    }

    pub(crate) fn restore(&self) -> Result<T, EnvError> {
        (self.restore)()
    }
}

impl<T> Debug for Snapshot<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Snapshot")
    }
}

/// A [`System`] made of three closures, for small checks; see [`system`].
pub struct Closures<T, P, I, N, A> {
    init: I,
    next: N,
    apply: A,
    cleanup: fn(T),
    shrink: fn(&P) -> Vec<P>,
    label: fn(&P) -> String,
    source: fn(&P) -> String,
    // No state or action is inside, only functions of them.
    marker: PhantomData<fn(T) -> P>,
}

/// Makes a [`System`] of closures: a fresh state, the next action, and its
/// performance.
///
/// ```
/// use mchk::{Checker, Stop, system};
///
/// let counter = system(
///     || 0,
///     |_, rng| if rng.one_in(3) { -1 } else { 1 },
///     |sum: &mut i32, step: &i32| {
///         *sum += step;
///         if *sum > 5 {
///             return Err(Stop::failed("above 5"));
///         }
///         Ok(())
///     },
/// );
/// assert!(Checker::new(counter).max_length(4).run_times(100).is_ok());
/// ```
pub fn system<T, P, I, N, A, O>(
    init: I,
    next: N,
    apply: A,
) -> Closures<T, P, I, N, A>
where
    P: Clone + Debug,
    I: Fn() -> T,
    N: Fn(&T, &mut CaseRng) -> O,
    O: Into<Action<P>>,
    A: Fn(&mut T, &P) -> Result<(), Stop>,
{
    Closures {
        init,
        next,
        apply,
        cleanup: drop,
        shrink: |_| Vec::new(),
        label: |params| first_word(params),
        source: |params| format!("{params:?}"),
        marker: PhantomData,
    }
}

impl<T, P, I, N, A> Closures<T, P, I, N, A> {
    /// What is done with each state in the end; dropping it, unless told.
    pub fn cleanup(mut self, cleanup: fn(T)) -> Self {
        self.cleanup = cleanup;
        self
    }

    /// Simpler actions to try in place of one; none, unless told.
    pub fn shrink(mut self, shrink: fn(&P) -> Vec<P>) -> Self {
        self.shrink = shrink;
        self
    }

    /// As [`System::label`].
    pub fn label(mut self, label: fn(&P) -> String) -> Self {
        self.label = label;
        self
    }

    /// As [`System::source`].
    pub fn source(mut self, source: fn(&P) -> String) -> Self {
        self.source = source;
        self
    }
}

impl<T, P, I, N, A, O> System for Closures<T, P, I, N, A>
where
    P: Clone + Debug,
    I: Fn() -> T,
    N: Fn(&T, &mut CaseRng) -> O,
    O: Into<Action<P>>,
    A: Fn(&mut T, &P) -> Result<(), Stop>,
{
    type State = T;
    type Params = P;

    fn init(&self) -> Result<T, EnvError> {
        Ok((self.init)())
    }

    fn next(&self, state: &T, rng: &mut CaseRng) -> Action<P> {
        (self.next)(state, rng).into()
    }

    fn apply(&self, state: &mut T, params: &P) -> Result<(), Stop> {
        (self.apply)(state, params)
    }

    fn cleanup(&self, state: T) -> Result<(), EnvError> {
        (self.cleanup)(state);
        Ok(())
    }

    fn shrink(&self, params: &P) -> Vec<P> {
        (self.shrink)(params)
    }

    fn label(&self, params: &P) -> String {
        (self.label)(params)
    }

    fn source(&self, params: &P) -> String {
        (self.source)(params)
    }
}

impl<T, P, I, N, A> Debug for Closures<T, P, I, N, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Closures")
    }
}

/// The text of the `Debug` form up to the first character that ends a word.
/// Formatting stops there too: actions can be large.
pub(crate) fn first_word(params: &impl Debug) -> String {
    struct Word(String);
    impl Write for Word {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let end = text.find([' ', '(', '{', '[', ',']);
            self.0.push_str(&text[..end.unwrap_or(text.len())]);
            if end.is_some() { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut word = Word(String::new());
    // The error only says that the word was complete.
    let _ = write!(word, "{params:?}");
    word.0
}
