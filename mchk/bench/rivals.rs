//! The minimisers compared, each driven as its users get it.

use std::cell::RefCell;
use std::sync::atomic::Ordering;

use mchk::{Action, CaseRng, Checker, Minimizer, Stop, system};
use proptest::strategy::{BoxedStrategy, Just, Strategy};
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use proptest_state_machine::ReferenceStateMachine;
use quickcheck::{Arbitrary, Gen, QuickCheck};

use crate::oracle::{Oracle, Outcome, Rule};

/// A minimiser: it gets the oracle of a case known to fail, and gives the
/// case it ends with.
pub type Minimize = fn(&mut Oracle) -> Vec<usize>;

/// Those compared, and their names in the table.
pub const RIVALS: [(&str, Minimize); 4] = [
    ("mchk", mchk_alone),
    ("proptest-state-machine", proptest_state_machine),
    ("quickcheck", quickcheck_vec),
    ("one at a time", one_at_a_time),
];

/// The minimiser of mchk alone. Pairs are not tried.
pub fn mchk_alone(oracle: &mut Oracle) -> Vec<usize> {
    mchk_with(oracle, Minimizer::new().pairs_max(0))
}

/// The minimiser of mchk as given.
pub fn mchk_with(oracle: &mut Oracle, minimizer: Minimizer) -> Vec<usize> {
    let minimizer = minimizer.last_is_essential(true);
    let minimizer = match oracle.rule {
        Rule::Flaky { rate, .. } => minimizer.failure_rate(rate),
        _ => minimizer,
    };
    let found =
        minimizer.minimize_indices(oracle.n, |part| oracle.run_leniently(part));
    found.case
}

/// A whole check by mchk, keeping snapshots of beginnings: measures the
/// failure first and verifies the result, and counts those runs too.
pub fn mchk_check(oracle: &mut Oracle) -> Vec<usize> {
    let n = oracle.n;
    let rule = oracle.rule.clone();
    let replaying = system(
        Vec::new,
        |_: &Vec<usize>, _: &mut CaseRng| Action::new(0),
        move |done: &mut Vec<usize>, action: &usize| {
            done.push(*action);
            if *action < n - 1 {
                return Ok(());
            }
            let mut oracle = Oracle::new(n, rule.clone(), 0);
            match oracle.run(done) {
                Outcome::Fails(_) => Err(Stop::failed("it fails")),
                _ => Ok(()),
            }
        },
    );
    let checker = Checker::new(replaying).snapshots().verify_runs(1);
    let case: Vec<usize> = (0..n).collect();
    let error = checker.minimize_case(&case).err().and_then(|e| e.failed());
    let error = error.expect("the whole case fails");
    oracle.evaluations += error.evaluations;
    oracle.applied += error.applied;
    error.minimal
}

/// Removes one action at a time, front to back and on after a removal, until
/// a whole pass removes nothing: what the ancestor of mchk does.
fn one_at_a_time(oracle: &mut Oracle) -> Vec<usize> {
    let mut case: Vec<usize> = (0..oracle.n).collect();
    loop {
        let before = case.len();
        let mut place = 0;
        while place < case.len() {
            let mut part = case.clone();
            part.remove(place);
            if matches!(oracle.run(&part), Outcome::Fails(_)) {
                case = part;
            }
            place += 1;
        }
        if case.len() == before {
            return case;
        }
    }
}

/// The actions `0..n` in order, as a reference machine gives them.
struct Counting;

impl ReferenceStateMachine for Counting {
    type State = usize;
    type Transition = usize;

    fn init_state() -> BoxedStrategy<usize> {
        Just(0).boxed()
    }

    fn transitions(state: &usize) -> BoxedStrategy<usize> {
        Just(*state).boxed()
    }

    fn apply(state: usize, _: &usize) -> usize {
        state + 1
    }
}

fn proptest_state_machine(oracle: &mut Oracle) -> Vec<usize> {
    let n = oracle.n;
    let config = Config {
        failure_persistence: None,
        max_shrink_iters: 10_000_000,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let strategy = Counting::sequential_strategy(n..=n);
    let tree = strategy.new_tree(&mut runner).expect("there is one case");
    let oracle = RefCell::new(oracle);
    let is_first = RefCell::new(true);
    let result = runner.run_one(tree, |(_, part, seen)| {
        if let Some(seen) = seen {
            seen.store(part.len(), Ordering::SeqCst);
        }
        // That the whole case fails is known.
        let known = is_first.replace(false);
        if known || is_failure(oracle.borrow_mut().run(&part)) {
            return Err(TestCaseError::fail("it fails"));
        }
        Ok(())
    });
    match result {
        Err(TestError::Fail(_, (_, part, _))) => part,
        other => panic!("the whole case fails: {other:?}"),
    }
}

thread_local! {
    /// quickcheck takes a function without captures.
    static ORACLE: RefCell<Option<Oracle>> = const { RefCell::new(None) };
    static IS_FIRST: RefCell<bool> = const { RefCell::new(true) };
    static SMALLEST: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// An action, which has nothing to shrink.
#[derive(Clone, Debug)]
struct Op(usize);

impl Arbitrary for Op {
    fn arbitrary(_: &mut Gen) -> Op {
        Op(0)
    }
}

#[derive(Clone, Debug)]
struct Case(Vec<Op>);

impl Arbitrary for Case {
    fn arbitrary(_: &mut Gen) -> Case {
        let n = ORACLE.with_borrow(|oracle| oracle.as_ref().map(|o| o.n));
        Case((0..n.unwrap_or(0)).map(Op).collect())
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Case>> {
        Box::new(self.0.shrink().map(Case))
    }
}

fn quickcheck_vec(oracle: &mut Oracle) -> Vec<usize> {
    fn passes(case: Case) -> bool {
        let part: Vec<usize> = case.0.iter().map(|op| op.0).collect();
        let fails = IS_FIRST.replace(false)
            || ORACLE.with_borrow_mut(|oracle| {
                oracle.as_mut().is_some_and(|o| is_failure(o.run(&part)))
            });
        if fails {
            SMALLEST.set(part);
        }
        !fails
    }
    let placeholder = Oracle::new(0, Rule::Chain, 0);
    ORACLE.set(Some(std::mem::replace(oracle, placeholder)));
    IS_FIRST.set(true);
    let mut check = QuickCheck::new().tests(1).max_tests(1);
    let result = check.quicktest(passes as fn(Case) -> bool);
    assert!(result.is_err(), "the whole case fails");
    *oracle = ORACLE.take().expect("put there above");
    SMALLEST.take()
}

/// None of the rivals tells one bug from another, or knows what is invalid.
fn is_failure(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Fails(_))
}
