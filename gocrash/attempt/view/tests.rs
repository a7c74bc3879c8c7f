//! Tests: what a process sees that was given a view of its own.

use std::collections::BTreeMap;

use tempfile::TempDir;

use super::*;
use crate::attempt::sys::{self, Control, Order, Program, Report};
use crate::mounting::may_mount;

/// Directories, and a file in each that says which it is.
struct Place(TempDir);

impl Place {
    fn new(dirs: &[&str]) -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        for dir in dirs {
            fs::create_dir_all(place.path(dir)).unwrap();
            fs::write(place.path(dir).join("file"), dir).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What a shell prints that runs in this scene, where there is nothing
    /// that could not be seen before.
    fn said(&self, scene: &Scene, script: &str) -> anyhow::Result<String> {
        let args = ["-c".into(), script.into()];
        let env = BTreeMap::new();
        let shell = "/bin/sh".as_ref();
        let program = Program::new(shell, &args, &env, self.0.path(), None)?;
        let said = self.path("said");
        let null = || File::open("/dev/null").unwrap();
        let stdio = [null(), File::create(&said)?, null()].map(OwnedFd::from);
        let (_supervisor, end) =
            sys::fork_supervised(&program, stdio, Some(scene))?;
        let control = Control::of(end);
        // Who has ended already has said why.
        let _ = control.send(Order::Go);
        while let Some(report) = control.receive()? {
            match report {
                Report::NotStarted { step, errno } => {
                    let error = std::io::Error::from_raw_os_error(errno);
                    let step = scene.steps()[step - 1].clone();
                    return Err(anyhow::Error::from(error).context(step));
                }
                Report::Found(..) => break,
                _ => {}
            }
        }
        Ok(fs::read_to_string(said)?)
    }
}

fn at(dir: &Path) -> View {
    View { at: Some(dir.to_owned()), ..View::default() }
}

#[test]
fn a_slate_is_where_it_was_wanted_and_for_its_attempt_alone() {
    if !may_mount() {
        return;
    }
    let place = Place::new(&["slate", "built"]);
    let view = at(&place.path("built"));
    let nowhere = place.path("nowhere");
    let backdrop = Backdrop::new(view, &nowhere).unwrap();
    let slate = place.path("slate");
    let scene = backdrop.scene(&slate, &slate).unwrap();
    // The slate moves on before the process looks at anything.
    fs::rename(&slate, place.path("moved")).unwrap();
    let said = place.said(&scene, "cat built/file; echo new >built/new");
    assert_eq!(said.unwrap(), "slate");
    assert!(place.path("moved/new").exists());
    let file = fs::read_to_string(place.path("built/file")).unwrap();
    assert_eq!(file, "built");
}

#[test]
fn what_is_hidden_is_empty_but_for_the_slate() {
    if !may_mount() {
        return;
    }
    let place = Place::new(&["all/.ready/1", "all/kept", "all/in/1"]);
    let hide = Some(place.path("all"));
    let view = View { hide, ..View::default() };
    let backdrop = Backdrop::new(view, &place.path("nowhere")).unwrap();
    let scene = backdrop
        .scene(&place.path("all/.ready/1"), &place.path("all/in/1"))
        .unwrap();
    let script = "find all -type f; cat all/in/1/file; stat -c ' %a' all all/in
                  touch all/1 all/in/2; chmod 777 all; find all
                  stat -c ' %a' all";
    let said = place.said(&scene, script).unwrap();
    let expected = "all/in/1/file\nall/.ready/1 711\n 711\n\
                    all\nall/in\nall/in/1\nall/in/1/file\n 711\n";
    assert_eq!(said, expected);
    assert!(place.path("all/kept/file").exists());
}

#[test]
fn a_view_that_cannot_be_had_names_the_call_and_the_path() {
    if !may_mount() {
        return;
    }
    let place = Place::new(&["slate", "built"]);
    let built = place.path("built");
    let backdrop = Backdrop::new(at(&built), &place.path("nowhere")).unwrap();
    fs::remove_dir_all(&built).unwrap();
    let slate = place.path("slate");
    let scene = backdrop.scene(&slate, &slate).unwrap();
    let error = place.said(&scene, "true").unwrap_err();
    let expected = format!(
        "cannot attach the slate at `{}` (move_mount): No such file or \
         directory (os error 2)",
        built.display()
    );
    assert_eq!(format!("{error:#}"), expected);
}
