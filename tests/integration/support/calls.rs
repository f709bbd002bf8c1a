//! Few calls of a service whose true p95 is known, in shapes that response times have, and what the gate says about them.

use super::random::Random;
use perfgate::config::{Policy, Rules};
use perfgate::gate::{Baseline, BudgetFinding, CurrentInfo, Finding, Input, Verdict, check, judge};
use perfgate::model::{Distribution, Latency, Run, Tool};

/// The limit of the p95, in milliseconds.
pub(crate) const LIMIT: f64 = 3_000.0;

/// How response times are spread.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    LogNormal,
    Bimodal,
    HeavyTail,
}

impl Shape {
    pub(crate) const ALL: [Self; 3] = [Self::LogNormal, Self::Bimodal, Self::HeavyTail];

    /// A response time of a service whose p95 is 1.
    fn draw(self, random: &mut Random) -> f64 {
        match self {
            Self::LogNormal => (0.6 * (random.normal() - 1.644_853_626_951_47)).exp(),
            // Nine of ten are fast; the p95 is the middle of the slow ones.
            Self::Bimodal if random.uniform() < 0.9 => 0.1 + 0.1 * random.uniform(),
            Self::Bimodal => 0.7 + 0.6 * random.uniform(),
            // A power law with an infinite variance.
            Self::HeavyTail => ((1.0 - random.uniform()) / 0.05).powf(-1.0 / 1.5),
        }
    }

    /// A run of so many calls of a service whose p95 is `times` the limit.
    pub(crate) fn run(self, calls: u64, times: f64, random: &mut Random) -> Run {
        run((0..calls).map(|_| LIMIT * times * self.draw(random)))
    }
}

/// A run of these calls, in milliseconds.
pub(crate) fn run(calls: impl Iterator<Item = f64>) -> Run {
    let mut all = Distribution::new();
    // No call takes longer than a week, which is as much as a distribution takes.
    calls.for_each(|ms| all.record(ms.min(1e8)).unwrap_or_default());
    let mut run = Run::new(Tool { name: "tool".into(), version: None });
    run.total.requests = Some(all.count());
    run.total.latency = Some(Latency::from_distribution(all));
    run
}

/// The rules of a policy with one budget.
pub(crate) fn rules(budget: &str) -> Rules {
    match Policy::parse("perfgate.yaml", &format!("budgets: [{{ {budget} }}]\n")) {
        Ok(policy) => policy.rules,
        Err(error) => panic!("{error}"),
    }
}

/// What the gate says about the budget.
pub(crate) fn judged(runs: &[Run], rules: &Rules) -> BudgetFinding {
    check(runs, CurrentInfo::default(), rules, Vec::new()).budgets.remove(0)
}

/// What became of many budgets.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) all: usize,
    pub(crate) failed: usize,
    pub(crate) passed: usize,
    /// Calls that it took.
    pub(crate) calls: u64,
}

impl Tally {
    pub(crate) fn percent(self, n: usize) -> f64 {
        100.0 * n as f64 / self.all as f64
    }

    fn add(&mut self, verdict: Verdict, calls: u64) {
        self.all += 1;
        self.failed += usize::from(verdict == Verdict::Fail);
        self.passed += usize::from(verdict == Verdict::Pass);
        self.calls += calls;
    }
}

/// Many runs of so many calls, each judged once.
pub(crate) fn once(shape: Shape, calls: u64, times: f64, draws: usize, seed: u64) -> Tally {
    let (mut random, rules) = (Random::new(seed), rules("p95: \"< 3s\""));
    let mut tally = Tally::default();
    for _ in 0..draws {
        let run = shape.run(calls, times, &mut random);
        tally.add(judged(&[run], &rules).verdict(), calls);
    }
    tally
}

/// Many times runs of so many calls until they decide, or `most` calls are made.
pub(crate) fn until_decided(
    shape: Shape,
    (calls, most): (u64, u64),
    times: f64,
    draws: usize,
    seed: u64,
) -> Tally {
    let (mut random, mut rules) = (Random::new(seed), rules("p95: \"< 3s\""));
    let mut tally = Tally::default();
    for _ in 0..draws {
        let mut runs = Vec::new();
        rules.looks.clear();
        loop {
            runs.push(shape.run(calls, times, &mut random));
            let made = calls * runs.len() as u64;
            rules.looks.push(made as f64 / most as f64);
            let verdict = judged(&runs, &rules).verdict();
            if verdict != Verdict::NotCompared || made + calls > most {
                tally.add(verdict, made);
                break;
            }
        }
    }
    tally
}

/// Runs of a service that are compared, of so many calls each.
#[derive(Clone, Copy)]
pub(crate) struct Compared {
    /// The quantile that is limited to +20 %.
    pub(crate) level: &'static str,
    pub(crate) shape: Shape,
    pub(crate) calls: u64,
    pub(crate) baseline_runs: usize,
    /// Standard deviation of the logarithm by which the machine makes all calls of a run slower.
    pub(crate) machine: f64,
}

impl Compared {
    pub(crate) fn rules(&self) -> Rules {
        let off = ["p50", "p95", "p99", "mean"].into_iter().filter(|own| *own != self.level);
        let off: String = off.map(|own| format!(", {own}: off")).collect();
        let limits = format!("{{ {}: 20%{off} }}", self.level);
        let policy = format!("regression_thresholds: {{ api_response_time: {limits} }}\n");
        match Policy::parse("perfgate.yaml", &policy) {
            Ok(policy) => policy.rules,
            Err(error) => panic!("{error}"),
        }
    }

    fn run(&self, times: f64, random: &mut Random) -> Run {
        let machine = (self.machine * random.normal()).exp();
        self.shape.run(self.calls, times * machine, random)
    }

    /// Many comparisons with a service that takes `times` what the limit allows.
    pub(crate) fn tally(&self, times: f64, draws: usize, seed: u64) -> Tally {
        let (mut random, rules) = (Random::new(seed), self.rules());
        let mut tally = Tally::default();
        for _ in 0..draws {
            let baseline = (0..self.baseline_runs).map(|_| self.run(1.0, &mut random)).collect();
            let current = [self.run(1.2 * times, &mut random)];
            tally.add(compared(baseline, &current, &rules, self.level).verdict(), self.calls);
        }
        tally
    }
}

/// What the gate says about one quantile of the total.
pub(crate) fn compared(baseline: Vec<Run>, current: &[Run], rules: &Rules, level: &str) -> Finding {
    let baseline = Some(Baseline { runs: baseline, ..Baseline::default() });
    let report = judge(Input { baseline, current, ..Input::default() }, rules);
    let mut of_level = report.findings.into_iter().filter(|own| own.statistic.to_string() == level);
    of_level.next().unwrap_or_else(|| panic!("{level} has no limit"))
}
