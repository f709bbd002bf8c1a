//! How often the rule for pairs fails unchanged code, and how often it finds a slowdown, by simulation.
//!
//! ```sh
//! cargo bench --bench ab                 # 3 000 unchanged gates a cell; about a minute
//! cargo bench --bench ab -- --gates 300
//! ```
//!
//! A gate has one test of each of 40 endpoints, or two of each of four or of one, with a limit of 5 %, and a budget of 12 or 24 pairs, in the order A B B A or
//! B A A B by chance. It looks after every second pair, from the fourth on. The values of a slice are log-normal with a CV of
//! 10 %, every second endpoint of 20 %, of which a share of the variance is common to all tests of the slice, and they drift by 15 % up or down over the budget,
//! steadily or in waves. Four kinds of noise: normal; Student's t with three degrees of freedom; one slice in twenty 50 % slower as
//! a whole; one value in twenty 50 % higher by itself. The seed is fixed: two runs print the same.
#![expect(clippy::print_stdout, reason = "it prints a table")]

#[path = "../tests/integration/support/random.rs"]
mod random;

use perfgate::gate::{PairedLook, standings};
use perfgate::stats::{PairedFamily, PairedTest};
use random::Random;

/// Endpoints, and tests of each.
const SIZES: [(usize, usize); 3] = [(40, 1), (4, 2), (1, 2)];
/// Share of the variance that two tests of an endpoint have in common.
const ALIKE: f64 = 0.7;
/// How many times the CV endpoints have, in turn: quick ones vary more.
const UNEVEN: [f64; 2] = [1.0, 2.0];
/// Deviation of what a side keeps as long as its service runs, endpoint by endpoint.
const LASTING: f64 = 0.007;
const LIMIT: f64 = 0.05;
const CV: f64 = 0.10;
const DRIFT: f64 = 0.15;
const SLOW: f64 = 1.5;
const RARE: f64 = 0.05;
const SHARED: [f64; 3] = [0.0, 0.5, 0.9];
const BUDGETS: [usize; 2] = [12, 24];
const FIRST_LOOK: usize = 4;

#[derive(Clone, Copy, PartialEq)]
enum Noise {
    Normal,
    HeavyTails,
    SlowSlices,
    Spikes,
}

const NOISES: [(Noise, &str); 4] = [
    (Noise::Normal, "normal"),
    (Noise::HeavyTails, "t, 3 degrees of freedom"),
    (Noise::SlowSlices, "5 % slow slices"),
    (Noise::Spikes, "5 % slow single values"),
];

/// Where a gate is simulated.
#[derive(Clone, Copy)]
struct Cell {
    noise: Noise,
    shared: f64,
    endpoints: usize,
    /// Tests of each endpoint.
    each: usize,
    pairs: usize,
    /// How the first endpoint changes: 0.1 is 10 % slower.
    change: f64,
}

/// Student's t with three degrees of freedom, scaled to variance 1.
fn t3(random: &mut Random) -> f64 {
    let chi2: f64 = (0..3).map(|_| random.normal().powi(2)).sum();
    random.normal() / (chi2 / 3.0).sqrt() / 3_f64.sqrt()
}

/// What drifts on a machine over the budget, as a logarithm.
struct Drift {
    up: f64,
    waves: f64,
}

impl Drift {
    fn new(random: &mut Random) -> Self {
        let up = if random.uniform() < 0.5 { DRIFT } else { -DRIFT };
        let waves = if random.uniform() < 0.5 { 0.0 } else { 1.0 + 3.0 * random.uniform() };
        Self { up, waves }
    }

    /// At a time from 0 to 1.
    fn at(&self, time: f64) -> f64 {
        if self.waves > 0.0 {
            self.up / 2.0 * (std::f64::consts::TAU * self.waves * time).sin()
        } else {
            self.up * time
        }
    }
}

impl Cell {
    fn slice(&self, random: &mut Random, drift: f64, head: bool) -> Vec<f64> {
        let draw = |random: &mut Random| match self.noise {
            Noise::HeavyTails => t3(random),
            _ => random.normal(),
        };
        let slow = self.noise == Noise::SlowSlices && random.uniform() < RARE;
        let common =
            CV * self.shared.sqrt() * draw(random) + if slow { SLOW.ln() } else { 0.0 } + drift;
        let alike = if self.each > 1 { ALIKE } else { 1.0 };
        let mut values = Vec::new();
        for e in 0..self.endpoints {
            let both = draw(random);
            for _ in 0..self.each {
                let single = alike.sqrt() * both + (1.0 - alike).sqrt() * draw(random);
                let own = CV * UNEVEN[e % UNEVEN.len()] * (1.0 - self.shared).sqrt() * single;
                let spike = self.noise == Noise::Spikes && random.uniform() < RARE;
                let change = if head && e == 0 { self.change.ln_1p() } else { 0.0 };
                values.push(common + own + if spike { SLOW.ln() } else { 0.0 } + change);
            }
        }
        values
    }

