//! Slates that are overlays on a directory: not on this system.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use crate::attempt::name::AttemptName;
use crate::attempt::output::Output;
use crate::attempt::person::Ids;
use crate::refusal::Refusal;
use crate::slate::clean::Extent;
use crate::slate::found::{Found, FoundSlate};
use crate::slate::origin::Tree;
use crate::slate::{
    Drift, Left, Rest, Seen, Slate, Unprepared, Wanted, Working,
};

pub(super) const UPPER: &str = "upper";
pub(super) const READY: &str = ".ready";

/// There is none, so nothing can be asked of it.
#[derive(Debug, Clone)]
pub(crate) enum Overlay {}

#[derive(Debug, Clone)]
pub(crate) enum Place {}

#[derive(Debug)]
pub(super) enum SlatePlace {}

pub(super) fn enter() -> Result<(), Refusal> {
    Err(Refusal::new(
        "overlayfs is Linux's: here a plain directory can't be hunted in",
        "name a snapshot, `pool/dataset@name`",
    ))
}

pub(super) fn checking_risks(tree: &Tree) -> Left {
    Left { name: tree.state.display().to_string(), why: String::new() }
}

#[derive(Debug)]
pub(super) enum Cleaner {}

#[derive(Debug)]
pub(super) enum Doomed {}

impl Doomed {
    pub(super) fn is_foundation(&self) -> bool {
        match *self {}
    }
}

impl Cleaner {
    pub(super) fn new(_found: &Found) -> Result<Cleaner, Refusal> {
        enter().map(|()| unreachable!("it is refused"))
    }

    pub(super) fn plan(
        &self,
        _extent: Extent,
    ) -> anyhow::Result<(Vec<Doomed>, Vec<Left>)> {
        match *self {}
    }

    pub(super) fn path_of(&self, _doomed: &Doomed) -> String {
        match *self {}
    }

    pub(super) fn remove(&mut self, _doomed: &Doomed) -> anyhow::Result<()> {
        match *self {}
    }
}

#[derive(Debug)]
pub(super) enum Sandbox {}

impl Sandbox {
    pub(super) fn open(
        _tree: &Tree,
        _found: &Found,
        _slate: &FoundSlate,
        _is_in_place: bool,
    ) -> Result<Sandbox, Refusal> {
        enter().map(|()| unreachable!("it is refused"))
    }

    pub(super) fn path(&self) -> PathBuf {
        match *self {}
    }

    pub(super) fn close(self) -> anyhow::Result<()> {
        match self {}
    }
}

/// There is nothing that would be read so.
pub(super) fn as_person<T>(
    _person: Option<&Ids>,
    work: impl FnOnce() -> T,
) -> T {
    work()
}

/// There are none.
pub(super) fn find(_state: &Path) -> io::Result<Vec<Found>> {
    Ok(Vec::new())
}

impl SlatePlace {
    pub(super) fn here(&self, _path: &Path) -> PathBuf {
        match *self {}
    }

    pub(super) fn guid(&self) -> String {
        match *self {}
    }

    pub(super) fn upper(&self) -> &Path {
        match *self {}
    }
}

impl Overlay {
    pub(super) fn open(_tree: &Tree) -> Result<Overlay, Refusal> {
        enter().map(|()| unreachable!("it is refused"))
    }

    pub(super) fn check(&self, _wanted: &Wanted) -> anyhow::Result<Seen> {
        match *self {}
    }

    pub(super) fn create_working(
        &self,
        _: u128,
    ) -> anyhow::Result<(Working, super::Place)> {
        match *self {}
    }

    pub(super) fn reopen_working(
        &self,
        _: &str,
    ) -> anyhow::Result<(Working, super::Place)> {
        match *self {}
    }

    pub(super) fn prepare(
        &self,
        _name: AttemptName,
    ) -> Result<(Slate, Output), Unprepared> {
        match *self {}
    }

    pub(super) fn reveal(&self, _slate: &mut SlatePlace) -> anyhow::Result<()> {
        match *self {}
    }

    pub(super) fn directory(&self) -> anyhow::Result<OwnedFd> {
        match *self {}
    }

    pub(super) fn root(&self, _slate: &SlatePlace) -> anyhow::Result<OwnedFd> {
        match *self {}
    }

    pub(super) fn keep(&self, _slate: &SlatePlace) -> anyhow::Result<()> {
        match *self {}
    }

    pub(super) fn retire(&self, _slate: &SlatePlace) -> Rest {
        match *self {}
    }

    pub(super) fn finish(&self) -> Drift {
        match *self {}
    }

    pub(super) fn as_owner<T>(&self, _work: impl FnOnce() -> T) -> T {
        match *self {}
    }

    pub(super) fn close(&self, _working: &Place) -> Rest {
        match *self {}
    }
}
