//! The verdict on each test, with the other tests of its metric considered: they are one family.

use super::confirmation::RUNS_TO_FAIL;
use super::evidence::{
    Evidence, Q_FAIL, Q_FAIL_OF_COUNTS, Q_SUSPICIOUS, Strength, evidence, strengths,
};
use super::exceptions::fails_on_main_already;
use super::finding::{FewCompared, Finding, RankInFamily, Role, Working};
use super::limit::is_crossed;
use super::measure::Side;
use super::noise_verdicts::{ByNoise, by_noise};
use super::plan::{ComparedRuns, Test};
use super::report::Variation;
use super::sides::Sides;
use super::verdict::{Missing, Reason, Verdict};
use crate::config::{Decide, Rules, Threshold};
use crate::model::{MeasurementKey, Metric};
use crate::stats::Matrix;
use std::collections::{BTreeMap, BTreeSet};

/// How rare a shift of all response times must be for a loss of throughput to be the same thing seen twice.
const RARE_DISTURBANCE: f64 = 0.2;

/// What the noise from run to run says about the tests that every run has.
#[derive(Default)]
struct NoiseJudgement {
    /// By the place in the list of tests.
    tests: BTreeMap<usize, ByNoise>,
    /// The noise that the latency shows.
    variation: Option<Variation>,
    /// Whether the response times of the whole run are rare.
    whole_run: bool,
}

/// The findings, each with its verdict; the tests of one metric are one family. Also the noise that the latency shows.
pub(super) fn verdicts(
    tests: Vec<Test>,
    calibration: &Sides<Matrix>,
    compared: &ComparedRuns,
    rules: &Rules,
) -> (Vec<Finding>, Option<Variation>) {
    let mut noise = match rules.decide {
        Decide::Threshold => NoiseJudgement::default(),
        Decide::Evidence | Decide::Confirmed => {
            judge_by_noise(&tests, calibration, compared, rules)
        }
    };
    let examined: Vec<Examined> =
        tests.into_iter().map(|test| examine(test, rules.decide, compared.nearest)).collect();
    let strengths = match rules.decide {
        Decide::Threshold => vec![(Strength::Real, None); examined.len()],
        Decide::Evidence | Decide::Confirmed => strengths_of(&examined, &noise.tests),
    };
    let judged = examined.into_iter().zip(strengths).enumerate();
    let findings = judged.map(|(i, (examined, (strength, family)))| match noise.tests.remove(&i) {
        Some(by_noise) => finding_by_noise(examined.test, by_noise),
        None => {
            let new_runs = compared.runs.current;
            let reason = match examined.few {
                Some(_) => {
                    few_reason(&examined, strength, (new_runs, noise.whole_run), rules.decide)
                }
                None => reason(&examined, strength, new_runs, rules.decide),
            };
            finding(examined, reason, family)
        }
    });
    (findings.collect(), noise.variation)
}

/// The metrics of the tests. Latency comes first: a run that is slower as a whole by its response times makes fewer requests,
/// for one reason.
fn metrics<'a>(keys: impl Iterator<Item = &'a MeasurementKey>) -> BTreeSet<&'a Metric> {
    keys.map(|key| &key.metric).collect()
}

fn judge_by_noise(
    tests: &[Test],
    calibration: &Sides<Matrix>,
    compared: &ComparedRuns,
    rules: &Rules,
) -> NoiseJudgement {
    let mut found = NoiseJudgement::default();
    let mut disturbed = compared.disturbed.current.iter().any(|busy| *busy);
    let all = metrics(tests.iter().map(|test| &test.key));
    for metric in all.into_iter().filter(|metric| **metric != Metric::ErrorRate) {
        let family: Vec<(usize, &Test)> =
            tests.iter().enumerate().filter(|(_, test)| test.key.metric == *metric).collect();
        let latency = *metric == Metric::Latency;
        // A slow machine makes times longer; what it does to other metrics is theirs to show.
        let calibration = latency.then_some(calibration);
        let throughput = *metric == Metric::Throughput;
        let judged = by_noise(&family, calibration, compared, disturbed && throughput, rules);
        let Some(judged) = judged else { continue };
        found.tests.extend(judged.tests);
        if latency {
            found.variation = judged.variation;
            found.whole_run = judged.whole_run_p.is_some_and(|p| p < Q_SUSPICIOUS);
            disturbed |= judged.whole_run_p.is_some_and(|p| p < RARE_DISTURBANCE);
        }
    }
    found
}

