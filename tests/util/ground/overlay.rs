//! A source, a place to work in, and the program, for one test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::statfs::{OVERLAYFS_SUPER_MAGIC, statfs};
use nix::unistd::{Gid, Uid, User};
use tempfile::TempDir;

use crate::tree::describe;

/// Places for files that most machines have; one can't hold what an overlay
/// changes where it is an overlay itself, as a container's root often is.
const PLACES: [&str; 3] = ["/var/tmp", "/tmp", "/dev/shm"];
/// Who runs the suite, where root runs the tests.
const PERSON: &str = "nobody";

/// As `go tool dist test` and its tests are: the parent holds in memory what
/// its child prints, until that ends; the child prints its stacks when it is
/// told to quit. A signal to both loses them.
pub(crate) const BUFFERED: &str = r#"
    out=$(perl -e '
        $SIG{QUIT} = sub { print "goroutine 1 [chan receive]:\n"; exit 2 };
        open(my $held, ">", "held"); sleep 10000')
    status=$?
    echo "the test said: $out"; exit $status"#;

/// Who starts gocrash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Root, for the person.
    Root,
    /// The person alone, in a user namespace.
    Person,
}

impl Caller {
    /// Those that this test can be: an ordinary user can't become root.
    pub(crate) fn all() -> Vec<Caller> {
        match Uid::effective().is_root() {
            true => vec![Caller::Root, Caller::Person],
            false => {
                eprintln!("not as root: what root calls is not tested");
                vec![Caller::Person]
            }
        }
    }
}

pub(crate) struct Ground {
    caller: Caller,
    folder: TempDir,
    /// The owner of the source and of the state directory.
    pub(crate) uid: Uid,
    gid: Gid,
}

impl Ground {
    /// With a source that this script makes, started in it as its owner.
    pub(crate) fn new(caller: Caller, make_source: &str) -> Ground {
        let (uid, gid) = match Uid::effective().is_root() {
            true => {
                let user = User::from_name(PERSON).unwrap().unwrap();
                (user.uid, user.gid)
            }
            false => (Uid::effective(), Gid::effective()),
        };
        let place = PLACES.into_iter().find(|place| {
            statfs(*place)
                .is_ok_and(|fs| fs.filesystem_type() != OVERLAYFS_SUPER_MAGIC)
        });
        let place = place.expect("not every place is an overlay");
        let folder = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir_in(place)
            .unwrap();
        let ground = Ground { caller, folder, uid, gid };
        // The checkout may be closed to the person.
        // By a program: a file that this process has open for writing can't
        // be run as long as what another test forks has it open, too.
        let copied = Command::new("cp")
            .arg(env!("CARGO_BIN_EXE_gocrash"))
            .arg(ground.path("gocrash"))
            .status();
        assert!(copied.unwrap().success());
        for dir in ["source", "state", "desk"] {
            fs::create_dir(ground.path(dir)).unwrap();
            chown(ground.path(dir), Some(uid.as_raw()), Some(gid.as_raw()))
                .unwrap();
        }
        ground.as_person("sh", &["-ec", make_source], "source");
        ground
    }

    /// Where everything of this test is.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path in the folder of this test.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Runs something as the person, which must succeed.
    pub(crate) fn as_person(&self, program: &str, args: &[&str], dir: &str) {
        let status = self
            .become_person(Command::new(program).args(args))
            .current_dir(self.path(dir))
            .env("DESK", self.path("desk"))
            .status()
            .unwrap();
        assert!(status.success(), "{program} {args:?}");
    }

