//! What is printed for a failure leads back to it.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use std::{env, fs, thread};

use mchk::{
    Action, CaseRng, CheckErr, Checker, EnvError, Report, RunErr, Stop, System,
};

include!("paste/bank.rs");

struct BankSystem;

impl System for BankSystem {
    type State = Bank;
    type Params = Op;

    fn init(&self) -> Result<Bank, EnvError> {
        Ok(Bank::default())
    }

    fn next(&self, _: &Bank, rng: &mut CaseRng) -> Action<Op> {
        let name = ["a\"b", "c\\d", "e\n"][rng.range(0..3)].to_owned();
        let cents = rng.below(500);
        let kinds = [("open", 2), ("deposit", 3), ("close", 1)];
        Action::new(match rng.kind(&kinds) {
            "open" => Op::Open { name },
            "deposit" => Op::Deposit { name, cents },
            _ => Op::Close(name),
        })
    }

    fn apply(&self, bank: &mut Bank, op: &Op) -> Result<(), Stop> {
        bank.apply(op).map_err(|error| Stop::failed(error))
    }

    /// The `Debug` of a `String` is a `&str` in source.
    fn source(&self, op: &Op) -> String {
        match op {
            Op::Open { name } => {
                format!("Open {{ name: {name:?}.into() }}")
            }
            Op::Deposit { name, cents } => {
                format!("Deposit {{ name: {name:?}.into(), cents: {cents} }}")
            }
            Op::Close(name) => format!("Close({name:?}.into())"),
        }
    }
}

fn checker() -> Checker<BankSystem> {
    Checker::new(BankSystem).max_length(60).json()
}

#[track_caller]
fn failed<P>(result: Result<Report, CheckErr<P>>) -> RunErr<P> {
    result.expect_err("it fails").failed().expect("by the system")
}

/// What stands indented below the line that begins so.
fn block<'a>(printed: &'a str, heading: &str) -> Vec<&'a str> {
    printed
        .lines()
        .skip_while(|line| !line.starts_with(heading))
        .skip(2)
        .take_while(|line| line.starts_with("    "))
        .collect()
}

#[test]
fn the_printed_case_compiles_and_fails_alike() {
    let error = failed(checker().seed(1).run_times(1_000));
    let printed = error.to_string();
    let case = block(&printed, "the case, for `run_case`").join("\n");
    let bank = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bank = bank.join("tests/paste/bank.rs");
    let source = format!(
        "#![allow(unused, unexpected_cfgs)]\n\
         include!({bank:?});\nuse Op::*;\n\
         fn main() {{\n    let case: &[Op] = {case};\n\
         let mut bank = Bank::default();\n\
         for op in case {{ if let Err(error) = bank.apply(op) {{\n\
         print!(\"{{error}}\"); return; }} }}\n}}\n"
    );
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pasted.rs");
    fs::write(&file, &source).unwrap();
    let program = directory.path().join("pasted");
    let compiler = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let compiled = Command::new(compiler)
        .args(["--edition=2024", "-o"])
        .args([&program, &file])
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.status.success(), "{source}\n{complaint}");
    let ran = Command::new(&program).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(said, error.failure.message());
}

#[test]
fn the_printed_json_fails_alike() {
    let error = failed(checker().run_times(1_000));
    let printed = error.to_string();
    let json = block(&printed, "for `run_case_json`").join("");
    let again = failed(checker().run_case_json(json.trim()));
    assert_eq!(again.original, error.minimal);
    assert_eq!(again.failure, error.failure);
}

#[test]
fn numbers_survive_json() {
    let sum = || {
        mchk::system(
            || 0,
            |count: &u32, rng: &mut CaseRng| {
                let wide = u128::from(rng.next_u64()) << 64 | 1;
                let float = f64::from_bits(rng.next_u64() >> 2);
                let action = Action::new((wide, float));
                Action { incomplete: *count < 99, ..action }
            },
            |count: &mut u32, _: &(u128, f64)| {
                *count += 1;
                match count {
                    100 => Err(Stop::failed("a hundred")),
                    _ => Ok(()),
                }
            },
        )
    };
    let checker = Checker::new(sum()).json();
    let error = failed(checker.run());
    let again = failed(checker.run_case_json(&error.json.unwrap()));
    assert_eq!(again.original, error.minimal);
}

#[test]
fn what_is_no_case_is_refused() {
    for json in ["", "[{]", "[\"Borrow\"]", "{\"actions\": 3}"] {
        let refused = checker().run_case_json(json);
        assert!(matches!(refused, Err(CheckErr::Unproven(_))), "{json}");
    }
}

/// Runs a test of this file in a process of its own, with these variables.
fn rerun(test: &str, variables: &[(&str, &str)]) -> Output {
    Command::new(env::current_exe().expect("a test has a path"))
        .args([test, "--exact", "--ignored", "--nocapture"])
        .envs(variables.iter().copied())
        .output()
        .expect("it runs already")
}