/// How strong the evidence of each test is among those of its metric that the noise does not judge.
fn strengths_of(
    examined: &[Examined],
    by_noise: &BTreeMap<usize, ByNoise>,
) -> Vec<(Strength, Option<RankInFamily>)> {
    let mut found = vec![(Strength::Real, None); examined.len()];
    for metric in metrics(examined.iter().map(|own| &own.test.key)) {
        let belongs = |i: &usize| {
            let own = &examined[*i];
            let judged = own.is_compared() || own.few.is_some();
            own.test.key.metric == *metric && judged && !by_noise.contains_key(i)
        };
        let members = (0..examined.len()).filter(belongs);
        let (few, usual): (Vec<usize>, Vec<usize>) =
            members.partition(|i| examined[*i].few.is_some());
        for members in [few, usual] {
            let p: Vec<Option<f64>> = members.iter().map(|i| examined[*i].evidence.p).collect();
            for (i, strength) in members.into_iter().zip(strengths(&p, risk(metric))) {
                found[i] = strength;
            }
        }
    }
    found
}

/// Share of false rejections at which a crossing is a failure.
fn risk(metric: &Metric) -> f64 {
    if *metric == Metric::ErrorRate { Q_FAIL_OF_COUNTS } else { Q_FAIL }
}

/// What is known of a test before the other tests of its family are considered.
struct Examined {
    test: Test,
    evidence: Evidence,
    /// What the calls say, where they decide.
    few: Option<FewCompared>,
    /// The reason, where it does not depend on evidence; none: the limit is crossed.
    settled: Option<Reason>,
}

fn examine(test: Test, decide: Decide, nearest: usize) -> Examined {
    let plain = |settled| (Evidence::default(), Some(settled));
    let few = test.few.filter(|_| decide != Decide::Threshold && test.one_sided.is_none());
    let (evidence, settled) = match (&test.one_sided, &test.measured.sides) {
        (Some(one_sided), _) => plain(*one_sided),
        (None, Err(missing)) if let Some(few) = few => of_few(&test, few, *missing),
        (None, Err(missing)) => plain(Reason::Missing(*missing)),
        (None, Ok(sides))
            if sides.baseline.value <= 0.0
                && matches!(test.threshold, Threshold::Relative(_))
                && !stayed_nothing(&test.key.metric, sides) =>
        {
            plain(Reason::ZeroBaseline)
        }
        (None, Ok(sides)) => {
            let Sides { baseline, current } = sides;
            let crossed = |b, y| is_crossed(b, y, test.threshold, test.direction);
            let settled = if !crossed(baseline.value, current.value) {
                Some(Reason::WithinLimit)
            } else if !crossed(baseline.rounded_from.high, current.rounded_from.low) {
                Some(Reason::BelowResolution)
            } else if test.control {
                Some(Reason::Control)
            } else if fails_on_main_already(&test, current.value, nearest) {
                Some(Reason::AlreadyOnMain)
            } else {
                None
            };
            let failures = &test.measured.baseline_failures;
            let evidence = match decide {
                Decide::Threshold => Evidence::default(),
                Decide::Evidence | Decide::Confirmed => {
                    evidence((&test.key, &test.unit), test.direction, sides, failures)
                }
            };
            (evidence, settled)
        }
    };
    Examined { test, evidence, few, settled }
}

/// The evidence of few calls; what does not cross its limit as measured cannot fail.
fn of_few(test: &Test, few: FewCompared, missing: Missing) -> (Evidence, Option<Reason>) {
    let crossed = test.measured.values.both().is_some_and(|values| {
        is_crossed(values.baseline, values.current, test.threshold, test.direction)
    });
    let settled = match (few.kept, crossed) {
        (true, _) => Some(Reason::WithinLimit),
        (false, true) if test.control => Some(Reason::Control),
        (false, true) => None,
        (false, false) => Some(Reason::Missing(missing)),
    };
    (Evidence { p: Some(few.p), ..Evidence::default() }, settled)
}

