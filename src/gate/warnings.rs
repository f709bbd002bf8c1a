//! What a person should know beside the findings.

use super::finding::Finding;
use super::input::Baseline;
use super::join::Pair;
use super::noise_model::RUNS_FOR_NOISE;
use super::sides::Sides;
use super::verdict::{Missing, Reason};
use crate::config::{Decide, Rules};
use crate::model::{
    Difference, Endpoint, Metric, Raw as _, Run, Warning, WarningKind, differences,
};
use crate::schema::RunV1;
use std::collections::BTreeSet;

/// Differences that forbid comparing; those that do not become warnings.
pub(super) fn compare_loads(
    baseline: &[Run],
    current: &[Run],
    rules: &Rules,
    warnings: &mut Vec<Warning>,
) -> Vec<Difference> {
    let mut forbidding: Vec<Difference> = Vec::new();
    let mut seen = BTreeSet::new();
    let all =
        baseline.iter().flat_map(|old| current.iter().flat_map(move |new| differences(old, new)));
    for difference in all {
        if !seen.insert(difference.field) {
            continue;
        }
        if difference.field.forbids() && !rules.allow_different.contains(&difference.field) {
            forbidding.push(difference);
        } else {
            let Difference { field, baseline, current } = difference;
            let kind = WarningKind::Differs {
                field: field.to_string(),
                baseline: baseline.into_raw(),
                current: current.into_raw(),
            };
            warnings.push(Warning::new(kind));
        }
    }
    forbidding
}

/// What a person should know beside the findings.
pub(super) fn warnings_about(
    baseline: &Baseline,
    current: &[Run],
    pairs: &[Pair<'_>],
    rules: &Rules,
    findings: &[Finding],
) -> Vec<Warning> {
    let mut kinds = Vec::new();
    let judged_by_noise = findings.iter().any(|f| f.p.is_some() && f.metric != Metric::ErrorRate);
    let runs = baseline.runs.len();
    if rules.decide != Decide::Threshold && runs < RUNS_FOR_NOISE && judged_by_noise {
        kinds.push(WarningKind::NoiseUnknown { runs });
    }
    let blind: Vec<String> =
        findings.iter().filter(|f| f.is_blind()).map(|f| f.key().text().into_raw()).collect();
    if !blind.is_empty() {
        kinds.push(WarningKind::Blind { measurements: blind });
    }
    let not_measured: BTreeSet<String> = findings
        .iter()
        .filter(|f| {
            f.metric == Metric::Latency && f.reason == Reason::Missing(Missing::NotMeasured)
        })
        .map(|f| f.statistic.to_string())
        .collect();
    let absent = |name: &&String| {
        let has = |run: &Run| run.metrics.iter().any(|m| m.name == name.as_str());
        !baseline.runs.iter().chain(current).any(has)
    };
    for name in rules.custom.keys().filter(absent) {
        kinds.push(WarningKind::UnknownMetric { name: name.clone() });
    }
    let uncounted = |pair: &&Pair<'_>| {
        let uncounted = |e: &&Endpoint| {
            let count =
                e.latency.as_ref().filter(|l| !l.has_no_data()).map(|l| l.count.or(e.requests));
            count == Some(None)
        };
        pair.current.iter().any(uncounted) && !rules.for_endpoint(&pair.key).latency.is_empty()
    };
    let endpoints = pairs.iter().filter(uncounted).count();
    if endpoints > 0 {
        let tool = current.first().map(|run| run.tool.name.raw().to_owned()).unwrap_or_default();
        kinds.push(WarningKind::RequestsUnknown { endpoints, tool });
    }
    if let (false, Some(run)) = (not_measured.is_empty(), current.first()) {
        let statistics = not_measured.into_iter().collect();
        kinds.push(WarningKind::NotMeasured { statistics, tool: run.tool.name.raw().to_owned() });
    }
    for (pattern, limits) in rules.unmatched_rules(pairs.iter().map(|pair| &pair.key)) {
        kinds.push(WarningKind::UnmatchedRule { pattern, limits });
    }
    // A named load is known by its name, and whatever makes no requests has none.
    let unknown = |run: &Run| {
        let known = |e: &Endpoint| e.requests.is_some() || e.latency.is_some();
        let requests = run.all_endpoints().any(|e| known(e) && !e.is_empty());
        run.load.users.is_none() && run.profile.is_none() && requests
    };
    let sides = Sides { baseline: baseline.runs.as_slice(), current };
    let unknown = sides.map(|runs| runs.iter().any(unknown));
    if unknown.baseline || unknown.current {
        let tool = current.first().map(|run| run.tool.name.raw().to_owned()).unwrap_or_default();
        kinds.push(WarningKind::LoadUnknown {
            baseline: unknown.baseline,
            current: unknown.current,
            tool,
        });
    }
    let unclassified: Vec<String> = pairs
        .iter()
        .filter(|pair| !pair.current.is_empty())
        .filter(|pair| {
            let own = rules.for_endpoint(&pair.key);
            let known = own.class.as_ref().is_some_and(|class| rules.knows_class(class));
            !known && own.latency.is_empty() && !own.ignore
        })
        .map(|pair| pair.key.text().into_raw())
        .collect();
    if !unclassified.is_empty() {
        kinds.push(WarningKind::Unclassified { endpoints: unclassified });
    }
    let numbers = |run: &Run| {
        let file = RunV1 { commit: None, ..RunV1::without_histograms(run) };
        serde_json::to_string(&file).unwrap_or_default()
    };
    let new: BTreeSet<String> = current.iter().map(numbers).collect();
    if let Some(same) = baseline.runs.iter().find(|run| new.contains(&numbers(run))) {
        let name =
            same.commit.map_or_else(|| baseline.info.requested.raw().to_owned(), |id| id.short());
        kinds.push(WarningKind::SameAsBaseline { baseline: name });
    }
    kinds.into_iter().map(Warning::new).collect()
}
