//! Reports: the only rooms that print.

pub(crate) mod terminal;
