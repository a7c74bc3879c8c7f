//! Where slates are between the hands of a thread: made by one, used by
//! another, taken away by a third.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::attempt::Ready;
use crate::attempt::name::AttemptName;
use crate::attempt::outcome::Outcome;
use crate::keeper::request::Prepared;

/// A slate, and the command that is to run in it until it does.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) prepared: Prepared,
    pub(crate) ready: Option<Ready>,
    /// When the attempt began.
    pub(crate) began: Option<SystemTime>,
    /// What became of the attempt, when it is over.
    pub(crate) outcome: Option<Outcome>,
}

/// What no hand holds at the moment.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Mutex<HashMap<AttemptName, Held>>);

impl Shelf {
    pub(crate) fn put(&self, name: AttemptName, held: Held) {
        // A hand that panicked left the map whole: it only puts and takes.
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.insert(name, held);
    }

    /// Takes what was put there before the event that led to this.
    pub(crate) fn take(&self, name: AttemptName) -> Option<Held> {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.remove(&name)
    }
}
