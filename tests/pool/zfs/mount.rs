//! Mounting and unmounting, with the mount table and the zfs command as
//! witnesses.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use zfs::{ErrorKind, MountOptions, Properties, Source, Unmount};

use super::{error, kind, open};
use crate::pool::{Pool, export, get, run, zfs as zfs_command, zpool};

const NOBODY: u32 = 65534;

/// The options that the kernel says a mount has.
fn options(path: &Path) -> BTreeSet<String> {
    let path = path.to_str().unwrap().replace(' ', "\\040");
    let mounts = fs::read_to_string("/proc/mounts").unwrap();
    let fields = mounts
        .lines()
        .map(|line| line.split(' ').collect::<Vec<_>>())
        .find(|fields| fields[1] == path && fields[2] == "zfs")
        .unwrap_or_else(|| panic!("{path} is not mounted"));
    fields[3].split(',').map(str::to_owned).collect()
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn mounts_at_the_mount_point_and_makes_its_directory() {
    let pool = Pool::new();
    let zfs = open();
    let name = pool.dataset("a b");
    zfs.create(&name, &Properties::new()).unwrap();
    let directory = zfs.mount(&name).unwrap();
    assert_eq!(directory, pool.mount_point().join("a b"));
    assert_eq!(get(&name, "mounted"), "yes");
    assert_eq!(zfs.mounted_at(&name).unwrap(), Some(directory));
    zfs.unmount(&name, Unmount::Plain).unwrap();
    assert_eq!(get(&name, "mounted"), "no");
    assert_eq!(zfs.mounted_at(&name).unwrap(), None);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn the_options_are_those_of_zfs_mount() {
    let pool = Pool::new();
    let zfs = open();
    let cases: [(&[&str], &str); 8] = [
        (&[], "rw"),
        (&["setuid=off"], "nosuid"),
        (&["exec=off"], "noexec"),
        (&["devices=off"], "nodev"),
        (&["readonly=on"], "ro"),
        (&["atime=off"], "noatime"),
        (&["atime=on", "relatime=on"], "relatime"),
        (&["setuid=off", "exec=off", "devices=off", "atime=off"], "noexec"),
    ];
    let strict: &[&str] = &["atime=on", "relatime=off"];
    for (properties, option) in cases.into_iter().chain([(strict, "rw")]) {
        let name = pool.dataset("a");
        let mut args = vec!["create"];
        args.extend(properties.iter().flat_map(|p| ["-o", p]));
        args.push(name.as_str());
        zfs_command(&args);
        let at = zfs.mounted_at(&name).unwrap().unwrap();
        let theirs = options(&at);
        zfs.unmount(&name, Unmount::Plain).unwrap();
        assert_eq!(zfs.mount(&name).unwrap(), at);
        let ours = options(&at);
        assert_eq!(ours, theirs, "{properties:?}");
        assert!(ours.contains(option), "{properties:?}: {ours:?}");
        zfs.unmount(&name, Unmount::Plain).unwrap();
        zfs.destroy(&name).unwrap();
    }
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_setuid_program_gains_rights_only_where_the_dataset_lets_it() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("src");
    let program = pool.mount_point().join("src/id");
    fs::copy("/usr/bin/id", &program).unwrap();
    let mode = fs::Permissions::from_mode(0o4755);
    fs::set_permissions(&program, mode).unwrap();
    let origin = pool.make_snapshot("src@a");

    let user_in_clone = |setting: &str| {
        let clone = pool.dataset(&format!("setuid-{setting}"));
        let properties = Properties::new().with("setuid", setting);
        zfs.clone_from(&clone, &origin, &properties).unwrap();
        let program = zfs.mount(&clone).unwrap().join("id");
        run(Command::new(program).arg("-u").uid(NOBODY).gid(NOBODY))
    };
    assert_eq!(user_in_clone("off"), NOBODY.to_string());
    assert_eq!(user_in_clone("on"), "0");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn an_inherited_property_counts_too() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("parent");
    zfs_command(&["set", "exec=off", pool.dataset("parent").as_str()]);
    let child = pool.dataset("parent/child");
    zfs.create(&child, &Properties::new()).unwrap();
    let at = zfs.mount(&child).unwrap();
    assert!(options(&at).contains("noexec"));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn what_cannot_be_mounted_says_what_to_do() {
    let pool = Pool::new();
    let zfs = open();
    let cases = [
        ("mountpoint", "none", "zfs set mountpoint="),
        ("mountpoint", "legacy", "mount -t zfs"),
        ("canmount", "off", "zfs set canmount="),
        ("zoned", "on", "zoned=off"),
    ];
    for (property, value, help) in cases {
        let name = pool.dataset(&format!("{property}-{value}"));
        let properties = Properties::new().with(property, value);
        zfs.create(&name, &properties).unwrap();
        let refused = error(zfs.mount(&name));
        assert_eq!(refused.kind(), ErrorKind::NotMountable, "{refused}");
        assert!(refused.help().unwrap().contains(help), "{refused:?}");
        assert_eq!(get(&name, "mounted"), "no");
    }
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn mount_says_why_it_failed() {
    let pool = Pool::new();
    let zfs = open();
    let missing = pool.dataset("missing");
    assert_eq!(kind(zfs.mount(&missing)), ErrorKind::NotFound);
    let name = pool.make("a");
    assert_eq!(kind(zfs.mount(&name)), ErrorKind::AlreadyMounted);
    zfs.unmount(&name, Unmount::Plain).unwrap();
    let failed = kind(zfs.unmount(&name, Unmount::Plain));
    assert_eq!(failed, ErrorKind::NotMounted);

    let volume = pool.dataset("volume");
    zfs_command(&["create", "-s", "-V", "1M", volume.as_str()]);
    assert_eq!(kind(zfs.mount(&volume)), ErrorKind::WrongType);

    let at = |path| zfs.mount_at(&name, path, MountOptions::default());
    let nowhere = pool.folder().join("nowhere");
    assert_eq!(kind(at(&nowhere)), ErrorKind::NotFound);
    let file = pool.folder().join("disk");
    assert!(error(at(&file)).to_string().contains("not a directory"));

    zfs.set_property(&name, "overlay", "off").unwrap();
    fs::write(pool.mount_point().join("a/in-the-way"), "").unwrap();
    let refused = error(zfs.mount(&name));
    assert_eq!(refused.kind(), ErrorKind::NotMountable);
    assert!(refused.to_string().contains("not empty"), "{refused}");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn an_encrypted_dataset_needs_its_key() {
    let pool = Pool::new();
    let zfs = open();
    let key = pool.folder().join("key");
    fs::write(&key, "0123456789").unwrap();
    let name = pool.dataset("secret");
    let location = format!("keylocation=file://{}", key.display());
    zfs_command(&[
        "create",
        "-o",
        "encryption=on",
        "-o",
        "keyformat=passphrase",
        "-o",
        &location,
        name.as_str(),
    ]);
    zfs.unmount(&name, Unmount::Plain).unwrap();
    zfs.mount(&name).unwrap();
    zfs.unmount(&name, Unmount::Plain).unwrap();
    zfs_command(&["unload-key", name.as_str()]);
    let refused = error(zfs.mount(&name));
    assert_eq!(refused.kind(), ErrorKind::KeyNotLoaded);
    assert!(refused.help().unwrap().contains("zfs load-key"));
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_mount_elsewhere_can_only_be_stricter() {
    let pool = Pool::new();
    let zfs = open();
    let name = pool.dataset("a");
    let properties =
        Properties::new().with("mountpoint", "none").with("exec", "off");
    zfs.create(&name, &properties).unwrap();
    let at = pool.folder().join("at");
    fs::create_dir(&at).unwrap();

    zfs.mount_at(&name, &at, MountOptions::default()).unwrap();
    let plain = options(&at);
    assert!(plain.contains("noexec") && plain.contains("rw"), "{plain:?}");
    zfs.unmount(&name, Unmount::Plain).unwrap();

    let strict = MountOptions {
        read_only: true,
        no_setuid: true,
        no_exec: true,
        no_devices: true,
        no_atime: true,
    };
    zfs.mount_at(&name, &at, strict).unwrap();
    let all = options(&at);
    for option in ["ro", "nosuid", "noexec", "nodev", "noatime"] {
        assert!(all.contains(option), "{option}: {all:?}");
    }
    assert!(fs::write(at.join("file"), "").is_err());
    assert_eq!(
        kind(zfs.mount_at(&name, &at, strict)),
        ErrorKind::AlreadyMounted
    );
    zfs.unmount(&name, Unmount::Force).unwrap();
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_clone_is_mounted_as_its_parent_says_and_not_its_origin() {
    let pool = Pool::new();
    let zfs = open();
    let parent = pool.make("work");
    zfs_command(&["set", "setuid=off", parent.as_str()]);
    // What is set on the origin's dataset, or came with it.
    let source = pool.make("src");
    zfs_command(&["set", "exec=off", source.as_str()]);
    let set = pool.make_snapshot("src@a");
    let received = pool.snapshot("copy@a");
    let copy = format!("zfs send -p {set} | zfs receive -u {received}");
    run(Command::new("sh").args(["-c", &copy]));
    let from = zfs.property(received.dataset(), "exec").unwrap().source;
    assert_eq!(from, Source::Received);

    let settings = zfs.mount_settings(&parent).unwrap();
    for origin in [set, received] {
        let name = pool.dataset("work/clone");
        zfs_command(&["clone", origin.as_str(), name.as_str()]);
        let at = zfs.mounted_at(&name).unwrap().unwrap();
        let theirs = options(&at);
        zfs.unmount(&name, Unmount::Plain).unwrap();
        let no_more = MountOptions::default();
        zfs.mount_with(&name, &at, &settings, no_more).unwrap();
        assert_eq!(options(&at), theirs, "{origin}");
        assert!(theirs.contains("nosuid"), "{theirs:?}");
        assert!(!theirs.contains("noexec"), "{theirs:?}");
        zfs.unmount(&name, Unmount::Plain).unwrap();
        zfs.destroy(&name).unwrap();
    }
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_mounted_snapshot_is_read_only() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("src");
    fs::write(pool.mount_point().join("src/file"), "before").unwrap();
    zfs_command(&["set", "setuid=off", pool.dataset("src").as_str()]);
    let snapshot = pool.make_snapshot("src@a");
    fs::write(pool.mount_point().join("src/file"), "after").unwrap();
    let at = pool.folder().join("at");
    fs::create_dir(&at).unwrap();

    zfs.mount_at(&snapshot, &at, MountOptions::default()).unwrap();
    assert_eq!(fs::read_to_string(at.join("file")).unwrap(), "before");
    let all = options(&at);
    assert!(all.contains("ro") && all.contains("nosuid"), "{all:?}");
    assert_eq!(zfs.mounted_at(&snapshot).unwrap(), Some(at.clone()));
    assert_eq!(kind(zfs.destroy(&snapshot)), ErrorKind::Busy);
    zfs.unmount(&snapshot, Unmount::Plain).unwrap();
    zfs.destroy(&snapshot).unwrap();
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn unmounts_from_everywhere_and_follows_no_symbolic_link() {
    let pool = Pool::new();
    let zfs = open();
    let name = pool.make("a");
    let places = ["one", "two"].map(|name| pool.folder().join(name));
    for place in &places {
        fs::create_dir(place).unwrap();
        zfs.mount_at(&name, place, MountOptions::default()).unwrap();
    }
    let link = pool.folder().join("link");
    symlink(&places[0], &link).unwrap();
    zfs.unmount(&name, Unmount::Plain).unwrap();
    assert_eq!(get(&name, "mounted"), "no");
    zfs.destroy(&name).unwrap();
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn one_mount_of_several_goes_alone() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("a");
    let name = pool.make_snapshot("a@now");
    let [one, two] = ["one", "two"].map(|name| pool.folder().join(name));
    for place in [&one, &two] {
        fs::create_dir(place).unwrap();
        zfs.mount_at(&name, place, MountOptions::default()).unwrap();
    }
    let gone = || zfs.unmount_at(&name, &one, Unmount::Plain);
    gone().unwrap();
    assert_eq!(zfs.mounted_at(&name).unwrap(), Some(two.clone()));
    assert_eq!(kind(gone()), ErrorKind::NotMounted);
    // By a path with a link in it, as where /tmp is one.
    let link = pool.folder().join("link");
    symlink(&two, &link).unwrap();
    zfs.unmount_at(&name, &link, Unmount::Plain).unwrap();
    assert_eq!(zfs.mounted_at(&name).unwrap(), None);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn what_is_mounted_goes_by_its_device_and_nothing_else_does() {
    let pool = Pool::new();
    let zfs = open();
    let [name, other] = ["a", "b"].map(|name| pool.make(name));
    let [place, beside] =
        [&name, &other].map(|name| zfs.mounted_at(name).unwrap().unwrap());
    let device = |path: &Path| path.symlink_metadata().unwrap().dev();
    let ours = device(&place);
    // Another file system's place, a link to it, one that covers it.
    assert!(!zfs.unmount_device(&beside, ours).unwrap());
    let link = pool.folder().join("link");
    symlink(&place, &link).unwrap();
    assert!(!zfs.unmount_device(&link, ours).unwrap());
    run(Command::new("mount").args(["-t", "tmpfs", "tmpfs"]).arg(&place));
    assert!(!zfs.unmount_device(&place, ours).unwrap());
    run(Command::new("umount").arg(&place));
    // A directory in it.
    let inner = place.join("inner");
    fs::create_dir(&inner).unwrap();
    let refused = zfs.unmount_device(&inner, ours);
    assert_eq!(kind(refused.map(drop)), ErrorKind::NotMounted);
    let file = fs::File::open(&inner).unwrap();
    let refused = zfs.unmount_device(&place, ours);
    assert_eq!(kind(refused.map(drop)), ErrorKind::Busy);
    drop(file);
    for name in [&name, &other] {
        assert!(zfs.mounted_at(name).unwrap().is_some(), "{name}");
    }
    assert!(zfs.unmount_device(&place, ours).unwrap());
    assert_eq!(zfs.mounted_at(&name).unwrap(), None);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_pool_that_moved_is_mounted_where_it_is_now() {
    let pool = Pool::new();
    let zfs = open();
    let name = pool.make("a");
    zfs.unmount(&name, Unmount::Plain).unwrap();
    let before = zfs.mount(&name).unwrap();
    let root = pool.root().as_str();
    export(root);
    let other_root = pool.folder().join("root");
    let device = pool.folder().join("disk");
    let (other, device) =
        (other_root.to_str().unwrap(), device.to_str().unwrap());
    zpool(&[
        "import",
        "-N",
        "-R",
        other,
        "-o",
        "readonly=on",
        "-d",
        device,
        root,
    ]);
    let after = zfs.mount(&name).unwrap();
    let below = before.strip_prefix("/").unwrap();
    assert_eq!(after, other_root.join(below));
    assert!(options(&after).contains("ro"));
    assert_eq!(kind(zfs.destroy(&name)), ErrorKind::ReadOnly);
    zfs.unmount(&name, Unmount::Plain).unwrap();
}
