//! Hunts on a real pool, by the program as people run it.

mod evidence;
mod ground;
mod person;
mod refusals;
mod safety;
mod signals;
mod traces;
