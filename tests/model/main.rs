//! zfs-rs against a model of ZFS, under random sequences of actions.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod action;
mod answer;
mod batch;
mod budget;
mod check;
mod facts;
mod fault;
mod generate;
mod model;
mod mounts;
mod name;
mod planted;
#[path = "../util/pool.rs"]
#[expect(dead_code, reason = "the tests of operations use the rest of it")]
mod pool;
mod regressions;
mod removal;
mod report;
mod sequences;
mod subject;
mod threads;
mod tree;
mod usage;
mod witness;
