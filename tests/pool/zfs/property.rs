//! Reading, setting and inheriting properties.

use zfs::{ErrorKind, Properties, Source};

use super::{kind, open};
use crate::pool::{Pool, get, zfs};

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn all_properties_are_those_that_the_zfs_command_shows() {
    let pool = Pool::new();
    let parent = pool.make("parent");
    zfs(&["set", "compression=lz4", parent.as_str()]);
    zfs(&["set", "gocrash:text=two words", parent.as_str()]);
    let name = pool.make("parent/child");
    zfs(&["set", "atime=off", name.as_str()]);
    zfs(&["set", "quota=10M", name.as_str()]);

    let ours = open().properties(&name).unwrap();
    let columns = "property,value,source";
    let theirs = zfs(&["get", "-Hpo", columns, "all", name.as_str()]);
    let mut count = 0;
    for line in theirs.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [property, value, source] = fields[..] else { panic!("{line}") };
        let Some(found) = ours.get(property) else {
            // The command shows a dash for what has no value.
            assert_eq!(value, "-", "{property} is missing");
            continue;
        };
        assert_eq!(found.value, value, "{property}");
        assert_eq!(found.source.to_string(), source, "{property}");
        count += 1;
    }
    assert!(count > 40, "{count} properties were compared");
    assert_eq!(ours["compression"].source, Source::Inherited(parent));
    assert_eq!(ours["gocrash:text"].value, "two words");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn sets_and_inherits() {
    let pool = Pool::new();
    let zfs = open();
    let name = pool.make("a");
    for (property, value, shown) in [
        ("compression", "lz4", "lz4"),
        ("quota", "10M", "10485760"),
        ("quota", "none", "0"),
        ("gocrash:x", "any text, with = and \"", "any text, with = and \""),
    ] {
        zfs.set_property(&name, property, value).unwrap();
        assert_eq!(get(&name, property), shown);
        let ours = zfs.property(&name, property).unwrap();
        assert_eq!(ours.value, shown);
    }
    zfs.inherit_property(&name, "gocrash:x").unwrap();
    assert_eq!(get(&name, "gocrash:x"), "-");
    let unset = kind(zfs.property(&name, "gocrash:x"));
    assert_eq!(unset, ErrorKind::PropertyNotSet);
    zfs.inherit_property(&name, "compression").unwrap();
    let source = zfs.property(&name, "compression").unwrap().source;
    assert_eq!(source, Source::Default);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_new_mount_point_moves_what_is_mounted() {
    let pool = Pool::new();
    let zfs = open();
    let name = pool.make("a");
    let at = pool.folder().join("new place");
    let value = at.to_str().unwrap();
    zfs.set_property(&name, "mountpoint", value).unwrap();
    assert_eq!(zfs.mounted_at(&name).unwrap(), Some(at));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn reads_the_properties_of_a_snapshot() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("a");
    let snapshot = pool.make_snapshot("a@1");
    let guid = zfs.property(&snapshot, "guid").unwrap();
    assert_eq!(guid.value, get(&snapshot, "guid"));
    assert_eq!(guid.source, Source::None);
    zfs.set_property(&snapshot, "gocrash:x", "1").unwrap();
    assert_eq!(zfs.properties(&snapshot).unwrap()["gocrash:x"].value, "1");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn picks_some_in_the_order_they_were_asked_for() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("src");
    let origin = pool.make_snapshot("src@a");
    let name = pool.dataset("clone");
    zfs.clone_from(&name, &origin, &Properties::new()).unwrap();
    zfs.set_property(&name, "gocrash:x", "1").unwrap();
    let asked = ["origin", "gocrash:x", "mountpoint", "guid"];
    let found = zfs.pick_properties(&name, asked).unwrap();
    assert_eq!(
        found.map(|property| property.unwrap().value),
        asked.map(|property| get(&name, property))
    );
    let lacks = ["gocrash:y", "volsize"];
    assert_eq!(zfs.pick_properties(&name, lacks).unwrap(), [None, None]);
    let unknown = kind(zfs.pick_properties(&name, ["guid", "no-such"]));
    assert_eq!(unknown, ErrorKind::InvalidProperty);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn property_errors_say_why() {
    let pool = Pool::new();
    let zfs = open();
    let name = pool.make("a");
    let missing = pool.dataset("missing");
    assert_eq!(kind(zfs.properties(&missing)), ErrorKind::NotFound);
    assert_eq!(kind(zfs.property(&missing, "used")), ErrorKind::NotFound);
    let failed = kind(zfs.set_property(&missing, "gocrash:x", "1"));
    assert_eq!(failed, ErrorKind::NotFound);
    let failed = kind(zfs.inherit_property(&missing, "gocrash:x"));
    assert_eq!(failed, ErrorKind::NotFound);

    let unknown = kind(zfs.property(&name, "no-such"));
    assert_eq!(unknown, ErrorKind::InvalidProperty);
    let wrong_type = kind(zfs.property(&name, "volsize"));
    assert_eq!(wrong_type, ErrorKind::InvalidProperty);
    let failed = kind(zfs.inherit_property(&name, "used"));
    assert_eq!(failed, ErrorKind::InvalidProperty);
    let huge = kind(zfs.set_property(&name, "reservation", "1P"));
    assert_eq!(huge, ErrorKind::NoSpace);
}
