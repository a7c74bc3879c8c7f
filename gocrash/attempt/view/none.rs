//! Views of an attempt's own: not on this system, which has no mount
//! namespaces.

use std::path::Path;

use anyhow::bail;

use super::{Fault, View};
use crate::refusal::Refusal;

/// There is none.
#[derive(Debug)]
pub(crate) enum Backdrop {}

/// There is none.
#[derive(Debug)]
pub(crate) enum Scene {}

pub(crate) fn probe(option: &str, _at: &Path) -> Result<(), Refusal> {
    Err(Refusal::new(
        format!("`{option}` needs mount namespaces, which only Linux has"),
        "leave it out, or hunt on Linux",
    ))
}

impl Backdrop {
    pub(crate) fn new(_view: View, _without: &Path) -> anyhow::Result<Self> {
        bail!("mount namespaces are Linux's")
    }

    pub(crate) fn scene(
        &self,
        _here: &Path,
        _path: &Path,
    ) -> anyhow::Result<Scene> {
        match *self {}
    }
}

impl Scene {
    pub(crate) fn set(&self) -> Result<(), Fault> {
        match *self {}
    }

    pub(crate) fn steps(&self) -> Vec<String> {
        match *self {}
    }
}
