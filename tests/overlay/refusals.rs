//! What is refused before anything is created, each with its remedy.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use expect_test::expect_file;
use nix::unistd::Uid;

use crate::ground::{Caller, Ground, Hunted};

/// What is answered to each command line, under it. Each must be refused, and
/// create nothing.
struct Answers<'a> {
    ground: &'a Ground,
    text: String,
}

impl Answers<'_> {
    fn new(ground: &Ground) -> Answers<'_> {
        Answers { ground, text: String::new() }
    }

    fn ask(&mut self, args: &[&str]) {
        let suite = ["--stop-after=1", "--", "true"];
        let args = [args, &suite].concat();
        self.ask_by(args[0], &mut self.ground.start(&args));
    }

    fn ask_by(&mut self, title: &str, command: &mut Command) {
        let hunted = Hunted::new(command.output().unwrap()).expect(129);
        assert_eq!(hunted.stdout, "");
        let folder = self.ground.path("");
        let folder = folder.to_str().unwrap().trim_end_matches('/');
        let answer = hunted.stderr.replace(folder, "/GROUND");
        self.text += &format!("{title}\n{answer}\n");
        let state = fs::read_dir(self.ground.path("state")).unwrap();
        assert_eq!(state.count(), 0, "{title}");
        assert_eq!(self.ground.mounted_by(), [""; 0], "{title}");
    }
}

#[test]
fn what_cannot_be_meant_and_places_that_cannot_be_used() {
    for caller in Caller::all() {
        let source = "mkdir test_run_stdout; touch file; ln -s /usr out";
        let ground = Ground::new(caller, source);
        let mut answers = Answers::new(&ground);
        answers.ask(&["./nowhere"]);
        answers.ask(&["./source/file"]);
        answers.ask(&["./source"]);
        answers.ask(&["./source", "--cwd=out"]);
        answers.ask(&["./desk", "--cwd=nowhere"]);
        answers.ask(&["./desk", "--parent=tank"]);
        answers.ask(&["tank/go@now", "--overlay"]);
        answers.ask(&["."]);
        answers.ask(&["./state"]);
        fs::create_dir_all(ground.path("desk/gocrash/tree")).unwrap();
        let inside = ["./desk/gocrash/tree", "--", "true"];
        let mut command = ground.start(&inside);
        command.env("XDG_STATE_HOME", ground.path("desk"));
        answers.ask_by("gocrash's own directory", &mut command);
        answers.ask_by("no default suite", &mut ground.start(&["./desk"]));
        let mut command = ground.start(&["./desk", "--", "true"]);
        answers.ask_by(
            "XDG_STATE_HOME=/proc",
            command.env("XDG_STATE_HOME", "/proc"),
        );
        expect_file![golden!("refused.txt")].assert_eq(&answers.text);
    }
}

/// It belongs to who runs the suite, even where root has called.
#[test]
fn a_state_directory_that_its_person_cannot_write_to() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let closed = ground.path("closed");
        fs::create_dir(&closed).unwrap();
        let readable = fs::Permissions::from_mode(0o500);
        fs::set_permissions(&closed, readable).unwrap();
        let mut command = ground.start(&["./source", "--", "true"]);
        command.env("XDG_STATE_HOME", &closed);
        let said = Hunted::new(command.output().unwrap()).expect(129).stderr;
        assert!(said.contains("/closed/gocrash`: Permission"), "{said}");
        let help = match caller {
            Caller::Root => "help: hunts are kept by who runs the suite (uid ",
            Caller::Person => "help: name another directory: ",
        };
        assert!(said.contains(help), "{said}");
    }
}

/// A rule of a host is as if it were one of the namespace above.
#[test]
fn a_host_that_forbids_user_namespaces() {
    let ground = Ground::new(Caller::Person, "true");
    let gocrash = ground.start(&["./source", "--", "true"]);
    let mut command = within(
        &gocrash,
        &["--user", "--map-current-user", "--keep-caps"],
        "echo 0 >/proc/sys/user/max_user_namespaces; exec \"$@\"",
    );
    if Uid::effective().is_root() {
        command.uid(ground.uid.as_raw()).gid(ground.uid.as_raw());
    }
    let mut answers = Answers::new(&ground);
    answers.ask_by("no user namespaces", &mut command);
    expect_file![golden!("forbidden.txt")].assert_eq(&answers.text);
}

#[test]
#[ignore = "needs root: such a file system has to be mounted"]
fn a_state_directory_that_keeps_no_attributes() {
    let ground = Ground::new(Caller::Root, "true");
    let state = ground.path("state");
    let script = format!(
        "mount -t ramfs none '{0}'; chmod 777 '{0}'; \"$@\" || s=$?
         ls '{0}' >&2; exit $s",
        state.display()
    );
    let gocrash = ground.start(&["./source", "--", "true"]);
    let mut command = within(&gocrash, &["--mount"], &script);
    let mut answers = Answers::new(&ground);
    answers.ask_by("ramfs", &mut command);
    expect_file![golden!("no-attributes.txt")].assert_eq(&answers.text);
}

/// The command, started by a script in namespaces of its own.
fn within(command: &Command, namespaces: &[&str], script: &str) -> Command {
    let mut outer = Command::new("unshare");
    outer
        .args(namespaces)
        .args(["sh", "-ec", script, "-"])
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(dir) = command.get_current_dir() {
        outer.current_dir(dir);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer
}
