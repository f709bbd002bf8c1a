//! Budgets on a quantile of few calls. `p95 < 3 s` says that less than 5 % of all calls miss 3 s, and of n calls the number that
//! misses is binomial, whatever the response times look like: so the verdict on ten calls is exact, or says how many more it takes.

use super::budget_value::Judged;
use super::finding::{BudgetFinding, FewCalls};
use super::misses::{Calls, Misses, pooled, runs_differ};
use super::sample::Sample;
use super::verdict::{BudgetReason, Missing};
use crate::config::{Bound, Budget, Severity, Tier};
use crate::model::{BEYOND, Direction, MeasurementKey, Quantile, Statistic};
use crate::stats::{at_least, at_most};

/// Risk that a budget passes that is not kept.
const FALSE_PASS: f64 = 0.05;
/// Risk that a budget fails that is kept; the budgets of a run that are judged by few calls share it.
const FALSE_FAIL: f64 = 0.01;
/// The quantiles that people know, of which the highest that is shown is said.
const KNOWN: [f64; 6] = [50.0, 75.0, 90.0, 95.0, 99.0, 99.9];

/// A budget on a quantile of which at least one run has too few calls for the value as measured.
pub(super) struct FewBudget {
    level: Quantile,
    severity: Severity,
    /// The value as measured, where the runs have it.
    value: Option<f64>,
    tiers: Vec<TierMisses>,
}

/// The calls that miss one limit of a budget, run by run.
struct TierMisses {
    tier: Tier,
    bound: Bound,
    limit: f64,
    runs: Vec<Misses>,
}

/// What the calls say about a limit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Kept,
    Broken,
    Open,
}

/// The budget of this finding, where it is one on a quantile of few calls.
pub(super) fn few_budget(
    budget: &Budget,
    key: &MeasurementKey,
    found: &BudgetFinding,
    judged: &Judged<'_>,
) -> Option<FewBudget> {
    let Statistic::Quantile(level) = key.statistic else { return None };
    let nothing = [Missing::NoData, Missing::AllFailed];
    if found.reason.missing().is_some_and(|missing| nothing.contains(&missing)) {
        return None;
    }
    let calls = Calls::few(key, level, judged)?;
    let tier = |(tier, bound): &(Tier, Bound)| {
        let limit = bound.in_unit(&found.unit)?;
        let runs = calls.misses(*bound, limit)?;
        Some(TierMisses { tier: *tier, bound: *bound, limit, runs })
    };
    let tiers = budget.tiers.iter().map(tier).collect::<Option<Vec<_>>>()?;
    let severity = judged.rules.for_endpoint(&key.endpoint).severity;
    let value = calls.value(key.statistic);
    (!tiers.is_empty()).then_some(FewBudget { level, severity, value, tiers })
}

/// Puts the exact verdicts on the findings of budgets with few calls, by their places. `looks` is the share of all calls that had
/// been made at each run, where each of them was looked at.
pub(super) fn settle(findings: &mut [BudgetFinding], few: &[(usize, FewBudget)], looks: &[f64]) {
    let false_fail = FALSE_FAIL / few.len().max(1) as f64;
    for (place, budget) in few {
        if let Some(finding) = findings.get_mut(*place) {
            budget.settle(finding, false_fail, looks);
        }
    }
}

impl FewBudget {
    fn settle(&self, finding: &mut BudgetFinding, false_fail: f64, looks: &[f64]) {
        let answers: Vec<(&TierMisses, Answer)> =
            self.tiers.iter().map(|own| (own, own.answer(self.level, false_fail, looks))).collect();
        let with = |wanted: Answer| move |(_, answer): &&(_, Answer)| *answer == wanted;
        let gravest = answers.iter().rev().find(with(Answer::Broken));
        // A target that is open is no reason to doubt a limit that is kept.
        let open = answers.iter().find(|(own, answer)| {
            *answer == Answer::Open && (own.tier != Tier::Target || answers.len() == 1)
        });
        let (own, reason) = match (gravest, open) {
            (Some((own, _)), None) if own.tier == Tier::Target => {
                (*own, Some(BudgetReason::TargetMissed))
            }
            (Some((own, _)), _) if own.tier != Tier::Target => match self.severity {
                Severity::Warn => (*own, Some(BudgetReason::WarnOnly)),
                Severity::Fail => (*own, Some(BudgetReason::Broken)),
            },
            (_, Some((own, _))) => (*own, None),
            _ => match answers.iter().find(with(Answer::Kept)) {
                Some((own, _)) => (*own, Some(BudgetReason::Kept)),
                None => return,
            },
        };
        let mut few = own.found(self.level);
        finding.reason = reason.unwrap_or_else(|| {
            few.more = own.sample(self.level, looks).calls_to_show_fewer(FALSE_PASS);
            undecided(finding.reason, few.calls + few.more.unwrap_or_default())
        });
        finding.value = self.value.filter(|_| reason.is_some());
        finding.tier = own.tier;
        finding.limit = Some((own.bound, own.limit));
        finding.few = Some(few);
    }
}

/// Too few calls; of a class that was judged, no more than a warning, as before.
fn undecided(before: BudgetReason, needs: u64) -> BudgetReason {
    match before {
        BudgetReason::RarelyRequested(_) => BudgetReason::RarelyRequested(Some(needs)),
        _ => BudgetReason::Missing(Missing::TooFewRequests { needs }),
    }
}

impl TierMisses {
    /// The share of calls that may just miss the limit.
    fn allowed(&self, level: Quantile) -> f64 {
        match self.bound.comparison.direction() {
            Direction::Lower => 1.0 - level.fraction(),
            Direction::Higher => level.fraction(),
        }
    }

    fn sample<'a>(&'a self, level: Quantile, shares: &'a [f64]) -> Sample<'a> {
        Sample { runs: &self.runs, shares, allowed: self.allowed(level) }
    }

    fn answer(&self, level: Quantile, false_fail: f64, shares: &[f64]) -> Answer {
        let sample = self.sample(level, shares);
        if sample.shows_fewer(FALSE_PASS) {
            Answer::Kept
        } else if sample.shows_more(false_fail) {
            Answer::Broken
        } else {
            Answer::Open
        }
    }

    fn found(&self, level: Quantile) -> FewCalls {
        let Misses { calls, fewest, most } = pooled(&self.runs);
        let direction = self.bound.comparison.direction();
        let confidence = |level: Quantile| 1.0 - at_most(most, calls, self.allowed(level));
        let milder =
            |own: &Quantile| direction.worse_sign() * (level.fraction() - own.fraction()) > BEYOND;
        let known = KNOWN.into_iter().filter_map(Quantile::from_percent).filter(milder);
        let shows = known.map(|own| (own, confidence(own)));
        FewCalls {
            calls,
            within: calls - most,
            beyond: fewest,
            level,
            confidence: confidence(level),
            p: at_least(fewest, calls, self.allowed(level)),
            shows: shows.filter(|(_, sure)| *sure >= 1.0 - FALSE_PASS).collect(),
            more: None,
            runs_differ: runs_differ(&self.runs),
        }
    }
}
