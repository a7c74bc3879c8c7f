//! What the benchmark of minimisers compares, and on which cases.

pub mod oracle;
pub mod rivals;
