//! What a check promises: the original's own test first.

use std::time::Duration;

use mchk::{
    Action, CaseRng, CheckErr, Checker, EnvError, Stop, System, system,
};

/// Steps of +1 or −1, one in three, must not add up to more than 5.
fn counter() -> impl System<State = i32, Params = i32> + Sync {
    system(
        || 0,
        |_: &i32, rng: &mut CaseRng| {
            Action::new(if rng.one_in(3) { -1 } else { 1 })
        },
        |sum: &mut i32, step: &i32| {
            *sum += step;
            if *sum > 5 {
                return Err(Stop::failed(format!("{sum} is above 5")));
            }
            Ok(())
        },
    )
}

#[test]
fn four_actions_never_fail_and_twenty_do_and_replay_alike() {
    let short = Checker::new(counter()).max_length(4);
    short.run_for(Duration::from_millis(50)).unwrap();

    let long = Checker::new(counter()).max_length(20);
    let error = long.run_times(1_000).unwrap_err().failed().unwrap();
    assert_eq!(error.minimal, [1; 6]);

    let again = long.run_case(&error.minimal).unwrap_err().failed().unwrap();
    assert_eq!(again.failure, error.failure);
    let again = long.run_case(&error.original).unwrap_err().failed().unwrap();
    assert_eq!(again.failure, error.original_failure);
}

#[test]
fn a_seed_leads_to_the_same_case() {
    let run = |seed| {
        let checker =
            Checker::new(counter()).max_length(20).seed(seed).minimize(false);
        checker.run_times(1_000).unwrap_err().failed().unwrap()
    };
    let first = run(7);
    assert_eq!(run(7).original, first.original);
    // The seed that is printed is that of the run itself.
    let seed = first.seed.unwrap();
    let alone = Checker::new(counter()).max_length(20).seed(seed).run();
    assert_eq!(alone.unwrap_err().failed().unwrap().original, first.original);
}

#[test]
fn several_jobs_find_it_too() {
    let checker = Checker::new(counter()).max_length(20).jobs(3);
    let error = checker.run_times(1_000).unwrap_err().failed().unwrap();
    assert_eq!(error.minimal, [1; 6]);
    let fine = Checker::new(counter()).max_length(4).jobs(3).run_times(100);
    assert_eq!(fine.unwrap().runs, 100);
}

#[test]
fn incomplete_and_terminate_shape_the_run() {
    // Each lock must be followed by an unlock; a stop ends the run.
    let run = |stop_at| {
        let door = system(
            || 0,
            move |count: &u32, _: &mut CaseRng| match count {
                n if *n == stop_at => Action::terminate("stop"),
                n if n % 2 == 0 => Action::incomplete("lock"),
                _ => Action::new("unlock"),
            },
            |count: &mut u32, _: &&str| {
                *count += 1;
                Ok(())
            },
        );
        Checker::new(door).max_length(5).run().unwrap()
    };
    let past_the_length = run(100);
    assert_eq!(past_the_length.labels["\"lock\""], 3);
    assert_eq!(past_the_length.labels["\"unlock\""], 3);
    assert_eq!(run(2).actions, 3);
}

#[test]
fn what_is_incomplete_for_ever_is_an_error() {
    let endless = system(
        || (),
        |(), _: &mut CaseRng| Action::incomplete(()),
        |(), (): &()| Ok(()),
    );
    let error = Checker::new(endless).run().unwrap_err();
    assert!(
        matches!(&error, CheckErr::Unproven(why)
        if why.contains("did not end")),
        "{error}"
    );
}

#[test]
fn a_check_that_shows_nothing_does_not_pass() {
    let unproven = |result| matches!(result, Err(CheckErr::Unproven(_)));
    let checker = Checker::new(counter()).max_length(4);
    assert!(unproven(checker.run_for(Duration::ZERO)));
    assert!(unproven(checker.run_times(0)));
    assert!(unproven(Checker::new(counter()).max_length(0).run()));
    assert!(checker.run_for(Duration::from_nanos(1)).unwrap().runs >= 1);

    let useless = system(
        || (),
        |(), _: &mut CaseRng| Action::new(()),
        |(), (): &()| Err(Stop::Invalid),
    );
    let nothing = Checker::new(useless).run_times(3);
    assert!(matches!(nothing, Err(CheckErr::Unproven(_))));
}

#[test]
fn a_rule_that_was_never_tried_fails_the_check() {
    let checker = Checker::new(counter()).max_length(4).seed(1);
    let tried = checker.require("-1", 1).require("1", 1);
    let report = tried.run_times(50).unwrap();
    assert_eq!(report.actions, 200);
    assert_eq!(report.labels["1"] + report.labels["-1"], 200);
    let error = tried.require("2", 1).run_times(50).unwrap_err();
    assert!(error.to_string().contains("`2` was applied 0 times"), "{error}");
}

#[test]
fn a_panic_is_a_failure_at_its_own_place() {
    let panicking = system(
        || 0,
        |_: &u32, _: &mut CaseRng| Action::new(2),
        |sum: &mut u32, step: &u32| {
            *sum += step;
            assert!(*sum < 4, "the sum is {sum}");
            Ok(())
        },
    );
    let checker = Checker::new(panicking);
    let error = checker.run_times(100).unwrap_err().failed().unwrap();
    assert_eq!(error.minimal, [2, 2]);
    assert_eq!(error.failure.message(), "panic: the sum is 4");
    assert!(error.failure.location().contains("tests/contract.rs"));
}

#[test]
fn a_question_mark_is_a_failure_at_its_own_place() {
    let parsing = system(
        || (),
        |(), _: &mut CaseRng| Action::new("4x"),
        |(), text: &&str| {
            let _: u32 = text.parse()?;
            Ok(())
        },
    );
    let line = line!() - 4;
    let error = Checker::new(parsing).run().unwrap_err().failed().unwrap();
    let place = format!("tests/contract.rs:{line}:");
    assert!(error.failure.location().contains(&place), "{error}");
}

#[test]
fn closures_say_how_an_action_is_called_and_written() {
    let naming = system(
        || (),
        |(), _: &mut CaseRng| Action::new("a".to_owned()),
        |(), name: &String| match name.as_str() {
            "b" => Err(Stop::failed("wrong")),
            _ => Ok(()),
        },
    )
    .label(|name| format!("name {name}"))
    .source(|name| format!("{name:?}.into()"));
    let checker = Checker::new(naming);
    assert_eq!(checker.run().unwrap().labels["name a"], 10);
    let error = checker.run_case(&["b".to_owned()]).unwrap_err();
    assert!(error.to_string().contains("        \"b\".into(),"), "{error}");
}

#[test]
fn swarms_try_what_a_fair_mix_does_not() {
    // Fails when nothing was ever closed within a long run.
    struct Never;
    impl System for Never {
        type State = u32;
        type Params = &'static str;
        fn init(&self) -> Result<u32, EnvError> {
            Ok(0)
        }
        fn next(&self, _: &u32, rng: &mut CaseRng) -> Action<&'static str> {
            Action::new(rng.kind(&[("open", 1), ("close", 1)]))
        }
        fn apply(&self, open: &mut u32, kind: &&str) -> Result<(), Stop> {
            *open = if *kind == "open" { *open + 1 } else { 0 };
            if *open == 40 {
                return Err(Stop::failed("forty in a row"));
            }
            Ok(())
        }
    }
    let checker = || Checker::new(Never).max_length(50).seed(9);
    assert!(checker().run_times(200).is_ok());
    assert!(checker().swarm(true).run_times(200).is_err());
}