    fn become_person<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        match Uid::effective().is_root() {
            true => command.uid(self.uid.as_raw()).gid(self.gid.as_raw()),
            false => command,
        }
    }

    /// gocrash on the source with these arguments.
    pub(crate) fn gocrash(&self, args: &[&str]) -> Command {
        let source = self.path("source");
        let source = source.to_str().unwrap();
        self.start(&[&[source], args].concat())
    }

    /// A hunt with these arguments.
    pub(crate) fn start(&self, args: &[&str]) -> Command {
        let user = format!("--user={}", self.uid);
        let mut all = match self.caller {
            Caller::Root => vec![&*user],
            Caller::Person => Vec::new(),
        };
        // A status line would come whenever a machine is slow.
        if !args.iter().any(|arg| arg.starts_with("--progress")) {
            all.push("--progress=none");
        }
        self.after(&[&all, args].concat())
    }

    /// gocrash with exactly these arguments.
    pub(crate) fn after(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.path("gocrash"));
        if self.caller == Caller::Person {
            self.become_person(&mut command);
        }
        command
            .args(args)
            .current_dir(self.folder())
            .env("XDG_STATE_HOME", self.path("state"))
            .env("DESK", self.path("desk"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for variable in ["SUDO_USER", "SUDO_UID", "DOAS_USER"] {
            command.env_remove(variable);
        }
        command
    }

    /// A whole hunt by the script, with these options.
    pub(crate) fn hunt(&self, options: &[&str], script: &str) -> Hunted {
        let suite = ["--", "sh", "-c", script];
        Hunted::new(self.gocrash(&[options, &suite].concat()).output().unwrap())
    }

    /// The same with a suite of one run that waits while another process of the
    /// person, which sees all that they can see, runs `meddle` in the directory
    /// of its slate; then the suite exits with `code`.
    pub(crate) fn hunt_meddled(&self, meddle: &str, code: i32) -> Hunted {
        let script = format!(
            r#"until [ -e "$DESK/go" ]; do sleep 0.01; done; exit {code}"#
        );
        let args = ["-p1", "--stop-after=1", "--", "sh", "-c", &script];
        let mut child = self.gocrash(&args).spawn().unwrap();
        let mut seen = wait_for(&mut child, "attempt 0: start").join("\n");
        let session = self.left().pop().unwrap();
        let slate = format!("state/gocrash/{session}/thread-0-run-0");
        self.as_person("sh", &["-ec", meddle], &slate);
        let go = self.path("desk/go");
        fs::write(&go, "").unwrap();
        let mut hunted = Hunted::new(child.wait_with_output().unwrap());
        fs::remove_file(go).unwrap();
        seen.push('\n');
        hunted.stdout.insert_str(0, &seen);
        hunted
    }

    /// What hunts have left in the state directory.
    pub(crate) fn left(&self) -> Vec<String> {
        let state = self.path("state/gocrash");
        let mut left: Vec<String> = match fs::read_dir(state) {
            Ok(entries) => entries
                .map(|e| e.unwrap().file_name().into_string().unwrap())
                .collect(),
            Err(_) => Vec::new(),
        };
        left.sort();
        left
    }

    /// The processes that have something of this test mounted.
    pub(crate) fn mounted_by(&self) -> Vec<String> {
        let folder = self.folder().to_str().unwrap();
        fs::read_dir("/proc")
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|process| {
                fs::read_to_string(process.join("mountinfo"))
                    .is_ok_and(|mounts| mounts.contains(folder))
            })
            .map(|process| {
                fs::read_to_string(process.join("cmdline")).unwrap_or_default()
            })
            .collect()
    }

    /// Everything that can be known of the source without changing it.
    pub(crate) fn source(&self) -> String {
        describe(&self.path("source"))
    }
}

/// A hunt that is over.
#[derive(Debug)]
pub(crate) struct Hunted {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) output: Output,
}

impl Hunted {
    pub(crate) fn new(output: Output) -> Hunted {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Hunted {
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            output,
        }
    }

    /// Fails with all that was printed unless it ended so.
    pub(crate) fn expect(self, status: i32) -> Hunted {
        assert_eq!(self.output.status.code(), Some(status), "{self:#?}");
        self
    }

    /// The upper directory that the line with this in it names.
    pub(crate) fn upper(&self, part: &str) -> PathBuf {
        let line = self.stdout.lines().find(|line| line.contains(part));
        let (_, path) = line.unwrap().split_once("(see ").unwrap();
        let path = path.strip_suffix("/test_run_stdout)").unwrap();
        path.into()
    }
}

/// Waits for a line with this in it on the child's standard output.
pub(crate) fn wait_for(child: &mut Child, part: &str) -> Vec<String> {
    let mut seen = Vec::new();
    for line in BufReader::new(child.stdout.as_mut().unwrap()).lines() {
        seen.push(line.unwrap());
        if seen.last().unwrap().contains(part) {
            return seen;
        }
    }
    panic!("no `{part}` in {seen:#?}");
}
