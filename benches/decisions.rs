//! How often the gate fails unchanged code, and how often it finds a slowdown, by simulation.
//!
//! ```sh
//! cargo bench --bench decisions               # 1 000 unchanged gates a cell; some minutes
//! cargo bench --bench decisions -- --gates 300
//! ```
//!
//! A gate has 40 tests, one of each endpoint, with a limit of +20 %. The values of a run are log-normal: a standard deviation
//! of CV, of which a share of the variance is common to all tests of the run. Four kinds of noise: normal; Student's t with
//! three degrees of freedom; one run in twenty 50 % slower as a whole; one value in twenty 50 % higher by itself. The seed is
//! fixed: two runs print the same. Gates of one to four endpoints follow, with one new run and normal noise of their own.
#![expect(clippy::print_stdout, reason = "it prints a table")]

#[path = "../tests/integration/support/random.rs"]
mod random;

use perfgate::gate::{Analysis, Confirmation, Family};
use perfgate::stats::{Matrix, median};
use random::Random;

const TESTS: usize = 40;
const MOST_RUNS: usize = 5;
const SLOW: f64 = 1.5;
const RARE: f64 = 0.05;
const CVS: [f64; 3] = [0.03, 0.05, 0.10];
const SHARED: [f64; 3] = [0.0, 0.5, 0.9];

#[derive(Clone, Copy, PartialEq)]
enum Noise {
    Normal,
    HeavyTails,
    SlowRuns,
    Spikes,
}

const NOISES: [(Noise, &str); 4] = [
    (Noise::Normal, "normal"),
    (Noise::HeavyTails, "t, 3 degrees of freedom"),
    (Noise::SlowRuns, "5 % slow runs"),
    (Noise::Spikes, "5 % slow single values"),
];

/// Where a gate is simulated.
#[derive(Clone, Copy)]
struct Cell {
    noise: Noise,
    cv: f64,
    shared: f64,
    baseline: usize,
    /// Tests that are 30 % slower in the new runs.
    slower: usize,
}

/// Student's t with three degrees of freedom, scaled to variance 1.
fn t3(random: &mut Random) -> f64 {
    let chi2: f64 = (0..3).map(|_| random.normal().powi(2)).sum();
    random.normal() / (chi2 / 3.0).sqrt() / 3_f64.sqrt()
}

/// Whether something with this probability happens.
fn happens(random: &mut Random, probability: f64) -> bool {
    random.uniform() < probability
}

impl Cell {
    fn run(&self, random: &mut Random, slower: usize) -> Vec<f64> {
        let draw = |random: &mut Random| match self.noise {
            Noise::HeavyTails => t3(random),
            _ => random.normal(),
        };
        let slow_run = self.noise == Noise::SlowRuns && happens(random, RARE);
        let common =
            self.cv * self.shared.sqrt() * draw(random) + if slow_run { SLOW.ln() } else { 0.0 };
        let value = |j: usize| {
            let own = self.cv * (1.0 - self.shared).sqrt() * draw(random);
            let spike = self.noise == Noise::Spikes && happens(random, RARE);
            let spike = if spike { SLOW.ln() } else { 0.0 };
            let change = if j < slower { 1.3_f64.ln() } else { 0.0 };
            4.0 + 0.05 * j as f64 + common + own + spike + change
        };
        (0..TESTS).map(value).collect()
    }

    fn family(&self, random: &mut Random) -> Family {
        let baseline = (0..self.baseline).map(|_| self.run(random, 0)).collect();
        let new = (0..MOST_RUNS).map(|_| self.run(random, self.slower)).collect();
        let limits = vec![1.2_f64.ln(); TESTS];
        Family::new(Matrix::new(baseline), Matrix::new(new), (0..TESTS).collect(), limits)
    }
}

/// What became of many gates.
#[derive(Default)]
struct Tally {
    gates: usize,
    failed: usize,
    passed: usize,
    runs: usize,
    /// Failed by the plain rule: one run against the median of the baseline.
    plain: usize,
}

impl Tally {
    fn of(cell: Cell, gates: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut tally = Self { gates, ..Self::default() };
        for _ in 0..gates {
            let family = cell.family(&mut random);
            tally.plain += usize::from(fails_plainly(&family));
            let analysis = Analysis::of(&family);
            for m in 1..=MOST_RUNS {
                tally.runs += 1;
                match analysis.confirm(&analysis.look(m, false), MOST_RUNS) {
                    Confirmation::Fail(_) => tally.failed += 1,
                    Confirmation::Pass => tally.passed += 1,
                    Confirmation::Again(_) => continue,
                }
                break;
            }
        }
        tally
    }

