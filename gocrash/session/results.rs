//! The JUnit files that an attempt left in what was kept of it, read as its
//! hunt read them.

use std::time::SystemTime;

use nix::unistd::Uid;

use crate::attempt::name::AttemptName;
use crate::attempt::results;
use crate::record::text::Text;
use crate::slate::found::Found;
use crate::slate::glob::Glob;
use crate::slate::inside::Inside;

/// What `--results` of the hunt named; none where its record can't be read.
pub(super) fn of(
    found: &Found,
    attempt: AttemptName,
    tree: &Inside,
) -> Vec<Vec<u8>> {
    let Ok(record) = &found.record else { return Vec::new() };
    let Ok(manifest) = &record.manifest else { return Vec::new() };
    let globs = manifest.options.results.iter().filter_map(Text::to_os);
    let globs: Vec<Glob> = globs.filter_map(|g| Glob::new(&g)).collect();
    // What was in the tree before is not this attempt's.
    let attempt = record.history.attempts.get(&attempt);
    let began = attempt
        .and_then(|attempt| record.history.moment(attempt.go_ns?))
        .map(SystemTime::from);
    let Some(began) = began.filter(|_| !globs.is_empty()) else {
        return Vec::new();
    };
    let uid = Uid::from_raw(manifest.person.uid);
    let owner = (Uid::effective().is_root() && !uid.is_root()).then_some(uid);
    let read =
        tree.act_at(|root| Ok(results::read(&globs, root, owner, began)));
    // What can't be opened can't be read.
    read.unwrap_or_default()
}
