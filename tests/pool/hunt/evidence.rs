//! What a hunt says and leaves.

use std::fs;

use expect_test::expect_file;

use super::ground::Ground;
use super::sessions::after;
use crate::pool::{get, zfs};

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_hunt_that_passes_leaves_nothing() {
    let ground = Ground::new("echo fine");
    let before = ground.datasets();
    let hunted = ground.hunt(&["--concurrency", "1", "--stop-after", "2"]);
    assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
    assert_eq!(hunted.stderr, "");
    expect_file![golden!("passing.txt")].assert_eq(&hunted.shape(&ground));
    assert_eq!(ground.datasets(), before);
    // No empty directory of a mount point either.
    let entries = fs::read_dir(ground.path("")).unwrap();
    let names: Vec<_> = entries.map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["goroot"]);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_hunt_that_fails_keeps_the_clone_and_its_output() {
    let ground = Ground::new(
        "echo run $GOCRASH_ATTEMPT; echo noise >&2; touch trace
         [ $GOCRASH_ATTEMPT != 1 ] || exit 7",
    );
    let hunted = ground.hunt(&["-p", "1"]);
    assert_eq!(hunted.code(), Some(1), "{}", hunted.stderr);
    let (first, _) = hunted.stderr.split_once('\n').unwrap();
    assert!(first.ends_with(": noise"), "{}", hunted.stderr);
    assert!(hunted.stderr.ends_with("\ngocrash: test failed\n"));
    expect_file![golden!("failing.txt")].assert_eq(&hunted.shape(&ground));

    let left = ground.left();
    let [working, slate] = &left[..] else { panic!("{left:?}") };
    assert_eq!(*slate, format!("{working}/thread-0-run-1"));
    let stdout_path = ground.path(slate).join("test_run_stdout");
    assert_eq!(hunted.seen_path("kept: "), stdout_path);
    assert_eq!(fs::read_to_string(stdout_path).unwrap(), "run 1\n");
    let stderr_path = ground.path(slate).join("test_run_stderr");
    assert_eq!(fs::read_to_string(stderr_path).unwrap(), "noise\n");
    assert!(ground.path(slate).join("goroot/src/trace").exists());

    let place = ground.path(slate);
    let (working, slate) = (ground.dataset(working), ground.dataset(slate));
    // Mounted by ZFS, which has to know where the slate has gone.
    zfs(&["snapshot", &format!("{slate}@look")]);
    let seen = place.join(".zfs/snapshot/look/test_run_stderr");
    assert_eq!(fs::read_to_string(&seen).unwrap(), "noise\n");
    assert_eq!(get(&slate, "gocrash:outcome"), "failed");
    assert_eq!(get(&slate, "canmount"), "noauto");
    assert_eq!(get(&slate, "com.sun:auto-snapshot"), "false");
    let session = working.as_str().rsplit('/').next().unwrap();
    assert_eq!(get(&working, "gocrash:session"), session);
    assert_eq!(get(&working, "gocrash:snapshot"), ground.snapshot.as_str());
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn what_slates_inherit_is_the_working_datasets_own() {
    let ground = Ground::new("exit 1");
    let pool = ground.snapshot.pool().to_owned();
    zfs(&["set", "recordsize=16K", "devices=off", &pool]);
    let hunted = ground.hunt(&["-j1"]);
    assert_eq!(hunted.code(), Some(1), "{}", hunted.stderr);
    let left = ground.left();
    let [working, slate] = &left[..] else { panic!("{left:?}") };
    let of = |name: &str| {
        let name = ground.dataset(name);
        let wanted = "recordsize,devices,sync,quota";
        zfs(&["get", "-Hp", "-o", "value,source", wanted, name.as_str()])
    };
    assert_eq!(
        of(working),
        "16384\tlocal\noff\tlocal\nstandard\tlocal\n0\tdefault"
    );
    let from = format!("inherited from {}", ground.dataset(working));
    assert_eq!(
        of(slate),
        format!("16384\t{from}\noff\t{from}\nstandard\t{from}\n0\tdefault")
    );
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn each_thread_does_its_runs_and_passing_ones_can_be_kept() {
    let ground = Ground::new("true");
    let options = ["-j3", "--stop-after", "2", "--keep-success"];
    let hunted = ground.hunt(&options);
    assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
    for thread in 0..3 {
        let line = format!("\nthread {thread}: 2 tries, result = ok\n");
        assert!(hunted.stdout.contains(&line), "{}", hunted.stdout);
    }
    let left = ground.left();
    let (working, slates) = left.split_first().unwrap();
    let expected: Vec<String> = (0..3)
        .flat_map(|thread| (0..2).map(move |run| (thread, run)))
        .map(|(thread, run)| format!("{working}/thread-{thread}-run-{run}"))
        .collect();
    assert_eq!(slates, expected);
    assert_eq!(get(&ground.dataset(&slates[0]), "gocrash:outcome"), "passed");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn few_of_many_that_are_kept_stay_mounted() {
    let ground = Ground::new("");
    let options = ["-p4", "--max-fails=36", "--", "sh", "-c"];
    let suite = "echo x >new; echo words; exit 7";
    let hunted = ground.hunt(&[&options[..], &[suite]].concat());
    assert_eq!(hunted.code(), Some(1), "{}{}", hunted.stdout, hunted.stderr);
    let said = "more than 32 are kept: the others are not mounted";
    assert_eq!(hunted.stdout.matches(said).count(), 1, "{}", hunted.stdout);
    let is_slate = |line: &&String| line.contains("/thread-");
    let mounts = ground.mounts();
    let mounts: Vec<&String> = mounts.iter().filter(is_slate).collect();
    // One that is busy for a moment stays.
    assert!((32..36).contains(&mounts.len()), "{mounts:?}");
    // The others are evidence all the same.
    let left = ground.left();
    let slates: Vec<&String> = left.iter().filter(is_slate).collect();
    assert!(slates.len() >= 36, "{slates:?}");
    let is_unmounted = |slate: &&&String| {
        let name = ground.dataset(slate);
        let mut mounts = mounts.iter();
        !mounts.any(|line| line.starts_with(&format!("{name} ")))
    };
    let slate = slates.iter().find(is_unmounted).unwrap();
    let name = ground.dataset(slate);
    assert_eq!(get(&name, "gocrash:outcome"), "failed");
    let shown = after(&ground, &["show", slate]).stdout;
    assert!(shown.contains("words"), "{shown}");
    let diff = after(&ground, &["diff", slate]).stdout;
    assert!(diff.contains("new\""), "{diff}");
    // None of them need be mounted for a report.
    for line in &mounts {
        zfs(&["unmount", line.split(' ').next().unwrap()]);
    }
    let html = ground.desk().join("report.html");
    let html_option = format!("--html={}", html.display());
    after(&ground, &["report", &left[0], &html_option]);
    let html = fs::read_to_string(html).unwrap();
    assert!(html.contains("<pre>words"), "{html}");
    after(&ground, &["clean", "-y", &left[0]]);
    assert_eq!(ground.left(), [""; 0]);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_failure_lets_the_others_finish_their_run() {
    // Thread 1 passes only after thread 0 has failed, and gocrash said so; that
    // fails when both run.
    let ground = Ground::new(
        "if [ $GOCRASH_SLOT = 0 ]; then
           until [ -e $DESK/one ]; do sleep 0.1; done; kill -SEGV $$
         fi
         >$DESK/one
         until [ -e $DESK/go-on ]; do sleep 0.1; done",
    );
    let args = [ground.snapshot.as_str()];
    let mut child = ground.gocrash(&args).spawn().unwrap();
    let mut lines = super::ground::lines(&mut child);
    let seen = lines.until("terminated by signal 11");
    fs::write(ground.desk().join("go-on"), "").unwrap();
    let rest = lines.rest();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let stdout = seen + &rest;
    assert!(stdout.contains("thread 1: attempt 0: passed"), "{stdout}");
    assert!(stdout.contains("thread 1: 1 tries, result = ok"), "{stdout}");
    assert_eq!(ground.left().len(), 2);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn a_command_starts_where_and_with_what_was_said() {
    let ground = Ground::new("false");
    let hunted = ground.hunt(&[
        "-p1",
        "--stop-after=1",
        "--keep-success",
        "--cwd=goroot",
        "--env=GOGC=off",
        "--env=WORDS=a=b c",
        "--",
        "sh",
        "-c",
        "pwd; echo \"$GOGC,$WORDS,$0,$1\"; exit $2",
        "zero",
        "o n e",
        "0",
    ]);
    assert_eq!(hunted.code(), Some(0), "{}", hunted.stderr);
    let go = "Environment variables starting with GO:\n    \
              \x20               GOGC=off\n";
    assert!(hunted.stdout.contains(go), "{}", hunted.stdout);
    let stdout_path = hunted.seen_path(": start ");
    let slate = stdout_path.parent().unwrap().display();
    let expected = format!("{slate}/goroot\noff,a=b c,zero,o n e\n");
    assert_eq!(fs::read_to_string(&stdout_path).unwrap(), expected);
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn the_working_dataset_can_be_elsewhere() {
    let ground = Ground::new("false");
    let parent = ground.pool.make("scratch");
    let hunted = ground.hunt(&["-p1", "--parent", parent.as_str()]);
    assert_eq!(hunted.code(), Some(1), "{}", hunted.stderr);
    assert_eq!(ground.left(), Vec::<String>::new());
    let path = hunted.seen_path("kept: ");
    let scratch = ground.pool.mount_point().join("scratch");
    assert!(path.starts_with(scratch) && path.exists(), "{path:?}");
}

#[test]
#[ignore = "needs root and a ZFS kernel module"]
fn what_says_nothing_about_the_suite_is_no_verdict() {
    let ground = Ground::new("exit 125");
    let before = ground.datasets();
    let ignored = ground.hunt(&["--stop-after", "1"]);
    assert_eq!(ignored.code(), Some(125));
    let said = "thread 0: 1 tries, result = ignored (exit 125)";
    assert!(ignored.stdout.contains(said), "{}", ignored.stdout);
    let said = "no run gave a verdict";
    assert!(ignored.stderr.contains(said), "{}", ignored.stderr);

    let missing = ground.hunt(&["--", "./no-such-program"]);
    assert_eq!(missing.code(), Some(125));
    let why = "cannot start \"./no-such-program\"";
    assert!(missing.stderr.contains(why), "{}", missing.stderr);
    let help = "\n  help: name a program that is in PATH or";
    assert!(missing.stderr.contains(help), "{}", missing.stderr);
    assert_eq!(ground.datasets(), before);

    // Here the shell's words are in the clone, so it is kept.
    let shell = ground.hunt(&["-p1", "--", "sh", "-c", "no-such-program"]);
    assert_eq!(shell.code(), Some(125));
    let path = shell.seen_path("kept: ").with_file_name("test_run_stderr");
    let said = fs::read_to_string(path).unwrap();
    assert!(said.contains("not found"), "{said}");
}
