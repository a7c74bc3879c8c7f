//! Hunts on a real pool, by the program as people run it.

/// A file with what a hunt is to print, wherever the test runs.
macro_rules! golden {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pool/hunt/", $name)
    };
}

mod at;
mod directory;
mod evidence;
#[path = "../util/ground/pool.rs"]
mod ground;
mod hang;
mod person;
mod prepare;
mod record;
mod refusals;
mod safety;
mod sessions;
mod signals;
mod strays;
mod traces;
