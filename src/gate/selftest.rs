//! Does the gate work here? It is shown changes that are known, and runs in which nothing changed.

use super::finding::Finding;
use super::inject::{Injection, worsened};
use super::judge::judge_against;
use super::report::Report;
use super::verdict::Verdict;
use crate::config::{Decide, Rules, Threshold};
use crate::model::{Direction, MeasurementKey, Metric, Run, Statistic, Unit};
use crate::stats::steps;
use std::collections::{BTreeMap, BTreeSet};

/// Injected changes at most; of more measurements, as many are picked evenly.
const MOST_INJECTED: usize = 200;
/// Recorded runs at most that are held against those before them.
const MOST_REPLAYED: usize = 100;

/// How a selftest went.
#[derive(Debug, Clone)]
pub struct Selftest {
    /// By how many times its limit each measurement was made worse.
    pub times: f64,
    /// What became of the injected changes, by rule.
    pub injected: Vec<(Rule, Outcomes)>,
    /// Measurements whose injected change ended in no more than a warning.
    pub unseen: Vec<Unseen>,
    /// Measurements that vary too much to be judged at all.
    pub blind: Vec<Unseen>,
    /// What became of unchanged measurements, by rule; `crossed` by the plain rule.
    pub replayed: Vec<(Rule, Replayed)>,
    /// The same for whole runs.
    pub runs: Replayed,
    /// New runs that the gate was shown at once.
    pub repeats: usize,
    /// Baseline runs that the newest run was held against.
    pub baseline_runs: usize,
    /// Whether there is but one run, which is its own baseline.
    pub itself: bool,
}

/// A measurement of which the gate does not see a change that it should.
#[derive(Debug, Clone)]
pub struct Unseen {
    /// Which.
    pub key: MeasurementKey,
    /// Its unit.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
    /// Its limit.
    pub threshold: Threshold,
    /// The smallest change that would be seen, where that is known.
    pub visible: Option<f64>,
    /// The requests behind it, where they are known.
    pub requests: Option<u64>,
}

impl Unseen {
    fn of(finding: &Finding) -> Self {
        Self {
            key: finding.key(),
            unit: finding.unit.clone(),
            direction: finding.direction,
            threshold: finding.threshold,
            visible: finding.visible,
            requests: finding.counts.current.requests,
        }
    }
}

/// A limit, wherever it applies.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What is limited.
    pub metric: Metric,
    /// Which number of it.
    pub statistic: Statistic,
    /// Its unit.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
    /// The limit.
    pub threshold: Threshold,
}

/// How often the gate said what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Failed.
    pub fail: usize,
    /// Asked for another run.
    pub again: usize,
    /// Warned.
    pub warn: usize,
    /// Passed.
    pub pass: usize,
}

/// What became of unchanged ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many were judged.
    pub judged: usize,
    /// How many a plain comparison with the run before would have failed.
    pub crossed: usize,
    /// How many the gate failed.
    pub fail: usize,
    /// For how many it asked for another run.
    pub again: usize,
}

impl Outcomes {
    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Fail => self.fail += 1,
            Verdict::Inconclusive => self.again += 1,
            Verdict::Warn => self.warn += 1,
            Verdict::Pass | Verdict::NotCompared => self.pass += 1,
        }
    }

    /// All of them.
    pub fn total(&self) -> usize {
        self.fail + self.again + self.warn + self.pass
    }
}

impl Selftest {
    /// Injected changes, and how many of them failed or asked for another run.
    pub fn seen(&self) -> (usize, usize) {
        self.injected.iter().fold((0, 0), |(seen, all), (_, outcomes)| {
            (seen + outcomes.fail + outcomes.again, all + outcomes.total())
        })
    }

    /// Whether the gate works: most changes of this size are seen, and none is passed as if nothing were there.
    pub fn works(&self) -> bool {
        let (seen, all) = self.seen();
        let passed: usize = self.injected.iter().map(|(_, outcomes)| outcomes.pass).sum();
        all > 0 && passed == 0 && 2 * seen >= all
    }
}

/// Tests the gate on runs of one test, newest first, at least one. With a single run, that is its own baseline.
pub fn selftest(runs: &[Run], window: usize, times: f64, rules: &Rules) -> Selftest {
    // Whoever confirms measures again; here the runs before are the further ones.
    let repeats = if rules.decide == Decide::Confirmed {
        rules.max_runs.min(runs.len().saturating_sub(super::RUNS_FOR_NOISE)).max(1)
    } else {
        1
    };
    let (newest, before) = runs.split_at(repeats);
    let itself = before.is_empty();
    let before = if itself { newest } else { before };
    let mut test = Selftest {
        times,
        injected: Vec::new(),
        unseen: Vec::new(),
        blind: Vec::new(),
        replayed: Vec::new(),
        runs: Replayed::default(),
        repeats,
        baseline_runs: before.len().min(window),
        itself,
    };
    inject(&mut test, newest, before, window, rules);
    replay(&mut test, runs, window, rules);
    test
}

