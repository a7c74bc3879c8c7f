//! The minimiser finds the smallest case, whatever hides it.

use std::cell::Cell;
use std::collections::BTreeSet;

use mchk::{Action, CaseRng, Checker, Minimizer, Stop, System, system};

fn has(part: &[usize], all: &[usize]) -> bool {
    all.iter().all(|one| part.contains(one))
}

fn minimize(n: usize, fails: impl FnMut(&[usize]) -> bool) -> Vec<usize> {
    let case: Vec<usize> = (0..n).collect();
    let found = Minimizer::new().minimize(&case, fails);
    assert!(found.complete);
    found.case
}

#[test]
fn finds_what_is_needed_and_nothing_else() {
    let wanted = [3, 4, 40, 77, 99];
    assert_eq!(minimize(100, |part| has(part, &wanted)), wanted);
    assert_eq!(minimize(100, |_| true), [0; 0]);
    assert_eq!(minimize(0, |_| true), [0; 0]);
    let all: Vec<usize> = (0..50).collect();
    assert_eq!(minimize(50, |part| part.len() == 50), all);
}

#[test]
fn needs_few_runs() {
    let wanted = [3, 77, 161, 162, 391, 500, 634, 721, 868, 930];
    let case: Vec<usize> = (0..1000).collect();
    let found = Minimizer::new()
        .pairs_max(0)
        .minimize(&case, |part| has(part, &wanted));
    assert_eq!(found.case, wanted);
    assert!(found.evaluations < 100, "{}", found.evaluations);
}

#[test]
fn goes_along_a_chain_in_either_direction() {
    let to_the_front = |part: &[usize]| part.iter().copied().eq(0..part.len());
    assert_eq!(minimize(300, to_the_front), [0; 0]);
    let to_the_back =
        |part: &[usize]| part.iter().copied().eq(300 - part.len()..300);
    assert_eq!(minimize(300, to_the_back), [0; 0]);
}

#[test]
fn removes_pairs_that_can_only_go_together() {
    let pairs = [(2, 30), (5, 6), (10, 44)];
    let fails = |part: &[usize]| {
        let has = |one| part.contains(&one);
        has(20) && pairs.iter().all(|&(a, b)| has(a) == has(b))
    };
    assert_eq!(minimize(50, fails), [20]);
}

#[test]
fn leaves_nothing_that_could_go_whatever_the_oracle() {
    // Oracles without any order: a part fails if its hash says so, or if it
    // is the whole, or holds one of a few sets; some fail early.
    for seed in 0..300 {
        let mut rng = CaseRng::new(seed);
        let n = rng.range(1..40);
        let odds = rng.below(5);
        let sets: Vec<Vec<usize>> = (0..rng.range(1..4))
            .map(|_| (0..n).filter(|_| rng.one_in(6)).collect())
            .collect();
        let fails = |part: &[usize]| {
            let mut hash = CaseRng::new(part.iter().fold(seed, |sum, i| {
                sum.wrapping_mul(31).wrapping_add(*i as u64)
            }));
            part.len() == n
                || sets.iter().any(|set| has(part, set))
                || hash.below(20) < odds
        };
        let cut = seed % 2 == 1;
        let oracle = |part: &[usize]| {
            let early = (0..part.len()).find(|&len| fails(&part[..len]));
            let len = early.filter(|_| cut).unwrap_or(part.len());
            fails(&part[..len]).then(|| part[..len].to_vec())
        };
        let minimizer = Minimizer::new();
        let found = minimizer.minimize_indices(n, oracle);
        assert!(found.complete && fails(&found.case), "seed {seed}");
        for place in 0..found.case.len() {
            let mut part = found.case.clone();
            part.remove(place);
            assert!(!fails(&part), "seed {seed}: {place} of {found:?}");
        }
    }
}

#[test]
fn an_answer_that_cannot_be_does_no_harm() {
    type Oracle = fn(&[usize]) -> Option<Vec<usize>>;
    let oracles: [(Oracle, usize); 4] = [
        (|_| Some((0..100).collect()), 0),
        (|_| Some(vec![1000, 7]), 0),
        (|part| Some(part.iter().chain(&[99]).copied().collect()), 0),
        (|part| has(part, &[3]).then(|| vec![3, 3, 50, 70]), 1),
    ];
    for (oracle, len) in oracles {
        let minimizer = Minimizer::new();
        let found = minimizer.minimize_indices(100, oracle);
        assert!(found.complete && found.evaluations < 100, "{found:?}");
        assert_eq!(found.case.len(), len, "{found:?}");
    }
}

#[test]
fn stops_at_its_limit_with_what_it_has() {
    let case: Vec<usize> = (0..1000).collect();
    let minimizer = Minimizer::new().evaluations_max(20);
    let found = minimizer.minimize(&case, |part| has(part, &[1, 500, 900]));
    assert_eq!(found.evaluations, 20);
    assert!(!found.complete && found.case.len() < 1000);
    assert!(has(&found.case, &[1, 500, 900]));
}