    /// The pairs of a gate, in order: whether the head ran second, and the difference of each test.
    fn pairs(&self, random: &mut Random) -> Vec<(bool, Vec<f64>)> {
        let drift = Drift::new(random);
        let lasting: Vec<f64> =
            (0..self.endpoints).map(|_| LASTING * (random.normal() - random.normal())).collect();
        let mut flipped = false;
        (0..self.pairs)
            .map(|i| {
                if i % 2 == 0 {
                    flipped = random.uniform() < 0.5;
                }
                let head_second = (i % 2 == 0) != flipped;
                let at = |k: usize| drift.at((2 * i + k) as f64 / (2 * self.pairs) as f64);
                let first = self.slice(random, at(0), !head_second);
                let second = self.slice(random, at(1), head_second);
                let (base, head) = if head_second { (first, second) } else { (second, first) };
                let luck = |j: usize| lasting[j / self.each];
                let each = base.iter().zip(head).enumerate();
                (head_second, each.map(|(j, (b, h))| h - b + luck(j)).collect())
            })
            .collect()
    }
}

/// The first pairs as a family.
fn family(pairs: &[(bool, Vec<f64>)], each: usize) -> PairedFamily {
    let test = |j: usize| PairedTest {
        endpoint: j / each,
        differences: pairs.iter().map(|(_, differences)| Some(differences[j])).collect(),
        expected: 2.0 * 0.03 * 0.03,
        chance: 1e-6,
        step: 0.0,
        lasting: 2.0 * LASTING * LASTING,
    };
    let second = pairs.iter().map(|(second, _)| *second).collect();
    PairedFamily { second, tests: (0..pairs[0].1.len()).map(test).collect() }
}

/// What became of many gates.
#[derive(Default)]
struct Tally {
    gates: usize,
    failed: usize,
    /// Failed by the test that changed.
    found: usize,
    /// Cleared before the budget was spent.
    cleared: usize,
    pairs: usize,
}

impl Tally {
    fn of(cell: Cell, gates: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut tally = Self { gates, ..Self::default() };
        for _ in 0..gates {
            tally.add(&cell.pairs(&mut random), cell.each);
        }
        tally
    }

    fn add(&mut self, pairs: &[(bool, Vec<f64>)], each: usize) {
        let limits = vec![LIMIT.ln_1p(); pairs[0].1.len()];
        let mut before = 0.0;
        for n in (FIRST_LOOK..=pairs.len()).step_by(2) {
            let now = n as f64 / pairs.len() as f64;
            let look = PairedLook { before, now };
            before = now;
            let found: Vec<_> = standings(&family(&pairs[..n], each), &limits, look)
                .into_iter()
                .flatten()
                .collect();
            let fails = |j: usize| found[j].fails;
            let failed = (0..found.len()).any(fails);
            let open = found.iter().any(|own| own.open);
            if failed || !open || n == pairs.len() {
                self.failed += usize::from(failed);
                self.found += usize::from((0..each).any(fails));
                self.cleared += usize::from(!failed && n < pairs.len());
                self.pairs += n;
                return;
            }
        }
    }

    fn percent(&self, of: usize) -> f64 {
        100.0 * of as f64 / self.gates as f64
    }
}

fn main() {
    let mut arguments = std::env::args().skip_while(|word| word != "--gates").skip(1);
    let gates: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(3000);
    println!(
        "| endpoints | pairs | noise | shared | unchanged that fail | +10 % found | +20 % found | pairs used |"
    );
    println!("| --: | --: | --- | --: | --: | --: | --: | --: |");
    let mut seed = 1;
    for (endpoints, each) in SIZES {
        for pairs in BUDGETS {
            for (noise, name) in NOISES {
                for shared in SHARED {
                    let mut tally = |change: f64, gates: usize| {
                        seed += 1;
                        let cell = Cell { noise, shared, endpoints, each, pairs, change };
                        Tally::of(cell, gates, seed)
                    };
                    let (same, ten, twenty) =
                        (tally(0.0, gates), tally(0.1, gates / 10), tally(0.2, gates / 10));
                    println!(
                        "| {endpoints} | {pairs} | {name} | {shared} | {:.2} % | {:.0} % | {:.0} % | {:.1}, {:.1}, {:.1} |",
                        same.percent(same.failed),
                        ten.percent(ten.found),
                        twenty.percent(twenty.found),
                        same.pairs as f64 / same.gates as f64,
                        ten.pairs as f64 / ten.gates as f64,
                        twenty.pairs as f64 / twenty.gates as f64,
                    );
                }
            }
        }
    }
}