    fn percent(&self, n: usize) -> f64 {
        100.0 * n as f64 / self.gates as f64
    }
}

/// Share of unchanged gates of few tests that fail at one new run, in percent.
fn few_that_fail(tests: usize, baseline: usize, cv: f64, gates: usize) -> f64 {
    let mut random = Random::new(3);
    let limit = 1.2_f64.ln();
    let mut failed = 0;
    for _ in 0..gates {
        let mut run = || -> Vec<f64> { (0..tests).map(|_| 4.0 + cv * random.normal()).collect() };
        let runs = Matrix::new((0..baseline).map(|_| run()).collect());
        let new = Matrix::new(vec![run()]);
        let family = Family::new(runs, new, (0..tests).collect(), vec![limit; tests]);
        let look = Analysis::of(&family).look(1, true);
        let fails = |j: usize| {
            look.tests[j].raw > limit && look.tests[j].distance.sure() <= 0.001 / tests as f64
        };
        failed += usize::from((0..tests).any(fails));
    }
    100.0 * failed as f64 / gates as f64
}

fn print_few(gates: usize) {
    println!(
        "decide: evidence, one new run, nothing changed, {gates} gates a cell: gates that fail"
    );
    println!("  {:10} {:>5} {:>8} {:>8} {:>8}", "baseline", "CV", "1 test", "2 tests", "4 tests");
    for baseline in [3, 5, 10, 20] {
        for cv in [0.05, 0.10, 0.15, 0.25] {
            let [one, two, four] = [1, 2, 4].map(|tests| few_that_fail(tests, baseline, cv, gates));
            let (runs, cv) = (format!("{baseline} runs"), 100.0 * cv);
            println!("  {runs:10} {cv:>3.0} % {one:>6.2} % {two:>6.2} % {four:>6.2} %");
        }
    }
}

fn fails_plainly(family: &Family) -> bool {
    let crossed = |j: usize| {
        let centre = median(&family.baseline.test(j)).unwrap_or_default();
        family.new.run(0)[j] > centre + family.limits[j]
    };
    (0..TESTS).any(crossed)
}

/// The head of a table whose first column is this.
fn print_head(first: &str) {
    println!(
        "  {first:26} {:>5} {:>7}  {:>10}  {:>9}  {:>9}",
        "CV", "shared", "plain rule", "this rule", "runs used"
    );
}

fn print_row(first: &str, cell: Cell, tally: &Tally) {
    println!(
        "  {first:26} {:>3.0} % {:>5.0} %  {:>8.1} %  {:>7.2} %  {:>9.2}",
        100.0 * cell.cv,
        100.0 * cell.shared,
        tally.percent(tally.plain),
        tally.percent(tally.failed),
        tally.runs as f64 / tally.gates as f64
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.iter().skip_while(|a| *a != "--gates").nth(1);
    let gates: usize = given.and_then(|n| n.parse().ok()).unwrap_or(1_000);
    println!(
        "decide: confirmed, 40 tests, limit +20 %, at most {MOST_RUNS} new runs, {gates} gates a cell\n"
    );
    for baseline in [10, 3] {
        println!("nothing changed, {baseline} baseline runs: gates that fail");
        print_head("noise");
        for cv in CVS {
            for (noise, name) in NOISES {
                for shared in SHARED {
                    let cell = Cell { noise, cv, shared, baseline, slower: 0 };
                    print_row(name, cell, &Tally::of(cell, gates, 1));
                }
            }
        }
        println!();
    }
    for (slower, what) in [(1, "one test"), (TESTS, "all 40 tests")] {
        println!("{what} 30 % slower, normal noise: gates that fail");
        print_head("baseline");
        for baseline in [10, 3] {
            for cv in [0.05, 0.10] {
                for shared in [0.0, 0.5] {
                    let cell = Cell { noise: Noise::Normal, cv, shared, baseline, slower };
                    print_row(&format!("{baseline} runs"), cell, &Tally::of(cell, gates, 2));
                }
            }
        }
        println!();
    }
    print_few(4 * gates);
}