#[test]
#[ignore = "run by other tests, with variables set"]
fn child_runs_once() {
    println!("ran: {:?}", checker().max_length(60).run());
}

#[test]
#[ignore = "run by other tests, with variables set"]
fn child_runs_for_a_nanosecond() {
    // There is no failure in the first run, and there are some later.
    let checker = checker().max_length(8).seed(1).minimize(false);
    println!("ran: {:?}", checker.run_for(Duration::from_nanos(1)));
}

#[test]
fn seed_and_case_are_taken_from_the_environment() {
    let error = failed(checker().run_times(1_000));
    let message = format!("{}\n", error.failure);
    let seed = format!("{:#x}", error.seed.unwrap());
    let json = error.json.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("case.json");
    fs::write(&file, &json).unwrap();
    let file = file.to_str().unwrap();
    for (name, value) in [
        ("MCHK_SEED", seed.as_str()),
        ("MCHK_CASE", json.as_str()),
        ("MCHK_CASE", file),
    ] {
        let output = rerun("child_runs_once", &[(name, value)]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains(&message), "{name}={value}\n{said}");
    }
    let output = rerun("child_runs_once", &[("MCHK_SEED", "never")]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("`MCHK_SEED` is no number"), "{said}");
}

#[test]
fn time_is_taken_from_the_environment() {
    let said = |variables: &[_]| {
        let output = rerun("child_runs_for_a_nanosecond", variables);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let once = said(&[]);
    assert!(once.contains("ran: Ok(") && once.contains("runs: 1,"), "{once}");
    let longer = said(&[("MCHK_TIME", "1h")]);
    assert!(longer.contains("is too rich"), "{longer}");
    let never = said(&[("MCHK_TIME", "0")]);
    assert!(never.contains("there was no time to run"), "{never}");
}

#[test]
fn regressions_are_kept_and_tried_first() {
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().join("cases");
    let error = failed(checker().regressions(&kept).run_times(1_000));
    let file = error.file.clone().unwrap();
    let names: Vec<_> = fs::read_dir(&kept).unwrap().collect();
    assert_eq!(names.len(), 1);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("is too rich"), "{text}");

    // A run too short to fail by itself fails by what was kept.
    let short = checker().regressions(&kept).max_length(1);
    let again = failed(short.run());
    assert_eq!(again.minimal, error.minimal);
    assert_eq!(again.seed, None);
    assert_eq!(failed(checker().run_case_json(&text)).failure, error.failure);

    fs::write(&file, "not a case").unwrap();
    let refused = short.run().unwrap_err().to_string();
    assert!(refused.contains(file.to_str().unwrap()), "{refused}");
}

#[test]
#[ignore = "run by other tests, with variables set"]
fn child_keeps_cases() {
    let kept = env::var("KEPT").unwrap();
    println!("ran: {:?}", checker().max_length(1).regressions(kept).run());
}

#[test]
fn a_seed_is_not_kept_waiting_by_a_kept_case() {
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().to_str().unwrap();
    failed(checker().regressions(kept).run_times(1_000));
    let with = |variables: &[(&str, &str)]| {
        let output = rerun("child_keeps_cases", variables);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let said = with(&[("KEPT", kept)]);
    assert!(said.contains("is too rich"), "{said}");
    // A run of one action, which cannot fail.
    let said = with(&[("KEPT", kept), ("MCHK_SEED", "1")]);
    assert!(said.contains("runs: 1, actions: 1"), "{said}");
}

#[test]
fn what_kept_cases_apply_does_not_make_up_for_a_search() {
    let directory = tempfile::tempdir().unwrap();
    let close = r#"[{"Open":{"name":"x"}},{"Close":"x"}]"#;
    fs::write(directory.path().join("case.json"), close).unwrap();
    let kept = || checker().regressions(directory.path()).max_length(0);
    for nothing in [kept().run(), kept().max_length(1).run_times(0)] {
        assert!(matches!(nothing, Err(CheckErr::Unproven(_))), "{nothing:?}");
    }
    // The one action of the run opens or deposits, by this seed.
    let required = kept().max_length(1).seed(1).require("Close", 1).run();
    let error = required.unwrap_err().to_string();
    assert!(error.contains("`Close` was applied 0 times"), "{error}");
}

#[test]
fn a_case_is_kept_once_however_often_it_fails() {
    let directory = tempfile::tempdir().unwrap();
    let kept = || checker().regressions(directory.path());
    let error = failed(kept().run_times(1_000));
    let file = error.file.clone().unwrap();
    let again = failed(kept().run());
    assert_eq!(again.file, error.file);
    assert_eq!(failed(kept().minimize(false).run()).file, error.file);
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(failed(kept().run_case_json(&text)).file, None);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_case_that_cannot_be_kept_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    // Nothing is there, and no directory can be made.
    std::os::unix::fs::symlink("nowhere", &file).unwrap();
    let error = failed(checker().regressions(&file).run_times(1_000));
    assert_eq!(error.file, None);
    let printed = error.to_string();
    assert!(printed.contains("\nnot kept: `"), "{printed}");
}

#[test]
fn a_case_that_could_not_be_read_again_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let failing = mchk::system(
        || (),
        |(), _: &mut CaseRng| Action::new(f64::NAN),
        |(), _: &f64| Err(Stop::failed("wrong")),
    );
    let checker = Checker::new(failing).regressions(directory.path());
    for _ in 0..2 {
        let error = failed(checker.run());
        assert!(error.unkept.unwrap().contains("read again"));
    }
}

