//! The snapshot that a hunt took of a dataset, where it was killed before it
//! had made anything else: all there is of that hunt.

use std::fmt;
use std::time::{Duration, SystemTime};

use zfs::{Entry, Property, SnapshotName, Source, Zfs};

use super::remove::while_suspended;
use super::{Pool, TAG_SESSION};
use crate::attempt::reader::Reader;
use crate::record::read::{History, Session};
use crate::slate::Left;
use crate::slate::found::{Found, Kind, number_of};

/// A hunt creates its working dataset right after it took the snapshot, which
/// it can't hold everywhere. Until then nothing else says that it goes on.
const YOUTH: Duration = Duration::from_secs(10);
const NO_RECORD: &str = "it broke off before it had one";

/// What ZFS tells of such a snapshot.
#[derive(Debug)]
struct Facts {
    guid: String,
    /// Seconds after 1970.
    created_s: Option<u64>,
    clones: Vec<String>,
    /// The tags of its holds.
    holds: Vec<String>,
}

/// A snapshot that is to go.
#[derive(Debug)]
pub(in crate::slate) struct Stray {
    pool: Pool,
    snapshot: SnapshotName,
    guid: String,
    /// Why it has to stay.
    obstacle: Option<String>,
}

/// Those among the snapshots of a pool that no hunt in it has anything to do
/// with.
pub(super) fn find(
    zfs: &Zfs,
    entries: &[Entry],
    hunts: &[Found],
) -> Vec<Found> {
    let snapshots = entries.iter().filter_map(|entry| entry.name.snapshot());
    let strays = snapshots.filter_map(|snapshot| {
        number_of(snapshot.short_name())?;
        // One that is gone meanwhile is none.
        let tag = zfs.property(snapshot, TAG_SESSION).ok()?;
        let facts = is_taken(snapshot, &tag)
            .then(|| Facts::look(zfs, snapshot).ok())??;
        let is_stray = !facts.is_of(snapshot, hunts);
        is_stray.then(|| found(snapshot, &facts))
    });
    strays.collect()
}

fn found(snapshot: &SnapshotName, facts: &Facts) -> Found {
    let name = snapshot.to_string();
    let session = snapshot.short_name().to_owned();
    let record = Session {
        manifest: Err(NO_RECORD.to_owned()),
        history: History::default(),
    };
    Found {
        is_alive: facts.is_alive(&session, SystemTime::now()),
        session,
        snapshot: Some(name.clone()),
        name,
        kind: Kind::Zfs,
        is_copy: false,
        is_stray: true,
        owner: Reader::own(),
        reader: Reader::own(),
        slates: Vec::new(),
        record: Ok(record),
    }
}

/// Whether a hunt took it on this host: what was received has its tag from
/// there, and what somebody else took has the one of the dataset, if any.
fn is_taken(snapshot: &SnapshotName, tag: &Property) -> bool {
    let name = snapshot.short_name();
    tag.value == name && tag.source == Source::Local
}

impl Facts {
    fn look(zfs: &Zfs, snapshot: &SnapshotName) -> zfs::Result<Facts> {
        let properties = ["guid", "creation", "clones"];
        let found = zfs.pick_properties(snapshot, properties)?;
        let [guid, created, clones] = found.map(|p| p.map(|p| p.value));
        let clones = clones.unwrap_or_default();
        let clones = clones.split(',').filter(|name| !name.is_empty());
        let holds = zfs.holds(snapshot)?;
        Ok(Facts {
            guid: guid.unwrap_or_default(),
            created_s: created.and_then(|created| created.parse().ok()),
            clones: clones.map(str::to_owned).collect(),
            holds: holds.iter().map(|hold| hold.tag().to_owned()).collect(),
        })
    }

    /// Whether a hunt that is there was made from it. Its dataset may have
    /// been renamed since.
    fn is_of(&self, snapshot: &SnapshotName, hunts: &[Found]) -> bool {
        hunts.iter().filter(|hunt| !hunt.is_copy).any(|hunt| {
            let record = hunt.record.as_ref().ok();
            let manifest = record.and_then(|r| r.manifest.as_ref().ok());
            let recorded = manifest.and_then(|m| m.source.guid.as_ref());
            let has = |clone: &String| {
                let below = clone.strip_prefix(&hunt.name);
                below.is_some_and(|below| below.starts_with('/'))
            };
            hunt.snapshot.as_deref() == Some(snapshot.as_str())
                || recorded == Some(&self.guid)
                || self.clones.iter().any(has)
                || self.holds.contains(&hunt.name)
        })
    }

    fn is_alive(&self, session: &str, now: SystemTime) -> bool {
        let created = self.created_s.map(Duration::from_secs);
        let created =
            created.and_then(|s| SystemTime::UNIX_EPOCH.checked_add(s));
        // What was taken in the future is of another clock.
        let age = created.and_then(|c| now.duration_since(c).ok());
        let is_young = age.is_some_and(|age| age < YOUTH);
        is_young || self.holds.iter().any(|tag| tag == session)
    }

    /// What others have made of it.
    fn obstacle(&self) -> Option<String> {
        let clone = self.clones.first().map(|name| {
            format!("`{name}` is a clone of it, that no hunt made")
        });
        let hold = || {
            let tag = self.holds.first()?;
            Some(format!("it is held, by the tag `{tag}`"))
        };
        clone.or_else(hold)
    }
}

