//! What an attempt sees of the file tree, where that is not what everybody
//! sees: its slate at a place of the person's choosing, and nothing of what it
//! must not reach.

#[cfg_attr(target_os = "linux", path = "view/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "view/none.rs")]
mod system;

use std::path::{Component, Path, PathBuf};

use crate::refusal::Refusal;

pub(crate) use system::{Backdrop, Scene, probe};

/// What a hunt wants its attempts to see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// The slate is here, whatever is here otherwise.
    pub(crate) at: Option<PathBuf>,
    /// So is a directory in it, here.
    pub(crate) tmp: Option<&'static Path>,
    /// This directory is empty, whatever is in it otherwise; but for the
    /// slate, if that is inside.
    pub(crate) hide: Option<PathBuf>,
}

impl View {
    /// Whether an attempt sees what everybody sees.
    pub(crate) fn is_plain(&self) -> bool {
        *self == View::default()
    }
}

/// Where attempts have a directory of their own for what is temporary, and
/// where that is in the slate.
pub(crate) const TMP: &str = "/tmp";
pub(crate) const TMP_IN_SLATE: &str = "test_run_tmp";

/// Refuses what could not be seen behind a private [`TMP`].
pub(crate) fn check_tmp(place: &Path, help: &str) -> Result<(), Refusal> {
    let is_behind = |path: &Path| path.starts_with(TMP);
    match is_behind(place) || is_behind(&resolved(place)) {
        false => Ok(()),
        true => Err(Refusal::new(
            format!("`--private-tmp` would cover `{}`", place.display()),
            help,
        )),
    }
}

/// The path without links, as far as it exists.
pub(crate) fn resolved(path: &Path) -> PathBuf {
    for there in path.ancestors() {
        if let Ok(real) = there.canonicalize() {
            return match path.strip_prefix(there) {
                Ok(rest) if rest != Path::new("") => real.join(rest),
                _ => real,
            };
        }
    }
    path.to_owned()
}

/// What went wrong in a process that sets its scene, as it tells its parent:
/// the number of the step, and of the error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) step: usize,
    pub(crate) errno: nix::errno::Errno,
}

/// Refuses a place for the slates that can't be meant.
pub(crate) fn check_at(dir: &Path) -> Result<(), Refusal> {
    let shown = dir.display();
    if !dir.is_absolute() {
        return Err(Refusal::new(
            format!("`--at {shown}` is not an absolute path"),
            "name the directory that the tree was built in, from `/` on",
        ));
    }
    let Ok(real) = dir.canonicalize() else {
        return Err(Refusal::new(
            format!("`--at {shown}`: there is no such directory"),
            format!("make it: `mkdir -p {shown}`"),
        ));
    };
    if !real.is_dir() {
        return Err(Refusal::new(
            format!("`--at {shown}` is not a directory"),
            "name the directory that the tree was built in",
        ));
    }
    if real == Path::new("/") {
        return Err(Refusal::new(
            "`--at /` would leave nothing to run the suite with",
            "name a directory of its own, as in `--at /tank/src`",
        ));
    }
    if path_of_a_hunt(&real).is_some() {
        return Err(Refusal::new(
            format!("`--at {shown}` is what a hunt has made"),
            "name a directory that no hunt makes or removes",
        ));
    }
    Ok(())
}

/// The path as far as it leads to what a hunt has made: a working dataset, or
/// a place for a look at a snapshot.
fn path_of_a_hunt(path: &Path) -> Option<PathBuf> {
    let is_of_a_hunt = |part: Component<'_>| {
        let name = part.as_os_str().to_string_lossy();
        let number = name.strip_prefix("gocrash-");
        number.is_some_and(|number| {
            let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
            number.starts_with("look-") || (is_number && !number.is_empty())
        })
    };
    let length = path.components().position(is_of_a_hunt)?;
    // What is looked at is mounted in there.
    let is_look = path.components().nth(length).is_some_and(|part| {
        part.as_os_str().as_encoded_bytes().starts_with(b"gocrash-look-")
    });
    let length = length + 1 + usize::from(is_look);
    Some(path.components().take(length).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_cannot_be_meant_are_refused() {
        let refused = |dir: &str| check_at(Path::new(dir)).unwrap_err();
        assert!(refused("src").to_string().contains("absolute"));
        assert!(refused("/etc/..").to_string().contains("nothing to run"));
        assert!(refused("/etc/passwd").to_string().contains("directory"));
        let missing = refused("/no/such");
        assert_eq!(missing.help(), "make it: `mkdir -p /no/such`");
        let place = tempfile::tempdir().unwrap();
        let kept = place.path().join("gocrash-1700000000000/thread-0-run-1");
        std::fs::create_dir_all(&kept).unwrap();
        assert!(refused(kept.to_str().unwrap()).to_string().contains("a hunt"));
    }

    #[test]
    fn what_hunts_make_is_known_by_its_name() {
        let of_a_hunt = |path: &str| path_of_a_hunt(Path::new(path));
        let working = Some(PathBuf::from("/tank/go/gocrash-17"));
        assert_eq!(of_a_hunt("/tank/go/gocrash-17/thread-0-run-1"), working);
        let look = Some(PathBuf::from("/tmp/gocrash-look-12-0/tree"));
        assert_eq!(of_a_hunt("/tmp/gocrash-look-12-0/tree"), look);
        for other in ["/tank/gocrash", "/tank/gocrash-", "/tank/gocrash-src/1"]
        {
            assert_eq!(of_a_hunt(other), None);
        }
    }
}
