//! What a person should know beside the findings.

use super::finding::Finding;
use super::input::Baseline;
use super::join::Pair;
use super::noise_model::RUNS_FOR_NOISE;
use super::sides::Sides;
use super::unjoined_rows::unjoined_rows;
use super::verdict::{Missing, Reason};
use crate::config::{Decide, Rules};
use crate::model::{
    Difference, Endpoint, Kind, Metric, MetricNames, Raw as _, Run, Warning, WarningKind,
    differences,
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
    kinds.extend(noise_unknown(baseline.runs.len(), rules, findings));
    kinds.extend(blind(findings));
    kinds.extend(unknown_metrics(baseline, current, rules));
    kinds.extend(requests_unknown(current, pairs, rules));
    kinds.extend(not_measured(current, findings));
    let unmatched = rules.unmatched_rules(pairs.iter().map(|pair| &pair.key)).into_iter();
    kinds.extend(unmatched.map(|(pattern, limits)| WarningKind::UnmatchedRule { pattern, limits }));
    kinds.extend(unjoined_rows(&baseline.runs, current, pairs));
    kinds.extend(load_unknown(&baseline.runs, current));
    kinds.extend(unclassified(pairs, rules));
    kinds.extend(same_as_baseline(baseline, current));
    kinds.into_iter().map(Warning::new).collect()
}

/// The tool of the new runs.
fn tool(current: &[Run]) -> String {
    current.first().map(|run| run.tool.name.raw().to_owned()).unwrap_or_default()
}

fn noise_unknown(runs: usize, rules: &Rules, findings: &[Finding]) -> Option<WarningKind> {
    let judged_by_noise = findings.iter().any(|f| f.p.is_some() && f.metric != Metric::ErrorRate);
    (rules.decide != Decide::Threshold && runs < RUNS_FOR_NOISE && judged_by_noise)
        .then_some(WarningKind::NoiseUnknown { runs })
}

fn blind(findings: &[Finding]) -> Option<WarningKind> {
    let measurements: Vec<String> =
        findings.iter().filter(|f| f.is_blind()).map(|f| f.key().text().into_raw()).collect();
    (!measurements.is_empty()).then_some(WarningKind::Blind { measurements })
}

fn unknown_metrics(baseline: &Baseline, current: &[Run], rules: &Rules) -> Vec<WarningKind> {
    let names = MetricNames::of(baseline.runs.iter().chain(current));
    let absent = |name: &&str| !names.contains(names.known_as(name));
    let absent = rules.custom_names().into_iter().filter(absent);
    absent.map(|name| WarningKind::UnknownMetric { name: name.to_owned() }).collect()
}

fn requests_unknown(current: &[Run], pairs: &[Pair<'_>], rules: &Rules) -> Option<WarningKind> {
    let uncounted = |e: &&Endpoint| {
        let known = e.latency.as_ref().filter(|l| !l.has_no_data());
        let load = e.key.kind().is_none_or(Kind::is_load);
        load && known.is_some_and(|latency| latency.count.or(e.requests).is_none())
    };
    let limited = |pair: &&Pair<'_>| {
        pair.current.iter().any(uncounted) && !rules.for_endpoint(&pair.key).latency.is_empty()
    };
    let endpoints = pairs.iter().filter(limited).count();
    (endpoints > 0).then(|| WarningKind::RequestsUnknown { endpoints, tool: tool(current) })
}

fn not_measured(current: &[Run], findings: &[Finding]) -> Option<WarningKind> {
    let statistics: BTreeSet<String> = findings
        .iter()
        .filter(|f| {
            f.metric == Metric::Latency && f.reason == Reason::Missing(Missing::NotMeasured)
        })
        .map(|f| f.statistic.to_string())
        .collect();
    let statistics: Vec<String> = statistics.into_iter().collect();
    (!statistics.is_empty() && !current.is_empty())
        .then(|| WarningKind::NotMeasured { statistics, tool: tool(current) })
}

/// A named load is known by its name, and whatever makes no requests has none.
fn load_unknown(baseline: &[Run], current: &[Run]) -> Option<WarningKind> {
    let unknown = |run: &Run| {
        let load = |e: &Endpoint| e.key.kind().is_none_or(Kind::is_load);
        let known = |e: &Endpoint| load(e) && (e.requests.is_some() || e.latency.is_some());
        let requests = run.all_endpoints().any(|e| known(e) && !e.is_empty());
        run.load.users.is_none() && run.profile.is_none() && requests
    };
    let sides = Sides { baseline, current };
    let Sides { baseline, current: now } = sides.map(|runs| runs.iter().any(unknown));
    (baseline || now).then(|| WarningKind::LoadUnknown {
        baseline,
        current: now,
        tool: tool(current),
    })
}

fn unclassified(pairs: &[Pair<'_>], rules: &Rules) -> Option<WarningKind> {
    let unknown = |pair: &&Pair<'_>| {
        let own = rules.for_endpoint(&pair.key);
        let known = own.class.as_ref().is_some_and(|class| rules.knows_class(class));
        !pair.current.is_empty() && !known && own.latency.is_empty() && !own.ignore
    };
    let endpoints: Vec<String> =
        pairs.iter().filter(unknown).map(|pair| pair.key.text().into_raw()).collect();
    (!endpoints.is_empty()).then_some(WarningKind::Unclassified { endpoints })
}

fn same_as_baseline(baseline: &Baseline, current: &[Run]) -> Option<WarningKind> {
    let numbers = |run: &Run| {
        let file = RunV1 { commit: None, ..RunV1::without_histograms(run) };
        serde_json::to_string(&file).unwrap_or_default()
    };
    let new: BTreeSet<String> = current.iter().map(numbers).collect();
    let same = baseline.runs.iter().find(|run| new.contains(&numbers(run)))?;
    let requested = || baseline.info.requested.raw().to_owned();
    let name = same.commit.map_or_else(requested, |id| id.short());
    Some(WarningKind::SameAsBaseline { baseline: name })
}
