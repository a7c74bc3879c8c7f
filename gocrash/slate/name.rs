//! What hunts are called: by the time when they began.

use std::fmt;

/// Hunts that start in the same millisecond take the next free number.
const TRIES_MAX: u32 = 1000;

/// What a hunt is called that begins this many milliseconds after 1970.
pub(super) fn session_name(ms: u128) -> String {
    format!("gocrash-{ms}")
}

/// Takes the first free name from `first_ms` up; `take` gives nothing for one
/// that isn't.
pub(super) fn take_free<T>(
    place: impl fmt::Display,
    first_ms: u128,
    mut take: impl FnMut(String) -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    for tried in 0..TRIES_MAX {
        if let Some(taken) = take(session_name(first_ms + u128::from(tried)))? {
            return Ok(taken);
        }
    }
    anyhow::bail!(
        "cannot find a free name in `{place}`: {TRIES_MAX} from `{}` up are \
         taken",
        session_name(first_ms)
    )
}