#[test]
fn sees_through_failures_that_show_only_sometimes() {
    let wanted = [11, 12, 150, 290];
    for (seed, rate) in [(1, 0.5), (2, 0.9), (3, 0.2)] {
        let mut rng = CaseRng::new(seed);
        let case: Vec<usize> = (0..300).collect();
        let minimizer = Minimizer::new().failure_rate(rate);
        let found = minimizer.minimize(&case, |part| {
            has(part, &wanted) && rng.below(1000) < (rate * 1000.0) as u64
        });
        assert_eq!(found.case, wanted, "rate {rate}");
    }
}

/// A system that fails by `bug(all actions so far)`.
fn recorder<B>(bug: B) -> impl System<State = Vec<usize>, Params = usize>
where
    B: Fn(&[usize]) -> Result<(), Stop>,
{
    system(
        Vec::new,
        |done: &Vec<usize>, _: &mut CaseRng| Action::new(done.len()),
        move |done: &mut Vec<usize>, action: &usize| {
            done.push(*action);
            bug(done)
        },
    )
}

#[test]
fn cuts_what_was_never_run() {
    let checker = Checker::new(recorder(|done| match has(done, &[3, 7]) {
        true => Err(Stop::failed("both")),
        false => Ok(()),
    }));
    let case: Vec<usize> = (0..1000).collect();
    let error = checker.minimize_case(&case).unwrap_err().failed().unwrap();
    assert_eq!(error.original.len(), 8);
    assert_eq!(error.minimal, [3, 7]);
}

#[test]
fn never_slips_to_another_bug() {
    // Using what was not created fails too, but elsewhere: with 50 made up
    // before 90 is used, removing 50 must not count as the same failure.
    let bug = |done: &[usize]| {
        let last = done[done.len() - 1];
        if last == 90 && !done.contains(&50) {
            return Err(Stop::failed("not created"));
        }
        if last == 90 && done.contains(&20) {
            return Err(Stop::failed("created twice"));
        }
        Ok(())
    };
    let case: Vec<usize> = (0..100).collect();
    let checker = Checker::new(recorder(bug));
    let error = checker.minimize_case(&case).unwrap_err().failed().unwrap();
    assert_eq!(error.minimal, [20, 50, 90]);
    assert_eq!(error.failure, error.original_failure);
}

#[test]
fn a_fingerprint_tells_bugs_of_one_place_apart() {
    let bug = |fingerprint: bool| {
        move |done: &[usize]| {
            let kind = match done {
                [.., 9] if done.contains(&5) => "first",
                [.., 9] => "second",
                _ => return Ok(()),
            };
            let stop = Stop::failed(kind);
            Err(if fingerprint { stop.fingerprint(kind) } else { stop })
        }
    };
    let minimal = |fingerprint| {
        let checker = Checker::new(recorder(bug(fingerprint)));
        let case: Vec<usize> = (0..10).collect();
        checker.minimize_case(&case).unwrap_err().failed().unwrap().minimal
    };
    assert_eq!(minimal(true), [5, 9]);
    assert_eq!(minimal(false), [9]);
}

#[test]
fn leaves_out_what_no_longer_makes_sense() {
    // n locks, −n unlocks what n locked, and 0 fails when nothing is locked
    // and all marks, from 100 on, were made. Marks stand between the rest,
    // no unlocking can go alone, and no locking without its unlocking.
    let locks = system(
        || (BTreeSet::new(), 0),
        |_, _: &mut CaseRng| Action::new(0),
        |(locked, marks): &mut (BTreeSet<i32>, u32), action: &i32| {
            match *action {
                100.. => *marks += 1,
                lock @ 1.. => _ = locked.insert(lock),
                0 if locked.is_empty() && *marks == 40 => {
                    return Err(Stop::failed("open"));
                }
                0 => {}
                unlock if locked.remove(&-unlock) => {}
                _ => return Err(Stop::Invalid),
            }
            Ok(())
        },
    );
    let case: Vec<i32> = (1..=20)
        .flat_map(|n| [n, 100 + n])
        .chain((1..=20).flat_map(|n| [-n, 200 + n]))
        .chain([0])
        .collect();
    let checker = Checker::new(locks);
    let error = checker.minimize_case(&case).unwrap_err().failed().unwrap();
    assert_eq!(error.minimal.len(), 41, "{error}");
    // The first of these makes no sense, and does no harm.
    assert_eq!(checker.run_case(&[-1, 1, -1]).unwrap().invalid, 1);
}

#[test]
fn makes_values_simple_once_actions_are_few() {
    let adding = system(
        || 0,
        |_: &u64, rng: &mut CaseRng| Action::new(rng.below(1000)),
        |sum: &mut u64, step: &u64| {
            *sum += step;
            if *sum >= 1234 {
                return Err(Stop::failed("too much"));
            }
            Ok(())
        },
    )
    .shrink(|step| {
        vec![0, step / 2, step.saturating_sub(1)]
            .into_iter()
            .filter(|simpler| simpler < step)
            .collect()
    });
    let checker = Checker::new(adding);
    let error = checker.minimize_case(&[700, 100, 20, 800]).unwrap_err();
    assert_eq!(error.failed().unwrap().minimal, [700, 534]);
}

