//! What ends a hunt, and what it amounts to then.

use std::collections::BTreeSet;
use std::time::Duration;

use expect_test::expect;

use crate::ground::{Caller, Ground, Hunted};

/// Counts its runs in a file that all of them share.
const COUNT: &str = r#"echo >>"$DESK/runs"; n=$(wc -l <"$DESK/runs"); "#;

/// The lines after those of each thread and of what was kept.
fn figures(hunted: &Hunted) -> String {
    let lines = hunted.stdout.lines();
    let figures = lines.skip_while(|line| !line.starts_with("ended by: "));
    figures.map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_rule_ends_a_hunt_and_is_named() {
    let ground = Ground::new(Caller::Person, "true");
    let runs = ground.hunt(&["--max-runs=5", "-p3"], "true").expect(0);
    expect![[r#"
        ended by: --max-runs 5
        failure rate: 0 of 5 runs, 0% (95% CI 0–52%)
    "#]]
    .assert_eq(&figures(&runs));
    assert_eq!(runs.stdout.matches(": start (see ").count(), 5);

    let options = ["--max-fails=2", "-p1", "--events=-"];
    let script = format!("{COUNT} test $((n % 3)) != 0");
    let fails = ground.hunt(&options, &script).expect(1);
    let figures_of = fails.stderr.lines().rev().take(4).collect::<Vec<_>>();
    expect![[r#"
        [
            "gocrash: test failed",
            "28 more runs without a failure until 99% sure that it is fixed",
            "failure rate: 2 of 6 runs, 33% (95% CI 4–72%)",
            "ended by: --max-fails 2",
        ]
    "#]]
    .assert_debug_eq(&figures_of);
    let over = fails.stdout.lines().last().unwrap();
    let over: serde_json::Value = serde_json::from_str(over).unwrap();
    assert_eq!(over["rule"], "max_fails");
    assert_eq!(over["rate"]["failures"], 2);
    assert_eq!(over["rate"]["runs"], 6);
    assert_eq!(over["rate"]["approximate"], false);
    assert_eq!(over["rate"]["runs_until_sure"], 28);

    let time = ground.hunt(&["--max-time=200ms"], "true").expect(0);
    assert!(figures(&time).starts_with("ended by: --max-time 200ms\n"));
}

#[test]
fn runs_begin_no_sooner_than_the_pace_allows() {
    let ground = Ground::new(Caller::Person, "true");
    let options = ["-p3", "--max-runs=4", "--pace=200ms", "--events=-"];
    let hunted = ground.hunt(&options, "true").expect(0);
    let events = hunted.stdout.lines();
    let events = events.map(|l| serde_json::from_str(l).unwrap());
    let events: Vec<serde_json::Value> = events.collect();
    let prepared = events.iter().filter(|line| line["event"] == "prepared");
    assert_eq!(prepared.count(), 4);
    let began = events.iter().filter(|line| line["event"] == "go");
    let began = began.map(|line| line["t_ns"].as_u64().unwrap());
    let began: BTreeSet<u64> = began.collect();
    let opened = events.iter().find(|line| line["event"] == "opened");
    let opened = opened.unwrap()["t_ns"].as_u64().unwrap();
    for (i, began) in (0..).zip(began) {
        assert!(began >= opened + i * 200_000_000, "{i}: {began}");
    }
    // Nobody waits for a turn in a hunt that is to end.
    let options = ["-p2", "--pace=300d"];
    let hunted = ground.hunt(&options, "false").expect(1);
    assert!(
        hunted.stdout.contains("pace:            a clone every 300d at most")
    );
}

#[test]
fn with_halt_now_nothing_is_waited_for() {
    let ground = Ground::new(Caller::Person, "true");
    // Fails when the other one runs, which would not end by itself.
    let script = r#"case $GOCRASH_SLOT in
        0) until [ -e "$DESK/up" ]; do sleep 0.01; done; exit 3;;
        *) touch "$DESK/up"; sleep 10000;; esac"#;
    let hunted = ground.hunt(&["--halt=now", "-p2"], script).expect(1);
    let killed = "thread 1: 1 tries, result = interrupted";
    assert!(hunted.stdout.contains(killed), "{hunted:#?}");
    let rate = "failure rate: 1 of 1 run, 100% (95% CI 3–100%, approximate)";
    assert!(hunted.stdout.contains(rate), "{hunted:#?}");
    let stop = "stop:            after any run fails; kill what runs then";
    assert!(hunted.stdout.contains(stop), "{hunted:#?}");
}

#[test]
fn what_always_fails_is_said_to_be_no_flake() {
    let ground = Ground::new(Caller::Person, "true");
    // The hunt would end before all of them began.
    let script = r#"touch "$DESK/up-$GOCRASH_SLOT"
        until [ "$(ls "$DESK" | wc -l)" = 3 ]; do sleep 0.01; done; exit 3"#;
    let hunted = ground.hunt(&["-p3"], script).expect(1);
    let said = "not a flake: each of the 3 runs exited with code 3; the rate \
                counts them up to the one that ended the hunt";
    assert!(hunted.stdout.contains(said), "{hunted:#?}");
    assert!(!hunted.stdout.contains("until 99% sure"), "{hunted:#?}");
    let hunted = ground.hunt(&["-p1", "--max-fails=3"], "exit 3").expect(1);
    let said = "not a flake: each of the 3 runs exited with code 3\n";
    assert!(hunted.stdout.contains(said), "{hunted:#?}");
}

#[test]
fn a_hunt_in_which_every_run_is_excused_says_so_once() {
    let ground = Ground::new(Caller::Person, "true");
    let options = ["-p1", "--max-runs=2", "--stop-after=45", "--ignore=known"];
    let hunted = ground.hunt(&options, "echo known; exit 1").expect(125);
    let said = "gocrash: warning: 20 attempts in a row have no verdict, the \
                last one by --ignore\n  help: --max-runs ";
    assert_eq!(hunted.stderr.matches(said).count(), 1, "{hunted:#?}");
}

#[test]
fn the_output_decides_where_it_is_to() {
    for caller in Caller::all() {
        let ground = Ground::new(caller, "true");
        let script = format!(
            "{COUNT} case $n in
                1) echo no route; exit 1;;
                2) echo fine >&2; exit 1;;
                *) echo panic: at last;; esac"
        );
        let options =
            ["-p1", "--fail=^panic: ", "--pass=^fine$", "--ignore=no route"];
        let hunted = ground.hunt(&options, &script).expect(1);
        for said in [
            r#"output decides:  --pass "^fine$" --fail "^panic: " --ignore"#,
            // It lacks what is looked for, so there is nothing to ignore.
            "attempt 0: ignored for want of --fail (exited with code 1) after",
            "attempt 1: passed by --pass (exited with code 1) after",
            "attempt 2: failed by --fail (passed) after",
            "failure rate: 1 of 2 runs",
        ] {
            assert!(hunted.stdout.contains(said), "{said}: {hunted:#?}");
        }
        let upper = hunted.upper("kept: ");
        let log = std::fs::read_to_string(upper.join("test_run_stdout"));
        assert_eq!(log.unwrap(), "panic: at last\n");
    }
}

#[test]
fn a_log_that_is_long_is_read_to_its_end() {
    let ground = Ground::new(Caller::Person, "true");
    let script = "seq 1 1000000; echo the end";
    let options = ["-p1", "--fail=^the end$"];
    let begin = std::time::Instant::now();
    let hunted = ground.hunt(&options, script).expect(1);
    // No test of speed: it is to end at all.
    assert!(begin.elapsed() < Duration::from_secs(300), "{hunted:#?}");
}
