//! What failing runs print is triaged, and rules decide how to go on.

use std::fs;

use serde_json::Value;

use crate::ground::{Caller, Ground, Hunted};

/// Attempts fail each in a way of its own.
const SUITE: &str = r#"case $GOCRASH_ATTEMPT in
    0) printf -- '--- FAIL: TestDial (0.01s)\n    d_test.go:7: i/o timeout\n'
       printf 'FAIL\nFAIL\tnet\t0.1s\n'; exit 1 ;;
    1) printf -- '--- FAIL: TestOpen (0.01s)\n    o_test.go:9: exists\n'
       printf 'FAIL\nFAIL\tos\t0.1s\n'; exit 1 ;;
    2) exit 0 ;;
    3) echo 'fatal error: found bad pointer in Go heap' >&2; exit 2 ;;
esac"#;

const RULES: &str = "\
ignore <- pkg == \"net\" && `i/o timeout`
count <- pkg == \"os\" # for the rate
";

fn events(log: &str) -> Vec<Value> {
    let lines = log.lines().map(serde_json::from_str);
    let events = lines.map(Result::unwrap);
    events.filter(|event: &Value| event["event"] == "exit").collect()
}

#[test]
fn rules_decide_how_a_hunt_goes_on() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        fs::write(ground.path("desk/rules"), RULES).unwrap();
        let log = ground.path("desk/events");
        let rules = ground.path("desk/rules");
        let hunted = ground.hunt(
            &[
                "-p1",
                "--rules",
                rules.to_str().unwrap(),
                "--events",
                log.to_str().unwrap(),
            ],
            SUITE,
        );
        let hunted = hunted.expect(1);
        let exits = events(&fs::read_to_string(&log).unwrap());
        let told: Vec<_> = exits
            .iter()
            .map(|exit| (exit["outcome"].as_str().unwrap(), &exit["action"]))
            .collect();
        assert_eq!(
            told,
            [
                ("ignored", &"ignore".into()),
                ("failed", &"count".into()),
                ("passed", &Value::Null),
                ("failed", &Value::Null),
            ],
            "{caller:?}"
        );
        let first = &exits[0];
        assert_eq!(first["exit_status"], 1);
        assert_eq!(first["kept"], false);
        assert_eq!(first["rule"], "ignore <- pkg == \"net\" && `i/o timeout`");
        assert_eq!(first["triage"], 1);
        let last = &exits[3]["signatures"][0];
        assert_eq!(last["class"], "corruption");
        let line = format!(
            "    corruption {}: fatal error: found bad pointer in Go heap\n",
            last["id"].as_str().unwrap()
        );
        assert!(hunted.stderr.contains(&line), "{}", hunted.stderr);
        assert_eq!(exits[2].get("signatures"), None);
    }
}

#[test]
fn what_a_hunt_kept_is_triaged_later() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let script = "echo 'panic: lost'; exit 2";
        ground.hunt(&["-p1"], script).expect(1);
        let mut printed = Vec::new();
        // As elsewhere, the last digits of its number will do.
        let session = ground.left().remove(0);
        let tail = &session[session.len() - 5..];
        for name in [
            "latest",
            "latest/thread-0-run-0",
            tail,
            &format!("{session}/thread-0-run-0"),
        ] {
            let output = ground.after(&["triage", name]).output().unwrap();
            printed.push(Hunted::new(output).expect(0).stdout);
        }
        assert!(printed.iter().all(|text| *text == printed[0]), "{printed:?}");
        assert!(printed[0].starts_with("panic:\n"), "{}", printed[0]);
        assert!(printed[0].contains("\n    panic: lost\n"), "{}", printed[0]);
    }
}

#[test]
fn a_failure_that_was_there_before_is_named_again() {
    let ground = Ground::new(Caller::Person, "true");
    let script = "echo 'panic: lost'; exit 2";
    let hunted = ground.hunt(&["-p1", "--max-fails=2"], script).expect(1);
    let named: Vec<&str> = hunted
        .stderr
        .lines()
        .filter(|line| line.contains("panic ") && !line.contains('|'))
        .collect();
    let [first, again] = &named[..] else { panic!("{hunted:#?}") };
    let (signature, _) = first.split_once(": ").unwrap();
    assert_eq!(again.trim(), format!("again {}", signature.trim()));
}

