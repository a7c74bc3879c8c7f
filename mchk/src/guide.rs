//! The guide.

#[doc = include_str!("../guide/concurrency.md")]
pub mod concurrency {}

#[doc = include_str!("../guide/design.md")]
pub mod design {}

#[doc = include_str!("../guide/flaky.md")]
pub mod flaky {}

#[doc = include_str!("../guide/minimisation.md")]
pub mod minimisation {}

#[doc = include_str!("../guide/model.md")]
pub mod model {}

// Its examples keep cases as JSON.
#[cfg_attr(feature = "serde", doc = include_str!("../guide/replay.md"))]
#[cfg_attr(not(feature = "serde"), doc = "See it with the feature `serde`.")]
pub mod replay {}
