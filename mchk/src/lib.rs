//! Finds failing sequences of actions and minimises them.
#![doc = ""]
#![doc = include_str!("../README.md")]

mod action;
mod catch;
mod checker;
mod codec;
mod concurrent;
mod environment;
mod error;
mod gaps;
pub mod guide;
mod hunt;
#[cfg(feature = "serde")]
mod json;
mod linearize;
mod live;
mod minimizer;
mod parallel;
mod rate;
mod reduce;
mod report;
mod rng;
mod run;
mod shelf;
mod stop;
mod system;
mod watchdog;

pub use action::Action;
pub use checker::{CheckResult, Checker};
pub use concurrent::{Concurrent, Step};
pub use error::{CheckErr, RunErr};
pub use minimizer::{Minimized, Minimizer};
pub use parallel::{Parallel, Race};
pub use rate::Rate;
pub use report::Report;
pub use rng::CaseRng;
pub use stop::{EnvError, Failure, Stop};
pub use system::{Closures, Snapshot, System, system};