/// Fails with the essential actions in order, so often as the rate says.
fn flaky(rate: f64, seed: u64) -> impl System<Params = usize> {
    let rng = std::cell::RefCell::new(CaseRng::new(seed));
    recorder(move |done| {
        let due = has(done, &[40, 90, 130]) && done.ends_with(&[200]);
        let lucky = rng.borrow_mut().below(1000) >= (rate * 1000.0) as u64;
        if due && !lucky {
            return Err(Stop::failed("sometimes"));
        }
        Ok(())
    })
}

#[test]
fn a_flaky_system_is_minimised_and_its_rate_told() {
    let case: Vec<usize> = (0..=200).collect();
    for seed in 0..10 {
        let checker = Checker::new(flaky(0.5, seed));
        let Err(error) = checker.minimize_case(&case) else { continue };
        let error = error.failed().unwrap();
        assert_eq!(error.minimal, [40, 90, 130, 200], "seed {seed}");
        assert!((4..17).contains(&error.rate.failed), "{}", error.rate);
    }
}

#[test]
fn walks_back_when_the_failure_gets_rare() {
    // Without 40 it still fails, but only one time in three.
    let case: Vec<usize> = (0..=60).collect();
    for seed in 0..30 {
        let rng = std::cell::RefCell::new(CaseRng::new(seed));
        let checker = Checker::new(recorder(move |done| {
            let often = if done.contains(&40) { 90 } else { 33 };
            let chance = || rng.borrow_mut().below(100) < often;
            if done.ends_with(&[60]) && chance() {
                return Err(Stop::failed("sometimes"));
            }
            Ok(())
        }));
        let Err(error) = checker.minimize_case(&case) else { continue };
        let error = error.failed().unwrap();
        let rare = error.rate.share() < 0.35;
        assert!(!rare || error.minimal.contains(&40), "{seed}: {error}");
    }
}

#[test]
fn what_is_left_at_the_limit_of_runs_is_verified() {
    let bug = |done: &[usize]| match has(done, &[5, 500, 900]) {
        true => Err(Stop::failed("all")),
        false => Ok(()),
    };
    let case: Vec<usize> = (0..1000).collect();
    for evaluations_max in [0, 1, 2, 3, 10, 20] {
        let checker =
            Checker::new(recorder(bug)).evaluations_max(evaluations_max);
        let error = checker.minimize_case(&case).unwrap_err();
        let error = error.failed().unwrap();
        // The first two look at the original again.
        let verified = if evaluations_max > 2 { 20 } else { 0 };
        assert_eq!(error.evaluations, evaluations_max + verified);
        assert!(verified == 0 || error.rate.failed == verified, "{error}");
        let trouble = error.trouble.unwrap();
        assert_eq!(trouble, "minimising reached its limit of runs");
    }
}

#[test]
fn snapshots_save_most_of_the_actions() {
    let applied = |snapshots| {
        let wanted = [101, 305, 500, 730, 850, 999];
        let bug = move |done: &[usize]| match has(done, &wanted) {
            true => Err(Stop::failed("all")),
            false => Ok(()),
        };
        let mut checker = Checker::new(recorder(bug)).verify_runs(1);
        if snapshots {
            checker = checker.snapshots();
        }
        let case: Vec<usize> = (0..1000).collect();
        let error = checker.minimize_case(&case).unwrap_err();
        let error = error.failed().unwrap();
        assert_eq!(error.minimal, wanted);
        error.applied
    };
    let (without, with) = (applied(false), applied(true));
    assert!(with * 4 < without, "{with} of {without}");
}

#[test]
fn snapshots_that_lie_do_not_lead_astray() {
    // The state is more than its clone shows: how many clones were made.
    #[derive(Default)]
    struct Lying(Vec<usize>, Cell<bool>);
    impl Clone for Lying {
        fn clone(&self) -> Lying {
            Lying(self.0.clone(), Cell::new(true))
        }
    }
    let lying = system(
        Lying::default,
        |_: &Lying, _: &mut CaseRng| Action::new(0),
        |state: &mut Lying, action: &usize| {
            state.0.push(*action);
            let fails = state.1.get() || state.0.contains(&30);
            if *action == 99 && fails {
                return Err(Stop::failed("wrong"));
            }
            Ok(())
        },
    );
    let case: Vec<usize> = (0..100).collect();
    let checker = Checker::new(lying).snapshots();
    let error = checker.minimize_case(&case).unwrap_err().failed().unwrap();
    assert_eq!(error.minimal, [30, 99]);
    assert_eq!((error.rate.failed, error.rate.runs), (20, 20));

    // Where no run is left to search without them, the way back is open.
    let checker = checker.evaluations_max(8);
    let error = checker.minimize_case(&case).unwrap_err().failed().unwrap();
    assert!(has(&error.minimal, &[30, 99]), "{error}");
    assert_eq!((error.rate.failed, error.rate.runs), (20, 20));
}