fn inject(test: &mut Selftest, newest: &[Run], before: &[Run], window: usize, rules: &Rules) {
    let unchanged = judge_against(newest, before, window, rules);
    let noisy = unchanged.findings.iter().filter(|f| f.reason == super::Reason::TooNoisy);
    test.blind.extend(noisy.map(Unseen::of));
    let judged: Vec<&Finding> = unchanged
        .findings
        .iter()
        .filter(|f| f.is_compared() && f.reason != super::Reason::Control)
        .collect();
    let stride = judged.len().div_ceil(MOST_INJECTED).max(1);
    for finding in judged.into_iter().step_by(stride) {
        let key = finding.key();
        let change = Injection { finding, times: test.times };
        let changed: Vec<Run> = newest.iter().map(|run| worsened(run, &change)).collect();
        let report = judge_against(&changed, before, window, rules);
        let Some(found) = report.findings.iter().find(|f| f.key() == key) else { continue };
        entry(&mut test.injected, found).add(found.verdict());
        if !matches!(found.verdict(), Verdict::Fail | Verdict::Inconclusive) {
            test.unseen.push(Unseen::of(found));
        }
    }
}

/// Every run that is not the first of a new level is held against those before it.
fn replay(test: &mut Selftest, runs: &[Run], window: usize, rules: &Rules) {
    let reports: Vec<Report> = (0..runs.len().saturating_sub(1).min(MOST_REPLAYED))
        .map(|i| judge_against(&runs[i..=i], &runs[i + 1..], window, rules))
        .collect();
    let moved = moved(&reports);
    for (i, report) in reports.iter().enumerate() {
        let mut whole = Outcomes::default();
        let mut crossed = false;
        for finding in report.findings.iter().filter(|f| f.is_compared()) {
            if moved.contains(&(i, finding.key())) {
                continue;
            }
            let own = entry(&mut test.replayed, finding);
            own.judged += 1;
            let plain = crosses_the_run_before(finding);
            own.crossed += usize::from(plain);
            own.fail += usize::from(finding.verdict() == Verdict::Fail);
            own.again += usize::from(finding.verdict() == Verdict::Inconclusive);
            whole.add(finding.verdict());
            crossed |= plain;
        }
        test.runs.judged += usize::from(whole.total() > 0);
        test.runs.crossed += usize::from(crossed);
        test.runs.fail += usize::from(whole.fail > 0);
        test.runs.again += usize::from(whole.fail == 0 && whole.again > 0);
    }
}

/// Runs that are the first of a new level, by measurement: their code did change.
fn moved(reports: &[Report]) -> BTreeSet<(usize, MeasurementKey)> {
    let mut series: BTreeMap<MeasurementKey, Vec<(usize, f64)>> = BTreeMap::new();
    for (i, report) in reports.iter().enumerate().rev() {
        for finding in &report.findings {
            if let Some(value) = finding.values.current {
                series.entry(finding.key()).or_default().push((i, value));
            }
        }
    }
    let mut moved = BTreeSet::new();
    for (key, points) in series {
        let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        moved.extend(steps(&values, 0.0).iter().map(|step| (points[step.index].0, key.clone())));
    }
    moved
}

/// What a comparison of this run with the one before says by the limit alone.
fn crosses_the_run_before(finding: &Finding) -> bool {
    let before = finding.working.per_run.baseline.first().copied().or(finding.values.baseline);
    before.zip(finding.values.current).is_some_and(|(before, current)| {
        super::limit::is_crossed(before, current, finding.threshold, finding.direction)
    })
}

/// The entry of a finding's rule, made where it is missing.
fn entry<'a, T: Default>(list: &'a mut Vec<(Rule, T)>, finding: &Finding) -> &'a mut T {
    let rule = Rule {
        metric: finding.metric.clone(),
        statistic: finding.statistic,
        unit: finding.unit.clone(),
        direction: finding.direction,
        threshold: finding.threshold,
    };
    let at = list.iter().position(|(known, _)| *known == rule).unwrap_or_else(|| {
        list.push((rule, T::default()));
        list.len() - 1
    });
    &mut list[at].1
}
