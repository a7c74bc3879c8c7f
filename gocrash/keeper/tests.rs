//! Tests: requests that nobody should make, to a keeper of a hunt in a plain
//! directory, over a connection as the coordinator has it.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use clap::Parser;
use nix::sys::statfs::{OVERLAYFS_SUPER_MAGIC, statfs};
use tempfile::TempDir;

use super::*;
use crate::attempt::sys::rights::Channel;
use crate::cli::Cli;
use crate::fuzz::fuzz;
use crate::hunt::SLATES_MAX;
use crate::mounting::may_mount;

/// A keeper, and the directories that it works with.
struct Ground {
    folder: TempDir,
    server: Arc<Server>,
    channel: Channel,
}

impl Ground {
    fn new() -> Ground {
        let place =
            ["/var/tmp", "/tmp", "/dev/shm"].into_iter().find(|place| {
                statfs(*place).is_ok_and(|fs| {
                    fs.filesystem_type() != OVERLAYFS_SUPER_MAGIC
                })
            });
        let folder = tempfile::tempdir_in(place.unwrap()).unwrap();
        let path = |name: &str| folder.path().join(name);
        for dir in ["source", "state/gocrash/gocrash-1/thread-0-run-0"] {
            fs::create_dir_all(path(dir)).unwrap();
            fs::write(path(dir).join("bystander"), "untouched").unwrap();
        }
        let source = format!("{}/", path("source").display());
        let state = format!("XDG_STATE_HOME={}", path("state").display());
        let typed = [
            "gocrash", "--user=0", "-p1", "--env", &state, &source, "--",
            "true",
        ];
        let config = Config::new(Cli::parse_from(typed)).unwrap();
        // Of this thread, and those that it starts.
        config.origin.enter().unwrap();
        let server = Arc::new(Server::new(Arc::new(config)));
        let [channel, theirs] = Channel::pair().unwrap();
        let answers = Arc::clone(&server);
        thread::spawn(move || {
            connection::answer_all(&answers, &theirs, None);
        });
        Ground { folder, server, channel }
    }

    /// What is answered to these bytes.
    fn send(&self, packet: &[u8]) -> Answer {
        self.channel.send(packet, &[]).unwrap();
        let mut packet = vec![0; 65_536];
        let (length, files) = self.channel.receive(&mut packet).unwrap();
        let reply = serde_json::from_slice(&packet[..length]).unwrap();
        Answer { reply, files }
    }

    fn ask(&self, request: &Request) -> Answer {
        self.send(&serde_json::to_vec(request).unwrap())
    }

    fn is_refused(&self, request: &Request) {
        let answer = self.ask(request);
        let what = format!("{request:?}: {answer:?}");
        assert!(matches!(answer.reply, Reply::Failed(_)), "{what}");
        assert!(answer.files.is_empty(), "{what}");
    }

    /// Makes a slate, and gives what a coordinator would hold of it.
    fn prepare(&self, run: u64) -> (Prepared, Control) {
        match self.ask(&Request::Prepare(name(run))) {
            Answer { reply: Reply::Prepared(prepared), mut files } => {
                (prepared, Control::of(files.remove(0)))
            }
            answer => panic!("{answer:?}"),
        }
    }

    /// Everything that is in the directories of this test but the hunt's own.
    fn others(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(self.folder.path(), &mut found);
        let own = self.session();
        found.retain(|path| !own.iter().any(|own| path.starts_with(own)));
        found
    }

    /// What the hunt has made.
    fn session(&self) -> Option<PathBuf> {
        let state = self.folder.path().join("state/gocrash");
        fs::read_dir(state)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| !path.ends_with("gocrash-1"))
    }
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() && entry.read_dir().is_ok() {
            walk(&entry, found);
        }
        found.push(entry);
    }
}

fn name(run: u64) -> AttemptName {
    AttemptName { thread: 0, run }
}

fn keep(run: u64, word: &str) -> Request {
    Request::Keep { name: name(run), word: word.to_owned() }
}

#[test]
fn what_is_no_request_is_answered_so_and_the_keeper_goes_on() {
    if !may_mount() {
        return;
    }
    let ground = Ground::new();
    let long = format!("\"{}\"", "x".repeat(100_000));
    let forged: [&[u8]; 9] = [
        b"\xff\x00garbage",
        b"{}",
        b"\"destroy\"",
        b"{\"retire\":\"tank/home\"}",
        b"{\"retire\":{\"thread\":\"../..\",\"run\":0}}",
        b"{\"retire\":{\"thread\":0,\"run\":0,\"path\":\"/home\"}}",
        b"{\"retire\":{\"thread\":0,\"run\":-1}}",
        b"{\"open\":{\"first_ms\":1,\"parent\":\"tank\"}}",
        long.as_bytes(),
    ];
    for packet in forged {
        let answer = ground.send(packet);
        assert!(matches!(answer.reply, Reply::Failed(_)), "{answer:?}");
    }
    let answer = ground.ask(&Request::Check);
    assert!(matches!(answer.reply, Reply::Seen(_)), "{answer:?}");
}

