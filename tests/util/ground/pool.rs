//! A source to hunt in, and what came of a hunt.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use zfs::{DatasetName, SnapshotName};

use crate::pool::{Pool, run, zfs};

/// Whom the suite runs as: a user that every system has, and that isn't root.
pub(super) const PERSON: &str = "daemon";

/// A pool with a dataset `go` and its snapshot `initial`.
pub(super) struct Ground {
    pub(super) pool: Pool,
    pub(super) snapshot: SnapshotName,
}

/// What a hunt printed, and how it ended.
#[derive(Debug)]
pub(super) struct Hunted {
    pub(super) output: Output,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Ground {
    /// With this text as `goroot/src/all.bash`.
    pub(super) fn new(script: &str) -> Ground {
        Ground::with(script, |_| ())
    }

    /// With more in the dataset before the snapshot is taken.
    pub(super) fn with(script: &str, more: impl FnOnce(&Path)) -> Ground {
        Ground::on(Pool::new(), script, more)
    }

    /// On this pool.
    pub(super) fn on(
        pool: Pool,
        script: &str,
        more: impl FnOnce(&Path),
    ) -> Ground {
        pool.make("go");
        let tree = pool.mount_point().join("go");
        let src = tree.join("goroot/src");
        fs::create_dir_all(&src).unwrap();
        fs::write(src.join("all.bash"), script).unwrap();
        more(&tree);
        run(Command::new("chown").args(["-hR", PERSON]).arg(&tree));
        let snapshot = pool.make_snapshot("go@initial");
        // Where a suite can leave word for the test.
        let desk = pool.folder().join("desk");
        fs::create_dir(&desk).unwrap();
        fs::set_permissions(&desk, Permissions::from_mode(0o777)).unwrap();
        Ground { pool, snapshot }
    }

    /// A hunt with these arguments, as sudo would start it.
    pub(super) fn gocrash(&self, args: &[&str]) -> Command {
        // A status line would come whenever a machine is slow.
        self.after(&[&["--progress=none"], args].concat())
    }

    /// gocrash with these arguments, as sudo would start it; a hunt of this
    /// test is called by its whole name, since that of another one may have
    /// begun in the same millisecond.
    pub(super) fn after(&self, args: &[&str]) -> Command {
        let is_hunt = |arg: &str| {
            let rest = arg.strip_prefix("gocrash-");
            rest.is_some_and(|rest| rest.starts_with(char::is_numeric))
        };
        let whole: Vec<String> = args
            .iter()
            .map(|arg| match is_hunt(arg) {
                true => self.dataset(arg).to_string(),
                false => (*arg).to_owned(),
            })
            .collect();
        let whole: Vec<&str> = whole.iter().map(String::as_str).collect();
        self.typed(&whole)
    }

    /// gocrash with exactly these arguments.
    pub(super) fn typed(&self, args: &[&str]) -> Command {
        let uid = run(Command::new("id").args(["-u", PERSON]));
        let mut command = Command::new(env!("CARGO_BIN_EXE_gocrash"));
        // What the header would show.
        for (name, _) in std::env::vars_os() {
            if name.as_bytes().starts_with(b"GO") {
                command.env_remove(name);
            }
        }
        command
            .args(args)
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin")
            .env("SUDO_USER", PERSON)
            .env("SUDO_UID", uid)
            .env("DESK", self.desk())
            .env_remove("DOAS_USER")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The same, after this much of a shell script, in a mount namespace that
    /// has nothing of other tests: gocrash makes copies of it.
    pub(super) fn alone(&self, before: &str, args: &[&str]) -> Command {
        let gocrash = self.gocrash(args);
        let forget = self.pool.forget_others();
        let script = format!("set -e; {forget}\n{before}\nexec \"$@\"");
        let mut command = Command::new("unshare");
        command
            .args(["-m", "sh", "-c", &script, "sh"])
            .arg(gocrash.get_program())
            .args(gocrash.get_args())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in gocrash.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// A hunt in the snapshot, with these options.
    pub(super) fn hunt(&self, options: &[&str]) -> Hunted {
        let args = [&[self.snapshot.as_str()], options].concat();
        self.end(self.gocrash(&args).output().unwrap())
    }

    /// A library to preload: with it, it is always the same millisecond,
    /// 1700000000000 after 1970.
    pub(super) fn stopped_clock(&self) -> PathBuf {
        let source = self.pool.folder().join("clock.c");
        let clock = self.pool.folder().join("clock.so");
        fs::write(
            &source,
            "#include <time.h>
             #include <sys/syscall.h>
             long syscall(long number, ...);
             int clock_gettime(clockid_t id, struct timespec *now) {
                 if (id != CLOCK_REALTIME)
                     return syscall(SYS_clock_gettime, id, now);
                 now->tv_sec = 1700000000; now->tv_nsec = 0; return 0;
             }",
        )
        .unwrap();
        run(Command::new("cc")
            .args(["-shared", "-fPIC", "-w", "-o"])
            .args([&clock, &source]));
        clock
    }

    pub(super) fn end(&self, output: Output) -> Hunted {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Hunted {
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            output,
        }
    }

    /// A place that the suite, too, can write to: `$DESK`.
    pub(super) fn desk(&self) -> PathBuf {
        self.pool.folder().join("desk")
    }

    /// Everything there is in the pool, as ZFS itself tells it, and where it is
    /// mounted.
    pub(super) fn datasets(&self) -> String {
        let pool = self.pool.root().as_str();
        let all = zfs(&["list", "-Hr", "-t", "all", "-o", "name,guid", pool]);
        format!("{all}\n{}", self.mounts().join("\n"))
    }

    /// What of the pool is mounted, and where; less what another test's
    /// `gocrash list` looks into at the moment.
    pub(super) fn mounts(&self) -> Vec<String> {
        let pool = self.pool.root().as_str();
        let mounts = fs::read_to_string("/proc/mounts").unwrap();
        let is_here = |line: &&str| {
            line.split([' ', '/', '@']).next() == Some(pool)
                && !line.contains(" /tmp/gocrash-look-")
        };
        let mut here: Vec<String> =
            mounts.lines().filter(is_here).map(str::to_owned).collect();
        here.sort();
        here
    }

    /// The datasets of all hunts, less the name of the source.
    pub(super) fn left(&self) -> Vec<String> {
        let source = self.snapshot.dataset();
        zfs(&["list", "-Hr", "-o", "name", source.as_str()])
            .lines()
            .filter_map(|name| name.strip_prefix(source.as_str()))
            .filter_map(|name| name.strip_prefix('/'))
            .map(str::to_owned)
            .collect()
    }

    /// A dataset below the source.
    pub(super) fn dataset(&self, below: &str) -> DatasetName {
        self.snapshot.dataset().child(below).unwrap()
    }

    /// Where a dataset below the source is mounted.
    pub(super) fn path(&self, below: &str) -> PathBuf {
        self.pool.mount_point().join("go").join(below)
    }
}

impl Hunted {
    pub(super) fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// What was printed, with everything replaced that is new each time.
    pub(super) fn shape(&self, ground: &Ground) -> String {
        let mounted = ground.pool.mount_point();
        self.stdout
            .replace(mounted.to_str().unwrap(), "/POOL")
            .replace(ground.pool.root().as_str(), "POOL")
            .lines()
            .map(|line| shape(line) + "\n")
            .collect()
    }

    /// The path that a line says after `(see `.
    pub(super) fn seen_path(&self, part: &str) -> PathBuf {
        let line = self.stdout.lines().find(|line| line.contains(part));
        let (_, path) = line.unwrap().split_once("(see ").unwrap();
        path.strip_suffix(')').unwrap().into()
    }
}

/// One line without its time, duration and number of the hunt.
fn shape(line: &str) -> String {
    let line = match line.split_once(" UTC: ") {
        Some((time, rest)) if is_time(time) => {
            format!("TIME: {}", without_duration(rest))
        }
        _ => line.to_owned(),
    };
    let mut shaped = String::new();
    for (i, part) in line.split("gocrash-").enumerate() {
        if i == 0 {
            shaped.push_str(part);
            continue;
        }
        shaped.push_str("gocrash-MS");
        shaped.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    shaped
}

fn without_duration(line: &str) -> String {
    let Some((before, took)) = line.split_once(" after ") else {
        return line.to_owned();
    };
    let kept = if took.ends_with(", kept") { ", kept" } else { "" };
    format!("{before} after DURATION{kept}")
}

/// As `2022-11-04 17:59:02.525007707`.
fn is_time(time: &str) -> bool {
    let pattern = "0000-00-00 00:00:00.000000000";
    time.len() == pattern.len()
        && time.bytes().zip(pattern.bytes()).all(
            |(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                _ => byte == wanted,
            },
        )
}

/// The standard output of a hunt, line by line while it goes on.
pub(super) struct Lines(BufReader<ChildStdout>);

/// Of a child whose standard output is piped.
pub(super) fn lines(child: &mut Child) -> Lines {
    Lines(BufReader::new(child.stdout.take().unwrap()))
}

impl Lines {
    /// Waits for a line with this in it; gives all lines up to it.
    pub(super) fn until(&mut self, part: &str) -> String {
        let mut seen = String::new();
        loop {
            let begin = seen.len();
            let read = self.0.read_line(&mut seen).unwrap();
            assert!(read > 0, "no `{part}` in: {seen}");
            if seen[begin..].contains(part) {
                return seen;
            }
        }
    }

    pub(super) fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).unwrap();
        rest
    }
}