impl Stray {
    /// Looks at it once more.
    pub(in crate::slate) fn new(found: &Found) -> anyhow::Result<Stray> {
        let pool = Pool::open()?;
        let snapshot = SnapshotName::new(&found.name)?;
        pool.check_taken(&snapshot)?;
        let facts = Facts::look(&pool.zfs, &snapshot)?;
        let is_alive = facts.is_alive(&found.session, SystemTime::now());
        anyhow::ensure!(!is_alive, "it goes on");
        let obstacle = facts.obstacle();
        Ok(Stray { pool, snapshot, guid: facts.guid, obstacle })
    }

    /// Why it has to stay, if it has to.
    pub(in crate::slate) fn stays(&self) -> Option<Left> {
        let name = self.snapshot.to_string();
        self.obstacle.clone().map(|why| Left { name, why })
    }

    /// Destroys it, if it still is what was planned. One that is held or has
    /// clones by now, ZFS does not destroy.
    pub(in crate::slate) fn remove(&self) -> anyhow::Result<()> {
        let Stray { pool, snapshot, guid, .. } = self;
        pool.check_taken(snapshot)?;
        pool.check_guid(snapshot, guid)?;
        let names = std::slice::from_ref(snapshot);
        Ok(pool.destroy_snapshots(names)?)
    }
}

impl Pool {
    fn check_taken(&self, snapshot: &SnapshotName) -> anyhow::Result<()> {
        let tag = while_suspended(|| self.zfs.property(snapshot, TAG_SESSION))?;
        let is_ours = number_of(snapshot.short_name()).is_some()
            && is_taken(snapshot, &tag);
        anyhow::ensure!(is_ours, "it is not tagged as of a hunt of this host");
        Ok(())
    }
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "tank/go@gocrash-1667584742470";
    const SESSION: &str = "gocrash-1667584742470";

    fn snapshot() -> SnapshotName {
        SnapshotName::new(NAME).unwrap()
    }

    fn facts(clones: &[&str], holds: &[&str]) -> Facts {
        let all = |names: &[&str]| names.iter().map(|&n| n.into()).collect();
        Facts {
            guid: "7".to_owned(),
            created_s: Some(1_667_584_742),
            clones: all(clones),
            holds: all(holds),
        }
    }

    fn hunt(name: &str, snapshot: &str) -> Found {
        let snapshot = Some(snapshot.to_owned());
        let stray = found(&self::snapshot(), &facts(&[], &[]));
        Found { name: name.into(), snapshot, is_stray: false, ..stray }
    }

    #[test]
    fn only_what_was_taken_here_under_its_own_name_is_a_hunts() {
        let tag =
            |value: &str, source| Property { value: value.to_owned(), source };
        assert!(is_taken(&snapshot(), &tag(SESSION, Source::Local)));
        let dataset = snapshot().dataset().clone();
        for other in [
            tag(SESSION, Source::Received),
            tag(SESSION, Source::Inherited(dataset)),
            tag("gocrash-1667584742471", Source::Local),
            tag("", Source::Local),
        ] {
            assert!(!is_taken(&snapshot(), &other), "{other:?}");
        }
    }

    #[test]
    fn one_that_a_hunt_was_made_from_is_no_stray() {
        let is_of = |facts: Facts, hunt| facts.is_of(&snapshot(), &[hunt]);
        let other = || hunt("tank/go/gocrash-8", "tank/go@monday");
        assert!(!is_of(facts(&[], &[]), other()));
        assert!(is_of(facts(&[], &[]), hunt("tank/go/gocrash-8", NAME)));
        // Its dataset has another name by now.
        let slate = "tank/go/gocrash-8/thread-0-run-0";
        assert!(is_of(facts(&[slate], &[]), other()));
        assert!(is_of(facts(&[], &["tank/go/gocrash-8"]), other()));
        assert!(!is_of(facts(&["tank/go/gocrash-80/x"], &[]), other()));
        // A copy was made from another one.
        let copy = hunt("tank/copies/gocrash-8", NAME);
        assert!(!is_of(facts(&[], &[]), Found { is_copy: true, ..copy }));
    }

    #[test]
    fn its_hunt_goes_on_while_it_holds_it_or_has_only_just_taken_it() {
        let at = |s| SystemTime::UNIX_EPOCH + Duration::from_secs(s);
        let is_alive = |facts: &Facts, now| facts.is_alive(SESSION, at(now));
        let free = facts(&[], &["keep"]);
        assert!(is_alive(&free, 1_667_584_742));
        assert!(is_alive(&free, 1_667_584_751));
        assert!(!is_alive(&free, 1_667_584_752));
        // The clock was set back.
        assert!(!is_alive(&free, 1_667_584_000));
        assert!(is_alive(&facts(&[], &[SESSION]), 1_667_600_000));
    }

    #[test]
    fn what_others_made_of_it_keeps_it() {
        assert_eq!(facts(&[], &[]).obstacle(), None);
        let why = facts(&["tank/mine"], &[]).obstacle().unwrap();
        assert!(why.contains("`tank/mine`"), "{why}");
        let why = facts(&[], &["keep"]).obstacle().unwrap();
        assert!(why.contains("`keep`"), "{why}");
    }

    #[test]
    fn it_is_listed_as_a_hunt_that_broke_off() {
        let stray = found(&snapshot(), &facts(&[], &[]));
        assert_eq!((&*stray.session, &*stray.name), (SESSION, NAME));
        assert!(stray.is_stray && !stray.is_alive && !stray.is_copy);
        assert!(!stray.record.unwrap().history.has_ended());
    }
}
