//! Sending and receiving.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use zfs::{ErrorKind, Properties, ReceiveOptions, SendFlags, SnapshotName};

use super::{kind, open};
use crate::pool::{Pool, get};

/// A stream of a snapshot in a file, ready to be read.
fn stream(pool: &Pool, of: &SnapshotName, from: Option<&SnapshotName>) -> File {
    let mut file = tempfile::tempfile_in(pool.folder()).unwrap();
    let flags = SendFlags {
        compressed: true,
        large_blocks: true,
        embedded: true,
        ..Default::default()
    };
    open().send(of, from, file.as_fd(), flags).unwrap();
    file.rewind().unwrap();
    file
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn sends_to_another_pool_and_then_what_changed() {
    let (pool, other) = (Pool::new(), Pool::new());
    let zfs = open();
    pool.make("src");
    let file = pool.mount_point().join("src/file");
    fs::write(&file, "one").unwrap();
    let one = pool.make_snapshot("src@1");
    fs::write(&file, "two").unwrap();
    let two = pool.make_snapshot("src@2");

    let (to_one, to_two) = (other.snapshot("dst@1"), other.snapshot("dst@2"));
    let options = ReceiveOptions {
        properties: Properties::new().with("gocrash:x", "7"),
        ..Default::default()
    };
    let whole = stream(&pool, &one, None);
    zfs.receive(&to_one, whole.as_fd(), &options).unwrap();
    assert_eq!(get(&to_one, "guid"), get(&one, "guid"));
    assert_eq!(get(to_one.dataset(), "gocrash:x"), "7");

    let change = stream(&pool, &two, Some(&one));
    let plain = ReceiveOptions::default();
    zfs.receive(&to_two, change.as_fd(), &plain).unwrap();
    let at = zfs.mount(to_two.dataset()).unwrap();
    assert_eq!(fs::read_to_string(at.join("file")).unwrap(), "two");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn sends_through_a_pipe() {
    let (pool, other) = (Pool::new(), Pool::new());
    let zfs = open();
    pool.make("src");
    let data: Vec<u8> = (0..1_000_000_u32).map(|n| n as u8).collect();
    fs::write(pool.mount_point().join("src/file"), &data).unwrap();
    let one = pool.make_snapshot("src@1");
    let to = other.snapshot("dst@1");
    let (reader, writer) = UnixStream::pair().unwrap();
    std::thread::scope(|scope| {
        let sender = zfs.clone();
        let one = &one;
        let sent = scope.spawn(move || {
            sender.send(one, None, writer.as_fd(), SendFlags::default())
        });
        let options = ReceiveOptions::default();
        zfs.receive(&to, reader.as_fd(), &options).unwrap();
        sent.join().unwrap().unwrap();
    });
    let at = zfs.mount(to.dataset()).unwrap();
    assert_eq!(fs::read(at.join("file")).unwrap(), data);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn send_says_why_it_failed() {
    let pool = Pool::new();
    let zfs = open();
    pool.make("a");
    pool.make("b");
    let (one, other) = (pool.make_snapshot("a@1"), pool.make_snapshot("b@1"));
    let sink = File::create("/dev/null").unwrap();
    let send = |of: &SnapshotName, from: Option<&SnapshotName>| {
        zfs.send(of, from, sink.as_fd(), SendFlags::default())
    };
    let missing = pool.snapshot("a@missing");
    assert_eq!(kind(send(&missing, None)), ErrorKind::NotFound);
    assert_eq!(kind(send(&one, Some(&missing))), ErrorKind::NotFound);
    assert_eq!(kind(send(&one, Some(&other))), ErrorKind::DifferentPool);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn receive_says_why_it_failed() {
    let (pool, other) = (Pool::new(), Pool::new());
    let zfs = open();
    pool.make("src");
    let file = pool.mount_point().join("src/file");
    fs::write(&file, "one").unwrap();
    let one = pool.make_snapshot("src@1");
    fs::write(&file, "two").unwrap();
    let two = pool.make_snapshot("src@2");
    let plain = ReceiveOptions::default();
    let receive =
        |to: &SnapshotName, from: &File| zfs.receive(to, from.as_fd(), &plain);

    let mut garbage = tempfile::tempfile().unwrap();
    garbage.write_all(&[7; 4096]).unwrap();
    garbage.rewind().unwrap();
    let to = other.snapshot("dst@1");
    assert_eq!(kind(receive(&to, &garbage)), ErrorKind::InvalidStream);

    let mut whole = Vec::new();
    stream(&pool, &one, None).read_to_end(&mut whole).unwrap();
    let mut half = tempfile::tempfile().unwrap();
    half.write_all(&whole[..whole.len() / 2]).unwrap();
    half.rewind().unwrap();
    let cut = kind(receive(&to, &half));
    assert_eq!(cut, ErrorKind::InvalidStream);

    let orphan = other.snapshot("missing/dst@1");
    let failed = kind(receive(&orphan, &stream(&pool, &one, None)));
    assert_eq!(failed, ErrorKind::NotFound);

    receive(&to, &stream(&pool, &one, None)).unwrap();
    let again = kind(receive(&to, &stream(&pool, &one, None)));
    assert_eq!(again, ErrorKind::AlreadyExists);

    other.make("unrelated");
    let unrelated = other.snapshot("unrelated@2");
    let change = || stream(&pool, &two, Some(&one));
    let mismatch = kind(receive(&unrelated, &change()));
    assert_eq!(mismatch, ErrorKind::StreamMismatch);

    let at = zfs.mount(to.dataset()).unwrap();
    fs::write(at.join("file"), "changed").unwrap();
    let to_two = other.snapshot("dst@2");
    assert_eq!(kind(receive(&to_two, &change())), ErrorKind::Modified);
    let forced = ReceiveOptions { force: true, ..Default::default() };
    zfs.receive(&to_two, change().as_fd(), &forced).unwrap();
    assert_eq!(fs::read_to_string(at.join("file")).unwrap(), "two");
}
