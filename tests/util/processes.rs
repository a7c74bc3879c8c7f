//! The processes that a scenario has started, however they try to hide.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::{Duration, Instant};

/// So long is waited for what has to come: an emulated machine on a busy one
/// is slow.
const PATIENCE: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_millis(20);

/// Every process but this one that has to do with the folder of the scenario,
/// each with its id, its name and how it is known: the folder's name is in its
/// environment, which whatever came of gocrash has inherited; or it has
/// something in there open, for its root or for where it is; or, in a mount
/// namespace of its own, it has something there mounted.
pub(crate) fn of(folder: &Path) -> Vec<(u32, String)> {
    let mine = namespace(Path::new("/proc/self"));
    let entries = fs::read_dir("/proc").unwrap();
    let mut found: Vec<(u32, String)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let id: u32 = path.file_name()?.to_str()?.parse().ok()?;
            let how = traces(&path, folder, mine.as_deref())?;
            (id != process::id()).then(|| {
                let name = fs::read_to_string(path.join("comm"));
                let name = name.unwrap_or_default();
                (id, format!("{} {id}: {how}", name.trim_end()))
            })
        })
        .collect();
    found.sort();
    found
}

/// How a process has to do with the folder.
fn traces(
    process: &Path,
    folder: &Path,
    mine: Option<&Path>,
) -> Option<String> {
    let folder_bytes = folder.as_os_str().as_bytes();
    let names_it = |file: &str| {
        fs::read(process.join(file)).is_ok_and(|text| {
            text.windows(folder_bytes.len()).any(|part| part == folder_bytes)
        })
    };
    for file in ["environ", "cmdline"] {
        if names_it(file) {
            return Some(format!("by its {file}"));
        }
    }
    let leads_there = |link: PathBuf| {
        let target = fs::read_link(&link).ok()?;
        let there = target.starts_with(folder);
        there.then(|| format!("by {} -> {target:?}", link.display()))
    };
    let links = ["cwd", "root", "exe"].map(|name| process.join(name));
    let open = fs::read_dir(process.join("fd")).into_iter().flatten();
    let open = open.filter_map(|entry| Some(entry.ok()?.path()));
    if let Some(how) = links.into_iter().chain(open).find_map(leads_there) {
        return Some(how);
    }
    let apart = namespace(process).is_some_and(|own| Some(&*own) != mine);
    // The mounts of a pool are in every namespace that anybody has made.
    let is_of_pool = folder.join("mnt").exists();
    (apart && !is_of_pool && names_it("mountinfo"))
        .then(|| "by its mounts".to_owned())
}

fn namespace(process: &Path) -> Option<PathBuf> {
    fs::read_link(process.join("ns/mnt")).ok()
}

/// Whether that comes about, without waiting for ever.
pub(crate) fn is_soon(mut done: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        if done() {
            return true;
        }
        thread::sleep(PAUSE);
    }
    false
}

/// Waits for what has to come.
pub(crate) fn wait_until(what: &str, done: impl FnMut() -> bool) {
    assert!(is_soon(done), "it never came: {what}");
}
