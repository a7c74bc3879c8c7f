//! What a failing attempt leaves: the upper directory, and a list of what it
//! changed.

use std::fs;
use std::os::unix::fs::MetadataExt;

use expect_test::{expect, expect_file};

use crate::ground::{Caller, Ground, Hunted};

const SOURCE: &str = r#"
    mkdir -p same/inner gone/inner again/inner becomes-file "odd
name" mode
    echo a >same/inner/kept; echo b >same/inner/edited; echo c >same/lost
    echo d >gone/inner/file; echo e >again/inner/file; echo f >becomes-dir
    echo g >"odd
name/was"; ln -s same link"#;

const SUITE: &str = r#"
    echo out; echo err >&2
    echo more >>same/inner/edited; rm same/lost
    rm -r gone; rm -r again; mkdir again; echo new >again/new
    rm -r becomes-file; echo now >becomes-file
    rm becomes-dir; mkdir becomes-dir
    rm "odd
name/was"; echo h >"odd
name/$(printf 'q"\\\033\342\200\256\377')"
    mkdir -p added/deep; touch added/deep/file; chmod 700 mode
    rm link; ln -s gone link; mkfifo pipe
    exit 7"#;

#[test]
fn a_failure_leaves_what_it_changed_and_a_list_of_it() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, SOURCE);
        let before = ground.source();
        let hunted = ground.hunt(&["-p1"], SUITE).expect(1);
        let upper = hunted.upper("kept: ");
        let read = |path| fs::read_to_string(upper.join(path)).unwrap();
        assert_eq!(read("test_run_stdout"), "out\n");
        assert_eq!(read("test_run_stderr"), "err\n");
        assert_eq!(read("same/inner/edited"), "b\nmore\n");
        // Only that is left, and it is the person's.
        let attempt = upper.parent().unwrap();
        for name in ["", "upper", "changes"] {
            let owner = fs::metadata(attempt.join(name)).unwrap().uid();
            assert_eq!(owner, ground.uid.as_raw(), "{name}");
        }
        assert_eq!(fs::read_dir(attempt).unwrap().count(), 2);
        let session = attempt.parent().unwrap();
        // Beside the attempt, the record.
        for name in ["gocrash.json", "events.jsonl"] {
            let owner = fs::metadata(session.join(name)).unwrap().uid();
            assert_eq!(owner, ground.uid.as_raw(), "{name}");
        }
        assert_eq!(fs::read_dir(session).unwrap().count(), 3);
        assert_eq!(ground.mounted_by(), [""; 0], "{caller:?}");
        assert_eq!(ground.source(), before, "{caller:?}");

        let changes = fs::read_to_string(attempt.join("changes")).unwrap();
        expect![[r#"
            added    "added/"
            added    "added/deep/"
            added    "added/deep/file"
            replaced "again/"
            added    "again/new"
            replaced "becomes-dir/"
            replaced "becomes-file"
            deleted  "gone/"
            changed  "link"
            changed  "mode/"
            added    "odd\nname/q\"\\\u{1b}\u{202e}\xFF"
            deleted  "odd\nname/was"
            added    "pipe"
            changed  "same/inner/edited"
            deleted  "same/lost"
        "#]]
        .assert_eq(&changes);
        // What the closing line says to do is enough.
        let removal = hunted
            .stdout
            .lines()
            .find_map(|line| line.strip_prefix("to remove all of it: "));
        let words: Vec<&str> = removal.unwrap().split(' ').skip(1).collect();
        let cleaned = ground.after(&[&words[..], &["-y"]].concat()).output();
        Hunted::new(cleaned.unwrap()).expect(0);
        assert_eq!(ground.left(), [""; 0], "{caller:?}");
    }
}

#[test]
fn what_goes_on_is_printed_in_the_usual_shape() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let hunted = ground.hunt(&["-p1"], "exit 7").expect(1);
        let folder = ground.path("");
        let folder = folder.to_str().unwrap().trim_end_matches('/');
        let session = &ground.left()[0];
        let shaped: String = hunted
            .stdout
            .replace(folder, "/GROUND")
            .replace(session, "gocrash-MS")
            .lines()
            .filter(|line| !line.starts_with("run as:"))
            .filter(|line| !line.contains("GO") || line.contains("GROUND"))
            .map(|line| match line.split_once(" UTC: ") {
                Some((_, rest)) => match rest.split_once(" after ") {
                    Some((rest, _)) => format!("TIME: {rest} after TIME\n"),
                    None => format!("TIME: {rest}\n"),
                },
                None => format!("{line}\n"),
            })
            .collect();
        let expected = match caller {
            Caller::Root => golden!("root.txt"),
            Caller::Person => golden!("person.txt"),
        };
        expect_file![expected].assert_eq(&shaped);
    }
}

#[test]
fn files_where_the_output_goes_are_replaced_and_it_is_said() {
    for caller in Caller::all() {
        let ground = Ground::new(
            caller,
            "echo theirs >test_run_stdout; ln -s /etc/passwd test_run_stderr",
        );
        let hunted = ground.hunt(&["-p1"], "echo ours; exit 7").expect(1);
        let said = "attempt 0: replaced test_run_stdout and test_run_stderr, \
                    which the source brought";
        assert!(hunted.stdout.contains(said), "{}", hunted.stdout);
        let upper = hunted.upper("kept: ");
        let stdout = fs::read_to_string(upper.join("test_run_stdout"));
        assert_eq!(stdout.unwrap(), "ours\n");
        let stderr = fs::symlink_metadata(upper.join("test_run_stderr"));
        assert!(stderr.unwrap().is_file());
    }
}
