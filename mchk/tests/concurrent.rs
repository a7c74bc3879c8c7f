//! What goes wrong between threads is found, explained and minimised.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, ThreadId};

use mchk::{
    CaseRng, CheckErr, Checker, Concurrent, EnvError, Parallel, Step, Stop,
};

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Op {
    Add,
    Get,
}
use Op::*;

/// A counter whose addition is one step, or two that others come between.
struct Counter {
    is_atomic: bool,
    cleaned: AtomicU32,
    made: AtomicU32,
}

impl Counter {
    fn new(is_atomic: bool) -> Counter {
        let count = || AtomicU32::new(0);
        Counter { is_atomic, cleaned: count(), made: count() }
    }
}

impl Concurrent for Counter {
    type Real = AtomicU32;
    type Model = u32;
    type Params = Op;
    type Answer = u32;

    fn init(&self) -> Result<(AtomicU32, u32), EnvError> {
        self.made.fetch_add(1, Ordering::Relaxed);
        Ok((AtomicU32::new(0), 0))
    }

    fn next(&self, _: &u32, rng: &mut CaseRng) -> Op {
        if rng.one_in(3) { Get } else { Add }
    }

    fn call(&self, real: &AtomicU32, op: &Op) -> Result<u32, Stop> {
        Ok(match op {
            Get => real.load(Ordering::SeqCst),
            Add if self.is_atomic => real.fetch_add(1, Ordering::SeqCst),
            Add => {
                let before = real.load(Ordering::SeqCst);
                thread::yield_now();
                real.store(before + 1, Ordering::SeqCst);
                before
            }
        })
    }

    fn step(&self, model: &mut u32, op: &Op, answer: &u32) -> bool {
        let before = *model;
        *model += u32::from(*op == Add);
        before == *answer
    }

    fn closing(&self) -> Vec<Op> {
        vec![Get]
    }

