//! Measures how many runs minimising takes, ours beside the bound and
//! others, and with `--check` fails when a gate is missed.

use std::process::ExitCode;

use mchk::{CaseRng, Minimizer};
use mchk_bench::oracle::{Oracle, Rule, Shape, bound, essential, needs};
use mchk_bench::rivals::{self, RIVALS};

const TRIALS: u64 = 20;

/// Rivals that need tens of thousands of runs get fewer of the same seeds.
const SLOW_TRIALS: u64 = 3;

/// What a minimiser did in all trials of a row.
#[derive(Default)]
struct Row {
    trials: usize,
    evaluations: usize,
    evaluations_max: usize,
    applied: usize,
    exact: usize,
}

impl Row {
    fn measure(
        trials: u64,
        minimize: impl Fn(&mut Oracle) -> Vec<usize>,
        make: impl Fn(u64) -> Oracle,
    ) -> Row {
        let mut row = Row::default();
        for seed in 0..trials {
            let mut oracle = make(seed);
            let minimal = oracle.minimal();
            let found = minimize(&mut oracle);
            row.trials += 1;
            row.evaluations += oracle.evaluations;
            row.evaluations_max = row.evaluations_max.max(oracle.evaluations);
            row.applied += oracle.applied;
            row.exact += usize::from(found == minimal);
        }
        row
    }

    fn mean(&self) -> f64 {
        self.evaluations as f64 / self.trials as f64
    }

    fn exact_percent(&self) -> f64 {
        100.0 * self.exact as f64 / self.trials as f64
    }

    fn print(&self, name: &str, bound: f64) {
        println!(
            "  {name:24} {:9.1} {:6} {:6.2} {:9.0} {:5.0} %",
            self.mean(),
            self.evaluations_max,
            self.mean() / bound.max(1.0),
            self.applied as f64 / self.trials as f64,
            self.exact_percent(),
        );
    }
}

/// The gates: each is printed when it is missed.
#[derive(Default)]
struct Gates {
    checked: usize,
    missed: usize,
}

impl Gates {
    fn check(&mut self, what: &str, value: f64, limit: f64) {
        self.checked += 1;
        if value > limit {
            self.missed += 1;
            println!("  MISSED: {what}: {value:.1}, the limit is {limit:.1}");
        }
    }