#[test]
#[ignore = "run by other tests, with variables set"]
fn child_is_interrupted_at_the_second_run() {
    let runs = std::cell::Cell::new(0);
    let failing = mchk::system(
        || 0,
        |count: &u32, _: &mut CaseRng| Action::new(*count),
        |count: &mut u32, _: &u32| {
            *count += 1;
            if *count == 3 {
                runs.set(runs.get() + 1);
                if runs.get() == 2 {
                    std::process::exit(7);
                }
                return Err(Stop::failed("three"));
            }
            Ok(())
        },
    );
    let kept = env::var("KEPT").unwrap();
    println!("{:?}", Checker::new(failing).regressions(kept).run());
}

#[test]
fn an_interrupt_before_the_first_step_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().to_str().unwrap();
    let child = "child_is_interrupted_at_the_second_run";
    assert_eq!(rerun(child, &[("KEPT", kept)]).status.code(), Some(7));
    let entry = fs::read_dir(kept).unwrap().next().expect("it is kept");
    let text = fs::read_to_string(entry.unwrap().path()).unwrap();
    assert!(text.ends_with("[\n0,\n1,\n2\n]\n}\n"), "{text}");
}

#[test]
#[ignore = "run by other tests, with variables set"]
fn child_is_interrupted_while_minimising() {
    // Ends the process when half of the actions were removed.
    struct Interrupted(Checker<BankSystem>);
    let kept = env::var("KEPT").unwrap();
    let case: Vec<Op> = (0..40)
        .map(|i| Op::Open { name: format!("account {i}") })
        .chain([Op::Close("account 3".to_owned())])
        .chain([Op::Deposit { name: "account 5".to_owned(), cents: 2000 }])
        .collect();
    impl System for Interrupted {
        type State = Vec<Op>;
        type Params = Op;
        fn init(&self) -> Result<Vec<Op>, EnvError> {
            Ok(Vec::new())
        }
        fn next(&self, _: &Vec<Op>, _: &mut CaseRng) -> Action<Op> {
            unreachable!("the case is given")
        }
        fn apply(&self, done: &mut Vec<Op>, op: &Op) -> Result<(), Stop> {
            done.push(op.clone());
            // Half of the case is gone, by steps that were accepted.
            if done.len() < 20 && matches!(op, Op::Deposit { .. }) {
                std::process::exit(7);
            }
            let system = self.0.system();
            let mut bank = system.init()?;
            for op in done.iter() {
                system.apply(&mut bank, op)?;
            }
            Ok(())
        }
    }
    let checker = Checker::new(Interrupted(checker())).regressions(kept);
    println!("{:?}", checker.minimize_case(&case));
}

#[test]
fn an_interrupt_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().to_str().unwrap();
    let child = "child_is_interrupted_while_minimising";
    assert_eq!(rerun(child, &[("KEPT", kept)]).status.code(), Some(7));
    let entry = fs::read_dir(kept).unwrap().next().unwrap().unwrap();
    let text = fs::read_to_string(entry.path()).unwrap();
    let left = failed(checker().run_case_json(&text)).original.len();
    assert!(left < 42, "no step was kept: {text}");
}

#[test]
#[ignore = "run by other tests, with variables set"]
fn child_hangs() {
    let hanging = mchk::system(
        || 0,
        |count: &u32, _: &mut CaseRng| Action::new(*count),
        |count: &mut u32, _: &u32| {
            *count += 1;
            if *count == 3 {
                loop {
                    thread::park();
                }
            }
            Ok(())
        },
    );
    let kept = env::var("KEPT").unwrap();
    Checker::new(hanging)
        .regressions(kept)
        .action_time_limit(Duration::from_millis(50))
        .run()
        .unwrap();
}

#[test]
fn an_action_that_hangs_leaves_its_case() {
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().join("made when needed");
    let kept = kept.to_str().unwrap();
    let output = rerun("child_hangs", &[("KEPT", kept)]);
    assert!(!output.status.success());
    let entry = fs::read_dir(kept).unwrap().next().unwrap().unwrap();
    let text = fs::read_to_string(entry.path()).unwrap();
    assert_eq!(text, "[\n0,\n1,\n2\n]\n");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(entry.path().to_str().unwrap()), "{said}");

    // It is the first to be tried again, and hangs as before.
    assert!(!rerun("child_hangs", &[("KEPT", kept)]).status.success());
    assert_eq!(fs::read_dir(kept).unwrap().count(), 1);
}