/// Whether a metric is nothing on both sides, which is no change: a benchmark that allocates nothing, and still does not.
fn stayed_nothing(metric: &Metric, sides: &Sides<Side>) -> bool {
    matches!(metric, Metric::Custom(_)) && sides.iter().all(|side| side.value == 0.0)
}

impl Examined {
    /// Whether both sides were held against each other.
    fn is_compared(&self) -> bool {
        self.settled.is_none_or(|reason| {
            reason.verdict() != Verdict::NotCompared && !matches!(reason, Reason::Removed(_))
        })
    }
}

/// The reason where the noise from run to run is not known.
fn reason(examined: &Examined, strength: Strength, new_runs: usize, decide: Decide) -> Reason {
    if let Some(settled) = examined.settled {
        return settled;
    }
    let counted = examined.test.key.metric == Metric::ErrorRate;
    match (decide, strength) {
        (Decide::Threshold, _) => Reason::OverThreshold,
        // Without the noise from run to run, nothing but counts can confirm, and those only in a second run.
        (Decide::Confirmed, _) if !counted => Reason::MeasureAgain,
        (_, Strength::Chance) => Reason::WithinNoise,
        (Decide::Confirmed, Strength::Real) if new_runs < RUNS_TO_FAIL => Reason::MeasureAgain,
        (_, Strength::Suspicious) => Reason::MeasureAgain,
        (_, Strength::Real) => Reason::OverThreshold,
    }
}

/// The reason where few calls decide. `whole_run`: another run must show whether it was the machine.
fn few_reason(
    examined: &Examined,
    strength: Strength,
    (new_runs, whole_run): (usize, bool),
    decide: Decide,
) -> Reason {
    if let Some(settled) = examined.settled {
        return settled;
    }
    match (strength, examined.test.measured.sides.as_ref().err()) {
        (Strength::Chance, Some(missing)) => Reason::Missing(*missing),
        (Strength::Real, _) if whole_run => Reason::WholeRun,
        (Strength::Real, _) if decide == Decide::Confirmed && new_runs < RUNS_TO_FAIL => {
            Reason::MeasureAgain
        }
        (Strength::Real, _) => Reason::OverThreshold,
        _ => Reason::MeasureAgain,
    }
}

fn finding_by_noise(test: Test, found: ByNoise) -> Finding {
    let evidence =
        Evidence { p: Some(found.p), interval: Some(found.interval), visible: Some(found.visible) };
    let examined = Examined { test, evidence, few: None, settled: None };
    let mut finding = finding(examined, found.reason, Some(found.family));
    finding.values = found.values.map(Some);
    finding.further_runs = found.further_runs;
    finding.working.noise = Some(found.steps);
    finding.working.risk = found.risk;
    finding
}

fn finding(examined: Examined, reason: Reason, family: Option<RankInFamily>) -> Finding {
    let Examined { test, evidence, few, .. } = examined;
    let risk = risk(&test.key.metric);
    Finding {
        endpoint: test.key.endpoint,
        metric: test.key.metric,
        statistic: test.key.statistic,
        unit: test.unit,
        direction: test.direction,
        values: test.measured.values,
        interval: evidence.interval,
        threshold: test.threshold,
        reason: reason.at_most(test.severity),
        p: evidence.p,
        visible: evidence.visible,
        further_runs: None,
        accepted: None,
        counts: test.measured.counts,
        few,
        role: match (test.control, test.measured.counted) {
            (true, _) => Role::Control,
            (false, true) => Role::Judged,
            (false, false) => Role::Unmeasured,
        },
        working: Working {
            per_run: test.measured.per_run,
            levels: test.levels,
            family,
            risk,
            noise: None,
            pairs: Vec::new(),
            parts: test.parts,
            kinds: test.kinds,
        },
    }
}
