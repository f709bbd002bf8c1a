//! How often `perfgate bisect` names the right commit, and after how many measurements, by simulation.
//!
//! ```sh
//! cargo bench --bench bisect                     # 1 000 searches a row
//! cargo bench --profile dev --bench bisect -- --searches 100
//! ```
//!
//! 64 commits after the good one, 40 endpoints with a CV of 5 % from run to run, half of whose variance all endpoints of a run have in
//! common. One commit makes one endpoint slower. The good commit has ten recorded runs and the bad one three; or nothing is recorded,
//! and what `bisect` measures at both ends counts as well. The seed is fixed: two runs print the same.
#![expect(clippy::print_stdout, reason = "it prints a table")]

#[path = "../tests/integration/support/random.rs"]
mod random;

use perfgate::stats::{Bisection, median};
use random::Random;

const COMMITS: usize = 64;
const ENDPOINTS: usize = 40;
const CV: f64 = 0.05;
const SHARED: f64 = 0.5;
/// The smallest step that is looked for, as a logarithm.
const LEAST: f64 = 0.05;
/// Measurements after which a search gives up.
const MOST: usize = 40;

/// What is searched.
struct Cell {
    name: &'static str,
    /// Size of each step.
    sizes: &'static [f64],
    /// Whether every endpoint rises, not one alone.
    all: bool,
    /// Commits that cannot be measured.
    broken: usize,
    /// Recorded runs of the good and of the bad commit.
    recorded: [usize; 2],
    sure: f64,
}

const ONE: Cell =
    Cell { name: "+15 %", sizes: &[0.15], all: false, broken: 0, recorded: [10, 3], sure: 0.95 };

const CELLS: [Cell; 9] = [
    ONE,
    Cell { name: "+15 %, 90 % sure", sure: 0.9, ..ONE },
    Cell { name: "+15 %, nothing recorded", recorded: [0, 0], ..ONE },
    Cell { name: "+10 %", sizes: &[0.1], ..ONE },
    Cell { name: "+30 %", sizes: &[0.3], ..ONE },
    Cell { name: "+15 % everywhere", all: true, ..ONE },
    Cell { name: "+15 % and +15 %", sizes: &[0.15, 0.15], ..ONE },
    Cell { name: "+15 %, three commits broken", broken: 3, ..ONE },
    Cell { name: "no change", sizes: &[], ..ONE },
];

/// A line of commits, as it is.
struct Truth {
    /// The commit and the size of each step.
    steps: Vec<(usize, f64)>,
    all: bool,
    broken: Vec<usize>,
}

impl Truth {
    fn new(cell: &Cell, random: &mut Random) -> Self {
        let mut commit = || 1 + (random.uniform() * COMMITS as f64) as usize % COMMITS;
        let steps = cell.sizes.iter().map(|size| (commit(), *size)).collect();
        let mut broken: Vec<usize> = Vec::new();
        while broken.len() < cell.broken {
            let own = commit();
            if own < COMMITS && !broken.contains(&own) {
                broken.push(own);
            }
        }
        Self { steps, all: cell.all, broken }
    }

    /// One run of a commit, as logarithms.
    fn run(&self, commit: usize, random: &mut Random) -> Vec<Option<f64>> {
        let common = random.normal() * CV * SHARED.sqrt();
        let level: f64 =
            self.steps.iter().filter(|(k, _)| *k <= commit).map(|(_, size)| size.ln_1p()).sum();
        let own = |j: usize, random: &mut Random| {
            let slower = if self.all || j == 7 { level } else { 0.0 };
            Some(common + slower + random.normal() * CV * (1.0 - SHARED).sqrt())
        };
        (0..ENDPOINTS).map(|j| own(j, random)).collect()
    }
}

/// How a search ended.
enum End {
    Right,
    Wrong,
    NoChange,
    Open,
}

fn search(cell: &Cell, random: &mut Random) -> (End, usize) {
    let truth = Truth::new(cell, random);
    let mut search = Bisection::new(COMMITS, ENDPOINTS, LEAST);
    for (commit, count) in [0, COMMITS].into_iter().zip(cell.recorded) {
        for _ in 0..count {
            search.add(commit, truth.run(commit, random));
        }
    }
    for measured in 0..=MOST {
        let posterior = search.posterior();
        if search.has_both_ends() {
            if posterior.none >= cell.sure {
                return (End::NoChange, measured);
            }
            if let Some((first, last)) = search.named(&posterior, cell.sure) {
                let right = truth.steps.iter().any(|(k, _)| (first..=last).contains(k));
                return (if right { End::Right } else { End::Wrong }, measured);
            }
        }
        let Some(next) = search.next(&posterior) else { break };
        if truth.broken.contains(&next) {
            search.set_broken(next);
        } else {
            search.add(next, truth.run(next, random));
        }
    }
    (End::Open, MOST)
}

fn main() {
    let searches = argument("--searches").unwrap_or(1000);
    println!(
        "{COMMITS} commits, {ENDPOINTS} endpoints, CV {:.0} %, {searches} searches each\n",
        100.0 * CV
    );
    println!(
        "{:<30} {:>7} {:>7} {:>10} {:>6} {:>8} {:>7}",
        "", "right", "wrong", "no change", "open", "median", "most"
    );
    for cell in &CELLS {
        let mut random = Random::new(1);
        let ends: Vec<(End, usize)> = (0..searches).map(|_| search(cell, &mut random)).collect();
        let share = |is: fn(&End) -> bool| {
            let count = ends.iter().filter(|(end, _)| is(end)).count();
            format!("{:.1} %", 100.0 * count as f64 / searches as f64)
        };
        let counts: Vec<f64> = ends.iter().map(|(_, measured)| *measured as f64).collect();
        println!(
            "{:<30} {:>7} {:>7} {:>10} {:>6} {:>8} {:>7}",
            cell.name,
            share(|end| matches!(end, End::Right)),
            share(|end| matches!(end, End::Wrong)),
            share(|end| matches!(end, End::NoChange)),
            share(|end| matches!(end, End::Open)),
            median(&counts).unwrap_or_default(),
            counts.iter().copied().fold(0.0, f64::max),
        );
    }
}

fn argument(name: &str) -> Option<usize> {
    let all: Vec<String> = std::env::args().collect();
    all.get(all.iter().position(|own| own == name)? + 1)?.parse().ok()
}