    fn cleanup(&self, _: AtomicU32) -> Result<(), EnvError> {
        self.cleaned.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn what_is_atomic_passes() {
    for branches in [2, 3] {
        let parallel = Parallel::new(Counter::new(true)).branches(branches, 4);
        let report = Checker::new(parallel).run_times(200).unwrap();
        assert!(report.actions >= 200 * 4 * u64::from(branches));
    }
}

#[test]
fn a_branch_is_simpler_in_sequence_and_then_below() {
    let parallel = Parallel::new(Counter::new(true));
    let simpler = |branch| -> Vec<u8> {
        let step = Step { branch, params: Add };
        mchk::System::shrink(&parallel, &step)
            .iter()
            .map(|s| s.branch)
            .collect()
    };
    assert_eq!(simpler(0), [0; 0]);
    assert_eq!(simpler(1), [0]);
    assert_eq!(simpler(2), [0, 1]);
    assert_eq!(simpler(3), [0, 2]);
}

#[test]
#[should_panic(expected = "no more than 96")]
fn too_many_branches_are_refused_also_when_empty() {
    let _ = Parallel::new(Counter::new(true)).branches(200, 0);
}

#[test]
fn a_race_is_found_and_explained() {
    let parallel = Parallel::new(Counter::new(false)).branches(3, 4);
    let checker = Checker::new(parallel);
    let error = checker.run_times(1_000_000).unwrap_err().failed().unwrap();
    let failure = error.failure;
    assert!(failure.message().contains("no order of the calls"), "{failure}");
    assert!(failure.message().contains("Add answered"), "{failure}");
    // How small it gets depends on luck; that it takes two to race does not.
    let racing = |step: &&Step<Op>| step.branch > 0 && step.params == Add;
    assert!(error.minimal.iter().filter(racing).count() >= 2);
}

/// A counter of which every thread has its own copy: wrong as soon as two
/// threads use it, whenever they do.
struct Cached;

impl Concurrent for Cached {
    type Real = Mutex<HashMap<ThreadId, u32>>;
    type Model = u32;
    type Params = Op;
    type Answer = u32;

    fn init(&self) -> Result<(Self::Real, u32), EnvError> {
        Ok((Mutex::default(), 0))
    }

    fn next(&self, _: &u32, rng: &mut CaseRng) -> Op {
        if rng.one_in(3) { Get } else { Add }
    }

    fn call(&self, real: &Self::Real, op: &Op) -> Result<u32, Stop> {
        let mut copies = real.lock().expect("no thread panics");
        let copy = copies.entry(thread::current().id()).or_default();
        let before = *copy;
        *copy += u32::from(*op == Add);
        Ok(before)
    }

    fn step(&self, model: &mut u32, op: &Op, answer: &u32) -> bool {
        let before = *model;
        *model += u32::from(*op == Add);
        before == *answer
    }
}

#[test]
fn what_goes_wrong_between_threads_is_minimised_like_any_case() {
    let step = |branch, params| Step { branch, params };
    let checker = Checker::new(Parallel::new(Cached).branches(2, 20)).json();
    let case: Vec<Step<Op>> = (0..40).map(|i| step(1 + i % 2, Add)).collect();
    let error = checker.minimize_case(&case).unwrap_err().failed().unwrap();
    // One of the two need not be in a branch, and then is not.
    let mut minimal = error.minimal.clone();
    minimal.sort_by_key(|step| step.branch);
    assert_eq!(minimal, [step(0, Add), step(1, Add)], "{error}");
    assert_eq!((error.rate.failed, error.rate.runs), (20, 20));
    let again = checker.run_case_json(&error.json.unwrap());
    assert_eq!(again.unwrap_err().failed().unwrap().failure, error.failure);
}

#[test]
fn a_wrong_answer_in_sequence_needs_no_threads() {
    struct Wrong(Counter);
    impl Concurrent for Wrong {
        type Real = Mutex<u32>;
        type Model = u32;
        type Params = Op;
        type Answer = u32;
        fn init(&self) -> Result<(Mutex<u32>, u32), EnvError> {
            Ok((Mutex::new(0), 0))
        }
        fn next(&self, model: &u32, rng: &mut CaseRng) -> Op {
            self.0.next(model, rng)
        }
        fn call(&self, real: &Mutex<u32>, op: &Op) -> Result<u32, Stop> {
            let mut real = real.lock().unwrap();
            let before = *real;
            *real = (before + u32::from(*op == Add)).min(2);
            Ok(before)
        }
        fn step(&self, model: &mut u32, op: &Op, answer: &u32) -> bool {
            self.0.step(model, op, answer)
        }
    }
    let parallel = Parallel::new(Wrong(Counter::new(true)));
    let error = Checker::new(parallel.prefix_max(20)).run_times(500);
    let error = error.unwrap_err().failed().unwrap();
    assert_eq!(error.minimal.len(), 4, "{error}");
    let in_sequence = error.minimal.iter().filter(|s| s.branch == 0).count();
    assert!(in_sequence >= 3, "{error}");
}

#[test]
fn a_panic_of_a_branch_is_a_failure_and_all_is_cleaned_up() {
    struct Panicking(Counter);
    impl Concurrent for Panicking {
        type Real = AtomicU32;
        type Model = u32;
        type Params = Op;
        type Answer = u32;
        fn init(&self) -> Result<(AtomicU32, u32), EnvError> {
            self.0.init()
        }
        fn next(&self, model: &u32, rng: &mut CaseRng) -> Op {
            self.0.next(model, rng)
        }
        fn call(&self, real: &AtomicU32, op: &Op) -> Result<u32, Stop> {
            let before = self.0.call(real, op)?;
            assert!(before < 5, "too many");
            Ok(before)
        }
        fn step(&self, model: &mut u32, op: &Op, answer: &u32) -> bool {
            self.0.step(model, op, answer)
        }
        fn cleanup(&self, real: AtomicU32) -> Result<(), EnvError> {
            self.0.cleanup(real)
        }
    }
    let counter = Panicking(Counter::new(true));
    let checker = Checker::new(Parallel::new(counter).prefix_max(0));
    let error = checker.run_times(500).unwrap_err();
    let CheckErr::Failed(error) = error else { panic!("{error}") };
    assert_eq!(error.failure.message(), "panic: too many");
    assert!(error.failure.location().contains("tests/concurrent.rs"));
    assert_eq!(error.minimal.len(), 6, "{error}");
    let Counter { made, cleaned, .. } = &checker.system().concurrent().0;
    assert_eq!(made.load(Ordering::Relaxed), cleaned.load(Ordering::Relaxed));
}
