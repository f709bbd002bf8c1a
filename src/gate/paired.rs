//! The verdicts on slices that were measured in pairs.

use super::evidence::CONFIDENCE_POINT;
use super::finding::{Finding, RankInFamily};
use super::input::Pairing;
use super::limit::{is_crossed, share};
use super::paired_counts::judge_counts;
use super::paired_judged::Judged;
use super::paired_rule::{PairedStanding, is_blind, sees, standings};
use super::paired_test::InPairs;
use super::plan::Test;
use super::sides::Sides;
use super::verdict::Reason;
use crate::config::{Decide, Rules};
use crate::model::{Direction, EndpointKey, Metric, Run};
use crate::stats::{Interval, PairedFamily, student_quantile};
use std::collections::{BTreeMap, BTreeSet};

/// The findings, and whether more pairs are likely to decide what is open.
pub(super) struct PairedVerdicts {
    pub(super) findings: Vec<Finding>,
    pub(super) open: bool,
}

/// The verdict on each test; the tests of one metric are one family. The slices of both sides are pairs in their order.
pub(super) fn paired_verdicts(
    tests: Vec<Test>,
    slices: Sides<&[Run]>,
    pairing: &Pairing,
    rules: &Rules,
) -> PairedVerdicts {
    let mut judged: BTreeMap<usize, Judged> = BTreeMap::new();
    let metrics: BTreeSet<Metric> = tests.iter().map(|test| test.key.metric.clone()).collect();
    for metric in metrics {
        let family: Vec<(usize, &Test)> =
            tests.iter().enumerate().filter(|(_, test)| test.key.metric == metric).collect();
        judged.extend(match metric {
            Metric::ErrorRate => judge_counts(&family, slices, pairing, rules),
            _ => judge_values(&family, slices, pairing, rules),
        });
    }
    let open = judged.values().any(|own| own.open);
    let findings = tests.into_iter().enumerate().map(|(i, test)| match judged.remove(&i) {
        Some(own) => own.finding(test),
        None => Judged::because(Reason::TooNoisy).finding(test),
    });
    PairedVerdicts { findings: findings.collect(), open }
}

/// Judges what has logarithms.
fn judge_values(
    tests: &[(usize, &Test)],
    slices: Sides<&[Run]>,
    pairing: &Pairing,
    rules: &Rules,
) -> BTreeMap<usize, Judged> {
    let mut endpoints: BTreeMap<&EndpointKey, usize> = BTreeMap::new();
    let mut judged = BTreeMap::new();
    let mut members: Vec<(usize, &Test, InPairs)> = Vec::new();
    for (i, test) in tests {
        let next = endpoints.len();
        let endpoint = *endpoints.entry(&test.key.endpoint).or_insert(next);
        match InPairs::of(test, slices, endpoint) {
            Ok(own) => members.push((*i, test, own)),
            Err(reason) => drop(judged.insert(*i, Judged::because(reason))),
        }
    }
    let family = PairedFamily {
        second: pairing.head_second.clone(),
        tests: members.iter().map(|(_, _, own)| own.test.clone()).collect(),
    };
    let limits: Vec<f64> = members.iter().map(|(_, _, own)| own.limit).collect();
    let standings = standings(&family, &limits, pairing.look);
    let p: Vec<f64> = standings.iter().flatten().map(|own| own.change.p).collect();
    for ((i, test, own), standing) in members.into_iter().zip(standings) {
        let Some(standing) = standing else { continue };
        let rank = RankInFamily::new(standing.change.p, &p);
        let seen = Seen { test, own, standing, decide: rules.decide };
        judged.insert(i, seen.judged(rank, pairing));
    }
    judged
}

/// A test with what its pairs say.
struct Seen<'a> {
    test: &'a Test,
    own: InPairs,
    standing: PairedStanding,
    decide: Decide,
}

impl Seen<'_> {
    fn judged(self, rank: RankInFamily, pairing: &Pairing) -> Judged {
        let change = self.standing.change;
        let sign = self.test.direction.worse_sign();
        let level = self.own.level;
        let values = Sides { baseline: level, current: level * (sign * change.change).exp() };
        let reason = self.reason(values, is_blind(&change, self.own.limit));
        let reach = student_quantile(CONFIDENCE_POINT, change.freedom) * change.error;
        let end = |log: f64| (sign * log).exp_m1();
        let (low, high) = (end(change.change - reach), end(change.change + reach));
        let interval = match self.test.direction {
            Direction::Lower => Interval { low, high },
            Direction::Higher => Interval { low: high, high: low },
        };
        Judged {
            reason,
            open: self.standing.open && !self.test.control,
            values: Some(values),
            interval: Some(interval),
            p: Some(change.p),
            visible: Some(share(sees(&change).max(self.own.limit), self.test.direction)),
            family: Some(rank),
            risk: pairing.look.risk(),
            pairs: self.own.test.differences.iter().map(|d| d.map(end)).collect(),
            per_run: Some(self.own.values),
        }
    }

    fn reason(&self, values: Sides<f64>, blind: bool) -> Reason {
        let crossed = |base, head| is_crossed(base, head, self.test.threshold, self.test.direction);
        if !crossed(values.baseline, values.current) {
            return if blind { Reason::TooNoisy } else { Reason::WithinLimit };
        }
        if self.test.control {
            return Reason::Control;
        }
        if self.is_rounding(values, crossed) {
            return Reason::BelowResolution;
        }
        match (self.decide, self.standing.fails, self.standing.suspicious) {
            (Decide::Threshold, ..) | (_, true, _) => Reason::OverThreshold,
            (_, false, true) => Reason::MeasureAgain,
            (_, false, false) if blind => Reason::TooNoisy,
            (_, false, false) => Reason::WithinNoise,
        }
    }

    /// Whether half a rounding step on both sides makes the crossing, of values that do not vary by more than a step.
    fn is_rounding(&self, values: Sides<f64>, crossed: impl Fn(f64, f64) -> bool) -> bool {
        let half = self.test.direction.worse_sign() * self.own.step / 2.0;
        let steady = self.standing.change.deviation * self.own.level <= self.own.step;
        steady && !crossed(values.baseline + half, values.current - half)
    }
}
