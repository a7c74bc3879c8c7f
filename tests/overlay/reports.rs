//! Reports of a hunt as a whole: with it, and afterwards.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use crate::ground::{Caller, Ground, Hunted};

/// Fails in its third run, with words that markup is made of.
const SUITE: &str = r#"printf '<b>&amp;]]>\033[31m\001\n' >&2
    [ $GOCRASH_ATTEMPT != 2 ] || exit 3"#;

fn ground() -> Ground {
    Ground::new(Caller::all()[0], "echo a >file")
}

/// Elements of this name, each with its attributes.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(e) | Event::Empty(e)
                if e.name().as_ref() == name.as_bytes() =>
            {
                found.push(String::from_utf8(e.to_vec()).unwrap());
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn a_hunt_writes_junit_and_html() {
    let ground = ground();
    let (junit, html) = (ground.path("j.xml"), ground.path("h.html"));
    let options = ["-p1", "--junit", "j.xml", "--html", "h.html"];
    // Root writes for itself, the person where they may.
    let desk = ground.path("");
    fs::set_permissions(desk, fs::Permissions::from_mode(0o777)).unwrap();
    ground.hunt(&options, SUITE).expect(1);
    let junit = fs::read_to_string(junit).unwrap();
    let suites = elements(&junit, "testsuite");
    let counts = r#"tests="3" skipped="0" errors="0" failures="1""#;
    assert!(suites[0].contains(counts), "{junit}");
    assert_eq!(elements(&junit, "testcase").len(), 3, "{junit}");
    let failures = elements(&junit, "failure");
    assert!(failures[0].contains("exited with code 3"), "{junit}");
    assert!(junit.contains("&lt;b&gt;&amp;amp;]]"), "{junit}");
    let html = fs::read_to_string(html).unwrap();
    assert!(html.contains("1 of 3 runs"), "{html}");
    assert!(html.contains("&lt;b&gt;&amp;amp;]]&gt;"), "{html}");
    assert!(!html.contains("<b>"), "{html}");
}

#[test]
fn on_standard_output_a_report_is_alone() {
    let ground = ground();
    let hunted = ground.hunt(&["-p1", "--html=-"], SUITE).expect(1);
    assert!(hunted.stdout.starts_with("<!DOCTYPE html>"), "{hunted:#?}");
    assert!(hunted.stdout.trim_end().ends_with("</html>"), "{hunted:#?}");
    assert!(hunted.stderr.starts_with("using snapshot:"), "{hunted:#?}");
}

#[test]
fn a_report_that_could_not_be_written_is_refused_and_nothing_is_made() {
    let ground = ground();
    for option in ["--junit", "--html"] {
        let to = ground.path("no/such/dir");
        let args = [option, to.to_str().unwrap()];
        let hunted = ground.hunt(&args, "true").expect(129);
        let error = format!("cannot write to `{option} ");
        assert!(hunted.stderr.contains(&error), "{}", hunted.stderr);
        assert_eq!(ground.left(), [""; 0]);
    }
    let hunted = ground.hunt(&["--junit=-", "--html=-"], "true").expect(129);
    let error = "`--junit -` and `--html -` would be mixed";
    assert!(hunted.stderr.contains(error), "{}", hunted.stderr);
}

#[test]
fn a_hunt_that_is_refused_leaves_earlier_reports_alone() {
    let ground = ground();
    let names = ["j.xml", "h.html"].map(|name| ground.path(name));
    let everybody = fs::Permissions::from_mode(0o777);
    fs::set_permissions(ground.path(""), everybody).unwrap();
    let nobody = fs::Permissions::from_mode(0o000);
    fs::set_permissions(ground.path("state"), nobody).unwrap();
    for name in &names {
        fs::write(name, "old").unwrap();
        let everybody = fs::Permissions::from_mode(0o666);
        fs::set_permissions(name, everybody).unwrap();
    }
    let options = ["--junit", "j.xml", "--html", "h.html"];
    ground.hunt(&options, SUITE).expect(129);
    for name in names {
        assert_eq!(fs::read_to_string(&name).unwrap(), "old", "{name:?}");
    }
}

#[test]
fn a_hunt_that_is_over_is_told_of_again() {
    let ground = ground();
    let log = ground.path("desk/events");
    let log = log.to_str().unwrap();
    let hunted = ground.hunt(&["-p1", "--events", log], SUITE).expect(1);
    let upper = hunted.upper("attempt 2: start");
    let report = |args: &[&str]| {
        let args = [&["report"], args].concat();
        Hunted::new(ground.after(&args).output().unwrap()).expect(0).stdout
    };
    let session = ground.left().pop().unwrap();
    let text = report(&["latest"]);
    let said = "a failure was reproduced, ended by --max-fails";
    let head = format!("{session}: {said}\n");
    assert!(text.starts_with(&head), "{text}");
    let path = upper.join("test_run_stderr");
    let group = "\n    | <b>&amp;]]>";
    assert!(text.contains("\n1 of 1 failure: "), "{text}");
    assert!(text.contains(group), "{text}");
    assert!(text.contains(&format!("see {}\n", path.display())), "{text}");
    // The log alone tells the same, but for what the manifest has.
    let alone = report(&[log]);
    let of_groups = |text: &str| text.split_once(group).unwrap().1.to_owned();
    assert_eq!(of_groups(&alone), of_groups(&text));
    let json: Value =
        serde_json::from_str(&report(&[&session, "--json"])).unwrap();
    assert_eq!((&json["runs"], &json["failures"]), (&3.into(), &1.into()));
    let rate = &json["rate"];
    assert_eq!((&rate["runs"], &rate["failures"]), (&3.into(), &1.into()));
    assert_eq!((&rate["confidence"], &json["v"]), (&0.95.into(), &1.into()));
    let failure = &json["groups"][0]["failures"][0];
    assert_eq!(failure["exit_status"], 3);
    assert_eq!(failure["logs"][0]["path"], path.to_str().unwrap());
    let junit = report(&[&session, "--junit=-"]);
    assert_eq!(elements(&junit, "testcase").len(), 3, "{junit}");
    let schema = include_str!("../../docs/report.md");
    let Value::Object(members) = &json else { panic!("{json}") };
    for name in members.keys() {
        assert!(schema.contains(&format!("`{name}`")), "{name}");
    }
}
