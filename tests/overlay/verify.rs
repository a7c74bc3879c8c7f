//! Whether what failed in an earlier hunt is fixed.

use std::fs;

use expect_test::{expect, expect_file};

use crate::ground::{Caller, Ground, Hunted};

/// Fails until it is fixed; later it takes its time.
const SUITE: &str = r#"[ -e "$DESK/fixed" ] && sleep 0.2"#;

/// On which four of four runs failed, by a hunt that is called `latest` then.
fn ground() -> Ground {
    let ground = Ground::new(Caller::Person, "true");
    ground.hunt(&["--max-fails=4"], SUITE).expect(1);
    ground
}

fn verify(ground: &Ground, options: &[&str]) -> Hunted {
    let source = ground.path("source");
    let source = source.to_str().unwrap();
    let begin = ["verify-fix", "--progress=none", source];
    let args = [&begin, options].concat();
    Hunted::new(ground.after(&args).output().unwrap())
}

fn fix(ground: &Ground) {
    fs::write(ground.path("desk/fixed"), "").unwrap();
}

#[test]
fn what_is_fixed_passes_as_often_as_it_takes() {
    let ground = ground();
    let before = ground.left();
    fix(&ground);
    let verified = verify(&ground, &["--baseline=latest"]).expect(0);
    let told: String = verified
        .stdout
        .replace(&before[0], "gocrash-MS")
        .lines()
        .filter(|line| {
            ["stop:", "baseline:", "to be sure:", "ended", "failure", "fixed"]
                .iter()
                .any(|part| line.starts_with(part))
        })
        .map(|line| match line.split_once(", about ") {
            Some((line, _)) => format!("{line}, about TIME\n"),
            None => format!("{line}\n"),
        })
        .collect();
    expect![[r#"
        stop:            after any run fails, or after 3 runs
        baseline:        4 of 4 runs, 100% (95% CI 40–100%), in gocrash-MS
        to be sure:      3 runs without a failure, for 99%, about TIME
        ended by: 3 runs, enough for 99% confidence
        failure rate: 0 of 3 runs, 0% (95% CI 0–71%)
        fixed: 3 runs without a failure, 99% sure
    "#]]
    .assert_eq(&told);
    let latest = format!("gocrash: latest is {}, begun ", before[0]);
    assert!(verified.stderr.starts_with(&latest), "{verified:#?}");
    assert_eq!(verified.stderr.lines().count(), 1);
    assert_eq!(ground.left(), before);
}

#[test]
fn what_is_not_fixed_fails_at_once() {
    let ground = ground();
    let log = format!("state/gocrash/{}/events.jsonl", ground.left()[0]);
    let log = format!("--baseline={}", ground.path(&log).display());
    let verified = verify(&ground, &[&log]).expect(1);
    let said = "\nnot fixed: a run failed as one of gocrash-";
    assert!(verified.stdout.contains(said), "{verified:#?}");
}

#[test]
fn what_the_suite_ran_with_is_taken_over() {
    let ground = Ground::new(Caller::Person, "true");
    let rules = ground.path("desk/rules");
    fs::write(&rules, "ignore <- `thing is slow`\n").unwrap();
    let rules = format!("--rules={}", rules.display());
    let suite = r#"[ ! -e "$DESK/other" ] || { echo error: other; exit 1; }
        [ "$GOCRASH_ATTEMPT" != 1 ] || { echo error: thing is slow; exit 1; }
        [ "$BUG" != 1 ] || { echo error: bug; exit 1; }"#;
    let options = ["-p1", "--env=BUG=1", "--max-fails=2", &rules];
    ground.hunt(&options, suite).expect(1);
    let verify = |options: &[&str], code| {
        let args = [&["--baseline=latest", "-p1"], options].concat();
        verify(&ground, &args).expect(code)
    };
    let failed = verify(&[], 1).stdout;
    assert!(failed.contains("\nnot fixed: a run failed as one of"), "{failed}");
    let refused = verify(&["--env=BUG=0"], 129).stderr;
    let said = "had environment BUG=1, not BUG=0\n";
    assert!(refused.contains(said), "{refused}");
    // What a rule says is known ends nothing.
    let fixed = verify(&["--env=BUG=0", "--force"], 0).stdout;
    assert!(
        fixed.contains("sure; forced: not the same environment\n"),
        "{fixed}"
    );
    fs::write(ground.path("desk/other"), "").unwrap();
    let failed = verify(&[], 1).stdout;
    let said = "\nnot fixed: a run failed, with no signature that a failure of";
    assert!(failed.contains(said), "{failed}");
}

#[test]
fn what_failed_before_a_hunt_was_resumed_counts() {
    let ground = Ground::new(Caller::Person, "true");
    let suite = r#"[ ! -e "$DESK/fixed" ] || exit 0
        touch "$DESK/fixed"; exit 7"#;
    ground.hunt(&["-p1", "--max-fails=2", "--max-runs=1"], suite).expect(1);
    let name = ground.left().remove(0);
    let log = ground.path("state/gocrash").join(&name).join("events.jsonl");
    let mut said = fs::read_to_string(&log).unwrap();
    // As if it had been resumed, and nothing had failed then.
    let over = said
        .lines()
        .last()
        .unwrap()
        .replace("\"failures\":1", "\"failures\":0");
    said += "{\"t_ns\":9000000000,\"event\":\"resumed\"}\n";
    said += &over;
    fs::write(&log, said + "\n").unwrap();
    let report = ground.after(&["report", "latest"]).output().unwrap();
    let report = Hunted::new(report).expect(0).stdout;
    let rate = "runs:       1 of 1 run, 100% (95% CI 3–100%, approximate)\n";
    assert!(report.contains(rate), "{report}");
    let options = ["--baseline=latest", "-p1"];
    let verified = verify(&ground, &options).expect(0).stdout;
    assert!(verified.contains("baseline:        1 of 1 run"), "{verified}");
}

#[test]
fn too_few_runs_are_no_verdict() {
    let ground = ground();
    fix(&ground);
    let options = ["--baseline=latest", "--confidence=99.9%", "--max-time=1ms"];
    let verified = verify(&ground, &options).expect(125);
    let said = " more runs without a failure until 99.9% sure that it is fixed";
    assert!(verified.stdout.contains(said), "{verified:#?}");
    let why = "gocrash: error: too few runs were done to be sure\n";
    assert!(verified.stderr.ends_with(why), "{verified:#?}");
}

#[test]
fn only_what_is_like_its_baseline_is_compared_with_it() {
    let ground = ground();
    fix(&ground);
    let left = ground.left();
    let refused = |options: &[&str]| {
        let options = [&["--baseline=latest"], options].concat();
        let refused = verify(&ground, &options).expect(129);
        assert_eq!(ground.left(), left);
        let lines = refused.stderr.lines();
        // When it began is another time each time.
        let lines = lines.filter(|l| !l.starts_with("gocrash: latest is "));
        let said: String = lines.map(|line| format!("{line}\n")).collect();
        said.replace(&left[0], "gocrash-MS")
    };
    let refusals = [
        refused(&["-p3"]),
        refused(&["--fail=x"]),
        refused(&["--", "true"]),
        refused(&["--cwd=sub", "--", "sh", "-c", SUITE]),
        refused(&["--max-runs=7"]),
        refused(&["--confidence=1"]),
        verify(&ground, &["--baseline=no-such"]).expect(129).stderr,
    ];
    // The same directory.
    let same = refused(&["-p3", "--cwd=.", "--", "sh", "-c", SUITE]);
    assert_eq!(same, refusals[0]);
    expect_file!["unlike.txt"].assert_eq(&refusals.concat());
    let forced = ["--baseline=latest", "--force", "-p3", "--", "true"];
    let told = verify(&ground, &forced).expect(0).stdout;
    let said = "\nforced:          command `sh -c '";
    assert!(told.contains(said), "{told}");
    assert!(told.contains(", now `true`; concurrency 2, now 3\n"), "{told}");
    let said = "99% sure; forced: not the same command, concurrency\n";
    assert!(told.contains(said), "{told}");
}

#[test]
fn a_hunt_in_which_nothing_failed_is_no_baseline() {
    let ground = Ground::new(Caller::Person, "true");
    let options = ["--max-runs=2", "--keep-success"];
    ground.hunt(&options, "true").expect(0);
    let verified = verify(&ground, &["--baseline=latest"]).expect(129);
    let said = "nothing failed in `gocrash-";
    assert!(verified.stderr.contains(said), "{verified:#?}");
}