/// What is to be looked at may be anything by then.
#[test]
fn a_link_in_the_place_of_a_log_is_not_followed() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let secret = ground.path("secret");
        fs::write(&secret, "panic: a secret\n").unwrap();
        let script = format!(
            "echo 'panic: mine'; rm test_run_stdout
            ln -s {} test_run_stdout; exit 2",
            secret.display()
        );
        let hunted = ground.hunt(&["-p1"], &script).expect(1);
        assert!(hunted.stderr.contains("panic: mine"), "{}", hunted.stderr);
        assert!(!hunted.stderr.contains("secret\n"), "{}", hunted.stderr);
        let output = ground.after(&["triage", "latest"]).output().unwrap();
        let told = Hunted::new(output).expect(125);
        assert!(!told.stdout.contains("secret"), "{}", told.stdout);
    }
}

/// What nextest writes of a test that passed the second time.
const JUNIT: &str = r#"<testsuites><testsuite name="queue">
    <testcase name="waits" classname="queue::ends">
    <flakyFailure message="the mark is not there" type="test failure"/>
    </testcase></testsuite></testsuites>"#;

#[test]
fn flaky_tests_of_attempts_that_pass_are_told() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "mkdir out; echo '<x' > out/old.xml");
        let log = ground.path("desk/events");
        let script = format!("echo '{JUNIT}' > out/new.xml; ln -s / out/l.xml");
        let args = ["-p1", "--stop-after=1", "--results=out/*.xml", "--events"];
        let args = [&args[..], &[log.to_str().unwrap()]].concat();
        ground.hunt(&args, &script).expect(0);
        let exits = events(&fs::read_to_string(&log).unwrap());
        let [exit] = &exits[..] else { panic!("{exits:?}") };
        assert_eq!(exit["outcome"], "passed");
        let signature = &exit["signatures"][0];
        assert_eq!(signature["flaky"], true, "{caller:?}");
        assert_eq!(
            signature["title"],
            "queue::ends.waits: the mark is not there"
        );
        let args = ["report", log.to_str().unwrap(), "--junit", "-"];
        let told = Hunted::new(ground.after(&args).output().unwrap());
        let told = told.expect(0).stdout;
        let said = "<property name=\"flaky\" value=\"queue::ends.waits: ";
        assert!(told.contains(said), "{told}");
    }
}

/// The same attempt has the same signature, during the hunt and later.
#[test]
fn what_was_kept_is_triaged_as_the_hunt_did() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "mkdir out; echo '<x' > out/old.xml");
        let log = ground.path("desk/events");
        let junit = JUNIT.replace("flakyFailure", "failure");
        let script = format!(
            "test $GOCRASH_ATTEMPT = 0 && exit
            echo '{junit}' > out/new.xml; echo 'error: a test failed'; exit 1"
        );
        let args = ["-p1", "--keep-success", "--results=out/*.xml", "--events"];
        let args = [&args[..], &[log.to_str().unwrap()]].concat();
        ground.hunt(&args, &script).expect(1);
        let exits = events(&fs::read_to_string(&log).unwrap());
        let [_, exit] = &exits[..] else { panic!("{exits:?}") };
        let args = ["triage", "latest", "--json"];
        let told = Hunted::new(ground.after(&args).output().unwrap());
        let told: Value = serde_json::from_str(&told.expect(0).stdout).unwrap();
        let groups = told["groups"].as_array().unwrap();
        let [group] = &groups[..] else { panic!("{told:#}") };
        assert_eq!(group["id"], exit["signatures"][0]["id"], "{caller:?}");
        // The other one passed.
        assert_eq!(told["logs"].as_array().unwrap().len(), 2);
        assert_eq!(told["logs"][0]["signatures"], Value::Array(Vec::new()));
        let args = ["triage", "latest/thread-0-run-0"];
        let told = Hunted::new(ground.after(&args).output().unwrap());
        let told = told.expect(0).stdout;
        assert!(told.starts_with("no failure is found in "), "{told}");
    }
}
