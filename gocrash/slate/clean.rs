//! What is to go of a hunt that is over: planned first, so that it can be shown
//! and asked about, and then done piece by piece.

use super::found::{Found, Kind};
use super::{Left, Rest, overlay, zfs};

/// How much of a hunt goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// What never came to its end: slates that were not to be kept.
    Unfinished,
}

/// Pieces in the order in which they can go, and what has to stay.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) go: Vec<Piece>,
    pub(crate) stay: Vec<Left>,
}

/// One thing that goes as a whole.
#[derive(Debug)]
pub(crate) struct Piece {
    /// The dataset, snapshot or directory.
    pub(crate) name: String,
    /// It holds all that goes before it, or is what that was made from.
    pub(crate) is_foundation: bool,
    what: What,
}

#[derive(Debug)]
enum What {
    Zfs(zfs::Doomed),
    /// All there is.
    Stray,
    Overlay(overlay::Doomed),
}

/// The way to clean up after one hunt.
#[derive(Debug)]
pub(crate) struct Cleaner(Inner);

#[derive(Debug)]
enum Inner {
    Zfs(Box<zfs::Cleaner>),
    Stray(zfs::Stray),
    Overlay(overlay::Cleaner),
}

impl Cleaner {
    /// Looks at what is there, once more, and makes sure that the hunt neither
    /// goes on nor begins to again until this value is dropped.
    pub(crate) fn new(found: &Found) -> anyhow::Result<Cleaner> {
        Ok(Cleaner(match found.kind {
            Kind::Zfs if found.is_stray => {
                Inner::Stray(zfs::Stray::new(found)?)
            }
            Kind::Zfs => Inner::Zfs(Box::new(zfs::Cleaner::new(found)?)),
            Kind::Overlay => Inner::Overlay(overlay::Cleaner::new(found)?),
        }))
    }

    pub(crate) fn plan(&self, extent: Extent) -> anyhow::Result<Plan> {
        let mut plan = Plan::default();
        match &self.0 {
            Inner::Zfs(cleaner) => {
                let (go, stay) = cleaner.plan(extent)?;
                plan.go.extend(go.into_iter().map(|doomed| Piece {
                    name: doomed.to_string(),
                    is_foundation: doomed.is_foundation(),
                    what: What::Zfs(doomed),
                }));
                plan.stay = stay;
            }
            // It was never finished.
            Inner::Stray(stray) => match stray.stays() {
                Some(left) => plan.stay.push(left),
                None => plan.go.push(Piece {
                    name: stray.to_string(),
                    is_foundation: true,
                    what: What::Stray,
                }),
            },
            Inner::Overlay(cleaner) => {
                let (go, stay) = cleaner.plan(extent)?;
                plan.go.extend(go.into_iter().map(|doomed| Piece {
                    name: cleaner.path_of(&doomed),
                    is_foundation: doomed.is_foundation(),
                    what: What::Overlay(doomed),
                }));
                plan.stay = stay;
            }
        }
        Ok(plan)
    }

    /// Destroys one piece of the plan, if it still is what was planned.
    pub(crate) fn remove(&mut self, piece: Piece) -> Rest {
        let gone = match (&mut self.0, piece.what) {
            (Inner::Zfs(cleaner), What::Zfs(doomed)) => cleaner.remove(doomed),
            (Inner::Stray(stray), What::Stray) => stray.remove(),
            (Inner::Overlay(cleaner), What::Overlay(doomed)) => {
                cleaner.remove(&doomed)
            }
            _ => unreachable!("a piece is given to whoever planned it"),
        };
        match gone {
            Ok(()) => Rest::Gone,
            Err(error) => {
                Rest::Left(Left { name: piece.name, why: format!("{error:#}") })
            }
        }
    }
}