    fn check_exact(&mut self, what: &str, row: &Row, percent_min: f64) {
        self.check(what, -row.exact_percent(), -percent_min);
    }
}

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    let mut gates = Gates::default();
    println!("means of {TRIALS} seeds; ratio: to the bound B plus k − 1");
    for n in [50, 300, 1000] {
        for shape in [Shape::Scattered, Shape::Clustered, Shape::Prefix] {
            let mut sizes = vec![1, 2, 5, 10, 50, n / 5];
            sizes.retain(|&k| k < n);
            sizes.sort_unstable();
            sizes.dedup();
            for k in sizes {
                monotone(n, k, shape, &mut gates);
            }
        }
    }
    dependent(&mut gates);
    pairs(&mut gates);
    flaky(&mut gates);
    two_bugs(&mut gates);
    chain(&mut gates);
    println!("\n{} gates, {} missed", gates.checked, gates.missed);
    if check && gates.missed > 0 {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn head(what: &str) {
    println!(
        "\n{what}\n  {:24} {:>9} {:>6} {:>6} {:>9} {:>7}",
        "", "runs", "max", "ratio", "actions", "exact"
    );
}

fn monotone(n: usize, k: usize, shape: Shape, gates: &mut Gates) {
    let make = |seed| {
        let mut rng = CaseRng::new(seed);
        let essential = essential(n, k, shape, &mut rng);
        Oracle::new(n, Rule::Monotone(essential), seed)
    };
    let least = bound(n, k) + k as f64 - 1.0;
    let what = format!("{shape:?}, n = {n}, k = {k}, B = {:.0}", bound(n, k));
    head(&what);
    for (name, minimize) in RIVALS {
        let is_slow = name != "mchk" && n > 300 && k > 10;
        let trials = if is_slow { SLOW_TRIALS } else { TRIALS };
        let row = Row::measure(trials, minimize, make);
        row.print(name, least);
        if name == "mchk" {
            gate_deterministic(&what, &row, n, k, gates);
        }
    }
    let row = Row::measure(TRIALS, rivals::mchk_check, make);
    row.print("mchk, snapshots, check", least);
    gates.check_exact(&what, &row, 100.0);
}

fn gate_deterministic(
    what: &str,
    row: &Row,
    n: usize,
    k: usize,
    gates: &mut Gates,
) {
    gates.check_exact(what, row, 100.0);
    let few = 1.25 * bound(n, k) + k as f64 + 6.0;
    let any = 1.25 * n as f64 + k as f64 + 10.0;
    gates.check(what, row.mean(), if k <= 10 { few.min(any) } else { any });
}

fn dependent(gates: &mut Gates) {
    for n in [50, 300, 1000] {
        let make = |seed| {
            let mut rng = CaseRng::new(seed);
            let essential = essential(n, 3, Shape::Scattered, &mut rng);
            let needs = needs(n, &mut rng);
            Oracle::new(n, Rule::Dependent { essential, needs }, seed)
        };
        let sizes = (0..TRIALS).map(|seed| make(seed).minimal().len());
        let k = sizes.sum::<usize>() / TRIALS as usize;
        let what = format!("Dependent (invalid), n = {n}, k = {k} on average");
        head(&what);
        for (name, minimize) in RIVALS {
            let row = Row::measure(TRIALS, minimize, make);
            row.print(name, bound(n, k) + k as f64 - 1.0);
            if name == "mchk" {
                gate_deterministic(&what, &row, n, k, gates);
            }
        }
    }
}

fn pairs(gates: &mut Gates) {
    let n = 300;
    let make = |seed| {
        let mut rng = CaseRng::new(seed);
        let mut ends = essential(n, 9, Shape::Scattered, &mut rng);
        let last = ends.pop().expect("the last action");
        let pairs = (0..3).map(|i| (ends[i], ends[7 - i])).collect();
        let essential = vec![ends[3], ends[4], last];
        Oracle::new(n, Rule::Pairs { essential, pairs }, seed)
    };
    let what = "Pairs, three that go only together, n = 300, k = 3";
    head(what);
    let least = bound(n, 3) + 2.0;
    let with_pairs =
        |oracle: &mut Oracle| rivals::mchk_with(oracle, Minimizer::new());
    let row = Row::measure(TRIALS, with_pairs, make);
    row.print("mchk", least);
    gates.check_exact(what, &row, 100.0);
    for (name, minimize) in &RIVALS[1..] {
        Row::measure(TRIALS, minimize, make).print(name, least);
    }
}

fn flaky(gates: &mut Gates) {
    const TRIALS: u64 = 400;
    let (n, k) = (300, 4);
    for rate in [0.9, 0.5, 0.2] {
        let make = |seed| {
            let mut rng = CaseRng::new(seed);
            let essential = essential(n, k, Shape::Scattered, &mut rng);
            Oracle::new(n, Rule::Flaky { essential, rate }, seed)
        };
        let what = format!("Flaky, rate {rate}, n = {n}, k = {k}");
        head(&what);
        for (name, minimize) in RIVALS {
            let row = Row::measure(TRIALS, minimize, make);
            row.print(name, bound(n, k) + k as f64 - 1.0);
            if name == "mchk" && rate >= 0.5 {
                gates.check_exact(&what, &row, 99.0);
            }
        }
    }
}

fn two_bugs(gates: &mut Gates) {
    let (n, k) = (300, 5);
    let make = |seed| {
        let mut rng = CaseRng::new(seed);
        let essential = essential(n, k, Shape::Scattered, &mut rng);
        Oracle::new(n, Rule::TwoBugs(essential), seed)
    };
    let what = format!("Two bugs, n = {n}, k = {k}; exact: the first bug");
    head(&what);
    for (name, minimize) in RIVALS {
        let row = Row::measure(TRIALS, minimize, make);
        row.print(name, bound(n, k) + k as f64 - 1.0);
        if name == "mchk" {
            gate_deterministic(&what, &row, n, k, gates);
        }
    }
}

fn chain(gates: &mut Gates) {
    for n in [50, 300, 1000] {
        let make = |seed| Oracle::new(n, Rule::Chain, seed);
        let what = format!("Chain, from the end only, n = {n}, k = 1");
        head(&what);
        for (name, minimize) in RIVALS {
            // Every trial is the same.
            let row = Row::measure(1, minimize, make);
            row.print(name, bound(n, 1));
            if name == "mchk" {
                gates.check_exact(&what, &row, 100.0);
                gates.check(&what, row.mean(), 3.0 * (n as f64).log2());
            }
        }
    }
}
