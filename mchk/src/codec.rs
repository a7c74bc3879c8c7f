//! Cases as text: what a checker that knows JSON can do.
//!
//! The checker works with any action; that it can be written as JSON is known
//! only to who calls [`Checker::json`], which notes the two functions here.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::checker::Checker;
use crate::error::CheckErr;
use crate::rng;
use crate::stop::Failure;
use crate::system::System;

/// How many kept cases a checker replays.
const REGRESSIONS_MAX: usize = 10_000;

/// Writes an action, and reads a case.
pub(crate) struct Codec<P> {
    pub(crate) encode: fn(&P) -> Result<String, String>,
    pub(crate) decode: fn(&str) -> Result<Vec<P>, String>,
    /// Quotes a text, for what is said about a case.
    pub(crate) quote: fn(&str) -> String,
}

/// A file and the case in it.
type Kept<P> = (PathBuf, Vec<P>);

impl<S: System> Checker<S> {
    /// The case as one line of JSON.
    pub(crate) fn encode(&self, case: &[S::Params]) -> Option<String> {
        let codec = self.codec.as_ref()?;
        let actions: Result<Vec<String>, String> =
            case.iter().map(|params| (codec.encode)(params)).collect();
        Some(format!("[{}]", actions.ok()?.join(",")))
    }

    /// Reads a case, given as JSON or as the path of a file of it.
    pub(crate) fn decode_or_read(
        &self,
        text: &str,
    ) -> Result<Vec<S::Params>, CheckErr<S::Params>> {
        if text.starts_with(['[', '{']) {
            return self.decode(text);
        }
        let read = fs::read_to_string(text);
        self.decode(&read.map_err(|error| unread(Path::new(text), &error))?)
    }

    pub(crate) fn decode(
        &self,
        text: &str,
    ) -> Result<Vec<S::Params>, CheckErr<S::Params>> {
        let Some(codec) = &self.codec else {
            return Err(CheckErr::Unproven(
                "this checker reads no cases\n\
                 help: call `json` or `regressions` on it"
                    .to_owned(),
            ));
        };
        (codec.decode)(text).map_err(|error| {
            CheckErr::Unproven(format!("the case cannot be read: {error}"))
        })
    }

    /// The cases kept by earlier checks and their files, by name.
    pub(crate) fn read_regressions(
        &self,
    ) -> Result<Vec<Kept<S::Params>>, CheckErr<S::Params>> {
        let Some(directory) = &self.regressions else {
            return Ok(Vec::new());
        };
        let mut paths = match list_json(directory) {
            Ok(paths) => paths,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(unread(directory, &error)),
        };
        paths.sort();
        paths.truncate(REGRESSIONS_MAX);
        let read = |path: PathBuf| {
            let text = fs::read_to_string(&path);
            let text = text.map_err(|error| unread(&path, &error))?;
            let case = self.decode(&text).map_err(|error| {
                CheckErr::Unproven(format!("`{}`: {error}", path.display()))
            });
            Ok((path, case?))
        };
        paths.into_iter().map(read).collect()
    }

    /// Writes down the best case so far, in a file named after the original,
    /// and says where. `None`: nobody asked for that.
    ///
    /// # Errors
    ///
    /// Why it could not be kept. It can still be printed.
    pub(crate) fn keep_regression(
        &self,
        original: &[S::Params],
        case: &[S::Params],
        failure: &Failure,
    ) -> Result<Option<PathBuf>, String> {
        let (Some(directory), Some(codec)) = (&self.regressions, &self.codec)
        else {
            return Ok(None);
        };
        let encode = |case: &[S::Params]| {
            let actions: Result<Vec<String>, String> =
                case.iter().map(|params| (codec.encode)(params)).collect();
            actions.map_err(|error| format!("it is no JSON: {error}"))
        };
        let name =
            rng::fnv(format!("[{}]", encode(original)?.join(",")).as_bytes());
        let path = directory.join(format!("case-{name:016x}.json"));
        let text = format!(
            "{{\n\"error\": {},\n\"at\": {},\n\"actions\": [\n{}\n]\n}}\n",
            (codec.quote)(failure.message()),
            (codec.quote)(failure.location()),
            encode(case)?.join(",\n"),
        );
        // One that cannot be read, such as with a number that is none, would
        // stop every later check.
        (codec.decode)(&text)
            .map_err(|error| format!("it could not be read again: {error}"))?;
        // Written aside and renamed, so that no moment has half a case.
        let aside = directory.join(format!("case-{name:016x}.new"));
        fs::create_dir_all(directory)
            .and_then(|()| fs::write(&aside, text))
            .and_then(|()| fs::rename(&aside, &path))
            .map_err(|error| format!("`{}`: {error}", path.display()))?;
        Ok(Some(path))
    }
}

fn list_json(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn unread<P>(path: &Path, error: &io::Error) -> CheckErr<P> {
    let path = path.display();
    CheckErr::Unproven(format!("`{path}` cannot be read: {error}"))
}