#[test]
fn fuzzed_requests_touch_nothing_of_others() {
    if !may_mount() {
        return;
    }
    let ground = Ground::new();
    let others = ground.others();
    let requests = too_early().into_iter().chain([
        Request::Check,
        Request::Clean,
        Request::Open { first_ms: 1 },
        Request::Record,
        keep(0, "failed"),
    ]);
    let requests: Vec<Vec<u8>> =
        requests.map(|r| serde_json::to_vec(&r).unwrap()).collect();
    let words = [
        "\"retire\"",
        "\"prepare\"",
        "\"keep\"",
        "\"open\"",
        "\"close\"",
        "{\"thread\":0,\"run\":1}",
        "\"../gocrash-1\"",
        "18446744073709551615",
    ];
    fuzz(&requests, &words, 40, |packet, _| {
        if !packet.is_empty() {
            let answer = ground.send(packet);
            let what = format!("{answer:?}");
            assert!(!what.contains("panicked"), "{what}");
        }
    });
    assert_eq!(ground.others(), others);
}

/// What needs something to be there first.
fn too_early() -> [Request; 11] {
    [
        // No hunt is to go on, nor is the suite for somebody else.
        Request::Clean,
        Request::Cores(name(0)),
        Request::Record,
        Request::Golden,
        Request::Shortage,
        Request::Prepare(name(0)),
        Request::Reveal(name(0)),
        Request::Retire(name(0)),
        keep(0, "failed"),
        Request::Finish,
        Request::Close,
    ]
}

#[test]
fn a_hunt_is_opened_once_and_closed_once() {
    if !may_mount() {
        return;
    }
    let ground = Ground::new();
    let others = ground.others();
    let open = Request::Open { first_ms: 1 };
    ground.is_refused(&open);
    for request in &too_early() {
        ground.is_refused(request);
    }
    ground.ask(&Request::Check);
    ground.is_refused(&Request::Check);
    // The first name is another hunt's.
    let Reply::Opened(working) = ground.ask(&open).reply else { panic!() };
    assert_eq!(working.session, "gocrash-2");
    ground.is_refused(&open);
    assert_eq!(ground.ask(&Request::Record).files.len(), 2);
    ground.is_refused(&Request::Record);
    // Nothing was to be prepared.
    ground.is_refused(&Request::Golden);
    ground.is_refused(&Request::FinishGolden);
    ground.ask(&Request::Finish);
    let answer = ground.ask(&Request::Close);
    assert!(matches!(answer.reply, Reply::Rest(Rest::Gone)), "{answer:?}");
    for request in &too_early() {
        ground.is_refused(request);
    }
    assert_eq!(ground.session(), None);
    assert_eq!(ground.others(), others);
}

#[test]
fn a_slate_is_what_its_name_says_and_done_with_once() {
    if !may_mount() {
        return;
    }
    let ground = Ground::new();
    let others = ground.others();
    ground.ask(&Request::Check);
    ground.ask(&Request::Open { first_ms: 1 });
    let foreign = AttemptName { thread: 1, run: 0 };
    ground.is_refused(&Request::Prepare(foreign));
    ground.is_refused(&Request::Retire(foreign));
    let (_, control) = ground.prepare(0);
    // It waits: it has not run, and is there already.
    for request in [
        Request::Prepare(name(0)),
        keep(0, "failed"),
        Request::IsFull(name(0)),
        Request::Finish,
        Request::Close,
    ] {
        ground.is_refused(&request);
    }
    ground.ask(&Request::Reveal(name(0)));
    ground.is_refused(&Request::Reveal(name(0)));
    ground.is_refused(&keep(0, "a word of nobody's"));
    drop(control);
    let answer = ground.ask(&Request::Retire(name(0)));
    assert!(matches!(answer.reply, Reply::Rest(Rest::Gone)), "{answer:?}");
    for request in [
        Request::Retire(name(0)),
        keep(0, "failed"),
        Request::Prepare(name(0)),
        Request::Reveal(name(0)),
    ] {
        ground.is_refused(&request);
    }
    // A thread has no more slates than it can use, in whatever order.
    let most = SLATES_MAX as u64;
    let runs = || (1..=most).rev();
    let controls: Vec<_> = runs().map(|run| ground.prepare(run)).collect();
    ground.is_refused(&Request::Prepare(name(most + 1)));
    drop(controls);
    for run in runs() {
        ground.ask(&Request::Retire(name(run)));
    }
    for run in runs() {
        ground.is_refused(&Request::Prepare(name(run)));
    }
    assert_eq!(ground.others(), others);
}

#[test]
fn when_nobody_asks_any_more_all_stays_and_nothing_runs() {
    if !may_mount() {
        return;
    }
    let ground = Ground::new();
    let others = ground.others();
    ground.ask(&Request::Check);
    ground.ask(&Request::Open { first_ms: 1 });
    let (kept, control) = ground.prepare(0);
    ground.ask(&Request::Reveal(name(0)));
    drop(control);
    let answer = ground.ask(&keep(0, "failed"));
    assert!(matches!(answer.reply, Reply::Done), "{answer:?}");
    let shown = ground.prepare(1);
    ground.ask(&Request::Reveal(name(1)));
    let waiting = ground.prepare(2);
    let supervisors =
        [&kept, &shown.0, &waiting.0].map(|prepared| prepared.supervisor);
    drop((shown, waiting));
    ground.server.end();
    let session = ground.session().unwrap();
    assert!(kept.stdout_path.exists());
    for name in ["thread-0-run-1", ".ready/thread-0-run-2"] {
        assert!(session.join(name).exists(), "{name}");
    }
    for supervisor in supervisors {
        assert!(!fs::exists(format!("/proc/{supervisor}")).unwrap());
    }
    ground.is_refused(&Request::Prepare(name(3)));
    assert_eq!(ground.others(), others);
}
