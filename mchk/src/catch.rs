//! Turns panics of the system into failures, with the place they came from.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::stop::Failure;

thread_local! {
    /// Whether this thread is inside [`catch`], where panics are quiet.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static CAUGHT: RefCell<Option<Failure>> = const { RefCell::new(None) };
}

/// Runs `body`; a panic becomes a failure and prints nothing.
///
/// The caller answers for what the panic left half done: here that is the
/// state of a run, which is only cleaned up after a panic.
pub(crate) fn catch<T>(body: impl FnOnce() -> T) -> Result<T, Failure> {
    // The location of a panic is known to the hook only, and the hook is
    // one for the whole process: outside of `catch` it calls the old one.
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let outer = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CATCHING.get() {
                return outer(info);
            }
            let message = words(info.payload());
            let failure = info.location().map_or_else(
                || unplaced(message.clone()),
                |location| Failure::new(message.clone(), location),
            );
            CAUGHT.set(Some(failure));
        }));
    });
    let outer = CATCHING.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    CATCHING.set(outer);
    result.map_err(|payload| {
        // Nothing was noted if a later hook replaced ours, or if the panic
        // was passed on; what is noted then is one that the system caught.
        let message = words(&*payload);
        let noted = CAUGHT.take().filter(|noted| noted.message() == message);
        noted.unwrap_or_else(|| unplaced(message))
    })
}

#[track_caller]
fn unplaced(message: String) -> Failure {
    Failure::new(message, panic::Location::caller())
}

fn words(payload: &dyn Any) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref().map(String::as_str));
    format!("panic: {}", text.unwrap_or("without words"))
}
