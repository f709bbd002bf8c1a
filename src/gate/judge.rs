//! The verdict on every finding, and on the whole.

use super::evidence::{Evidence, Strength, evidence, strengths};
use super::join::{Pair, pairs};
use super::limit::is_crossed;
use super::measure::{Measured, custom, error_rate, latency, throughput};
use super::report::{
    BaselineInfo, Coverage, CurrentInfo, Finding, Reason, Report, ReportReason, Verdict,
};
use crate::config::{Decide, EndpointRules, Removed, Rules, Severity, Threshold};
use crate::model::{
    Difference, Direction, Endpoint, EndpointKey, Kind, Metric, Run, Statistic, Unit, Visited,
    Warning, WarningKind, differences,
};
use crate::schema::RunV1;
use std::collections::BTreeSet;

/// What a new run is held against.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// Where it comes from.
    pub info: BaselineInfo,
    /// Its runs, nearest first; at least one.
    pub runs: Vec<Run>,
}

/// How the baseline was looked for; empty for plain files.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The revision that was asked for.
    pub revision: Option<String>,
    /// The commits that were looked at, nearest first.
    pub visited: Vec<Visited>,
}

/// Share of the total's requests that the endpoints must hold for the total's latency to be left to them.
const ENDPOINTS_SPEAK_FOR_TOTAL: f64 = 0.9;

/// Judges the new runs (repeats of one test, at least one) against the baseline.
///
/// `search` and `warnings` are handed on to the report.
pub fn judge(
    baseline: Option<Baseline>,
    current: &[Run],
    info: CurrentInfo,
    rules: &Rules,
    search: Search,
    warnings: Vec<Warning>,
) -> Report {
    let mut report = Report {
        verdict: Verdict::NotCompared,
        reason: ReportReason::NoBaseline,
        decide: rules.decide,
        inconclusive: rules.inconclusive,
        missing_baseline: rules.missing_baseline,
        requested: search.revision,
        baseline: None,
        visited: search.visited,
        current: info,
        coverage: Coverage::default(),
        findings: Vec::new(),
        warnings,
    };
    let Some(baseline) = baseline else {
        if report.exit_code() == 0 {
            report.warnings.push(Warning::new(WarningKind::MissingBaseline));
        }
        return report;
    };
    let pairs = pairs(&baseline.runs, current);
    let mut tests = tests_of_endpoints(&pairs, rules);
    tests.extend(tests_of_custom_metrics(&baseline.runs, current, rules));
    report.findings = verdicts(tests, rules.decide);
    report.coverage = coverage(&report.findings);
    let different = compare_loads(&baseline.runs, current, rules, &mut report.warnings);
    report.warnings.extend(notices(&baseline, current, &pairs, rules, &report.findings));
    let mut seen = BTreeSet::new();
    report
        .warnings
        .retain(|warning| seen.insert((warning.kind.to_string(), warning.place.clone())));
    (report.verdict, report.reason) = overall(&report, rules, different);
    report.baseline = Some(baseline.info);
    if report.verdict == Verdict::Inconclusive && report.exit_code() == 0 {
        report.warnings.push(Warning::new(WarningKind::Undecided));
    }
    report
}

/// One measurement with a limit, before its verdict.
struct Test {
    endpoint: EndpointKey,
    metric: Metric,
    statistic: Statistic,
    unit: Unit,
    direction: Direction,
    threshold: Threshold,
    severity: Severity,
    measured: Measured,
    /// Set when the endpoint is only on one side.
    one_sided: Option<(Verdict, Reason)>,
}

/// Everything about endpoints and the total that has a limit.
fn tests_of_endpoints(pairs: &[Pair<'_>], rules: &Rules) -> Vec<Test> {
    let total_latency = judges_total_latency(pairs);
    let mut tests = Vec::new();
    for pair in pairs {
        let own = rules.for_endpoint(&pair.key);
        let one_sided = match (pair.baseline.is_empty(), pair.current.is_empty()) {
            (true, _) => Some((Verdict::NotCompared, Reason::NewEndpoint)),
            (_, true) => match rules.removed {
                Removed::Ignore => continue,
                Removed::Warn => Some((Verdict::Warn, Reason::Removed)),
                Removed::Fail => Some((Verdict::Fail, Reason::Removed)),
            },
            _ => None,
        };
        if !own.ignore {
            let total = pair.key == EndpointKey::Total;
            tests.extend(tests_of_pair(pair, &own, !total || total_latency, one_sided));
        }
    }
    tests
}

fn tests_of_pair(
    pair: &Pair<'_>,
    rules: &EndpointRules,
    with_latency: bool,
    one_sided: Option<(Verdict, Reason)>,
) -> Vec<Test> {
    let sides = [pair.baseline.as_slice(), pair.current.as_slice()];
    let test = |metric, statistic, unit, direction, threshold, measured| Test {
        endpoint: pair.key.clone(),
        metric,
        statistic,
        unit,
        direction,
        threshold,
        severity: rules.severity,
        measured,
        one_sided,
    };
    // What neither side of a single endpoint measures is not missed; of the total it is.
    let missed = |measured: &Measured| measured.counted || pair.key == EndpointKey::Total;
    // An endpoint on one side only is told by what that side has of it.
    let there =
        |measured: &Measured| one_sided.is_none() || measured.values.iter().any(Option::is_some);
    let mut tests = Vec::new();
    if with_latency {
        for (statistic, threshold) in &rules.latency {
            let measured = latency(sides, *statistic, rules.min_requests);
            let lower = Direction::Lower;
            tests.push(test(
                Metric::Latency,
                *statistic,
                Unit::Milliseconds,
                lower,
                *threshold,
                measured,
            ));
        }
    }
    if let Some(threshold) = rules.error_rate {
        let measured = error_rate(sides);
        if missed(&measured) {
            let lower = Direction::Lower;
            tests.push(test(
                Metric::ErrorRate,
                Statistic::Rate,
                Unit::Ratio,
                lower,
                threshold,
                measured,
            ));
        }
    }
    if let Some(threshold) = rules.throughput {
        let measured = throughput(sides);
        if missed(&measured) {
            let higher = Direction::Higher;
            tests.push(test(
                Metric::Throughput,
                Statistic::Rate,
                Unit::PerSecond,
                higher,
                threshold,
                measured,
            ));
        }
    }
    tests.retain(|test| there(&test.measured));
    tests
}

/// The total's latency is judged only where no endpoints speak for it, because their mix moves it: where a file knows
/// none, or only some of them.
fn judges_total_latency(pairs: &[Pair<'_>]) -> bool {
    total_stands_alone(pairs, |pair| pair.baseline.first().copied())
        || total_stands_alone(pairs, |pair| pair.current.first().copied())
}

/// Whether the endpoints of one side do not speak for its total: because there are none, because they hold only a part of
/// its requests, or because nobody knows how many they hold.
fn total_stands_alone<'a>(pairs: &[Pair<'a>], side: fn(&Pair<'a>) -> Option<&'a Endpoint>) -> bool {
    let requests = |pair: &Pair<'a>| side(pair).and_then(|e| e.requests).map(|n| n as f64);
    let total = pairs.iter().find(|pair| pair.key == EndpointKey::Total).and_then(requests);
    // Groups and scenarios hold requests that endpoints hold as well.
    let counts = |kinds: &[Kind]| {
        let own = |pair: &&Pair<'a>| {
            matches!(&pair.key, EndpointKey::Named { kind, .. } if !kinds.contains(kind))
                && side(pair).is_some()
        };
        pairs.iter().filter(own).map(requests).sum::<Option<f64>>()
    };
    let Some(total) = total else { return true };
    let all = counts(&[Kind::Group, Kind::Scenario]);
    // k6's total does not hold WebSocket and gRPC: then all endpoints together have more requests than the total.
    let held = match all {
        Some(held) if held > total => {
            counts(&[Kind::Group, Kind::Scenario, Kind::Websocket, Kind::Grpc])
        }
        other => other,
    };
    held.is_none_or(|held| held < ENDPOINTS_SPEAK_FOR_TOTAL * total)
}

/// The custom metrics that the policy limits, on each endpoint that has one.
fn tests_of_custom_metrics(baseline: &[Run], current: &[Run], rules: &Rules) -> Vec<Test> {
    let mut tests = Vec::new();
    for (name, rule) in &rules.custom {
        let of_name = |run: &'_ Run| {
            run.metrics.iter().filter(|m| m.name == *name).cloned().collect::<Vec<_>>()
        };
        let sides =
            [baseline, current].map(|runs| runs.iter().flat_map(of_name).collect::<Vec<_>>());
        let mut endpoints: BTreeSet<Option<String>> =
            sides.iter().flatten().map(|m| m.endpoint.clone()).collect();
        if endpoints.is_empty() {
            endpoints.insert(None);
        }
        for endpoint in endpoints {
            let key = endpoint
                .as_ref()
                .map_or(EndpointKey::Total, |name| EndpointKey::named(Kind::Task, None, name));
            let own = rules.for_endpoint(&key);
            let here = sides.each_ref().map(|side| {
                side.iter().filter(|m| m.endpoint == endpoint).cloned().collect::<Vec<_>>()
            });
            let example = here.iter().flatten().next();
            let stated = example.and_then(|m| m.direction);
            for (statistic, threshold) in rule.limits.iter().filter(|_| !own.ignore) {
                tests.push(Test {
                    endpoint: key.clone(),
                    metric: Metric::Custom(name.clone()),
                    statistic: *statistic,
                    unit: example.map_or(Unit::Number, |m| m.unit.clone()),
                    direction: rule.direction.or(stated).unwrap_or(Direction::Lower),
                    threshold: *threshold,
                    severity: own.severity,
                    measured: custom([&here[0], &here[1]], *statistic),
                    one_sided: None,
                });
            }
        }
    }
    tests
}

/// What is known of a test before the other tests of its family are considered.
struct Examined {
    test: Test,
    evidence: Evidence,
    /// The verdict, where it does not depend on evidence; none: the limit is crossed.
    settled: Option<(Verdict, Reason)>,
}

fn examine(test: Test) -> Examined {
    let plain = |settled| (Evidence::default(), Some(settled));
    let (evidence, settled) = match (&test.one_sided, &test.measured.sides) {
        (Some(one_sided), _) => plain(*one_sided),
        (None, Err(reason)) => plain((Verdict::NotCompared, *reason)),
        (None, Ok([baseline, _]))
            if baseline.value <= 0.0 && matches!(test.threshold, Threshold::Relative(_)) =>
        {
            plain((Verdict::NotCompared, Reason::ZeroBaseline))
        }
        (None, Ok(sides)) => {
            let [baseline, current] = sides;
            let crossed = |b, y| is_crossed(b, y, test.threshold, test.direction);
            let settled = if !crossed(baseline.value, current.value) {
                Some((Verdict::Pass, Reason::WithinLimit))
            } else if !crossed(baseline.rounded_from.high, current.rounded_from.low) {
                Some((Verdict::Warn, Reason::BelowResolution))
            } else {
                None
            };
            (evidence(&test.metric, test.direction, sides), settled)
        }
    };
    Examined { test, evidence, settled }
}

/// The findings, each with its verdict; the tests of one metric are one family.
fn verdicts(tests: Vec<Test>, decide: Decide) -> Vec<Finding> {
    let examined: Vec<Examined> = tests.into_iter().map(examine).collect();
    let families: BTreeSet<&Metric> = examined.iter().map(|e| &e.test.metric).collect();
    let mut strength = vec![Strength::Real; examined.len()];
    if decide == Decide::Evidence {
        for family in families {
            let compared = |e: &Examined| {
                !matches!(e.settled, Some((Verdict::NotCompared, _) | (_, Reason::Removed)))
            };
            let members: Vec<usize> = (0..examined.len())
                .filter(|i| examined[*i].test.metric == *family && compared(&examined[*i]))
                .collect();
            let p: Vec<Option<f64>> = members.iter().map(|i| examined[*i].evidence.p).collect();
            for (i, found) in members.into_iter().zip(strengths(&p)) {
                strength[i] = found;
            }
        }
    }
    examined
        .into_iter()
        .zip(strength)
        .map(|(examined, strength)| finding(examined, strength))
        .collect()
}

fn finding(examined: Examined, strength: Strength) -> Finding {
    let Examined { test, evidence, settled } = examined;
    let (verdict, reason) = settled.unwrap_or(match (strength, test.severity) {
        (Strength::Chance, _) => (Verdict::Warn, Reason::WithinNoise),
        (_, Severity::Warn) => (Verdict::Warn, Reason::WarnOnly),
        (Strength::Suspicious, Severity::Fail) => (Verdict::Inconclusive, Reason::MeasureAgain),
        (Strength::Real, Severity::Fail) => (Verdict::Fail, Reason::OverThreshold),
    });
    let verdict = match (verdict, test.severity) {
        (Verdict::Fail, Severity::Warn) => Verdict::Warn,
        (verdict, _) => verdict,
    };
    Finding {
        endpoint: test.endpoint,
        metric: test.metric,
        statistic: test.statistic,
        unit: test.unit,
        direction: test.direction,
        baseline: test.measured.values[0],
        current: test.measured.values[1],
        interval: evidence.interval,
        threshold: test.threshold,
        verdict,
        reason,
        p: evidence.p,
        detectable: evidence.detectable.filter(|_| reason == Reason::WithinNoise),
        counts: test.measured.counts,
        counted: test.measured.counted,
    }
}

fn coverage(findings: &[Finding]) -> Coverage {
    Coverage {
        compared: findings.iter().filter(|f| f.is_compared()).count(),
        total: findings.iter().filter(|f| f.counted).count(),
    }
}

/// Differences that forbid comparing; those that do not become warnings.
fn compare_loads(
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
            let kind = WarningKind::Differs { field: field.to_string(), baseline, current };
            warnings.push(Warning::new(kind));
        }
    }
    forbidding
}

/// What a person should know beside the findings.
fn notices(
    baseline: &Baseline,
    current: &[Run],
    pairs: &[Pair<'_>],
    rules: &Rules,
    findings: &[Finding],
) -> Vec<Warning> {
    let mut kinds = Vec::new();
    let judged_by_noise = findings.iter().any(|f| f.p.is_some() && f.metric != Metric::ErrorRate);
    let runs = baseline.runs.len();
    if rules.decide == Decide::Evidence && judged_by_noise {
        kinds.push(WarningKind::NoiseUnknown { runs });
    }
    let not_measured: BTreeSet<String> = findings
        .iter()
        .filter(|f| f.metric == Metric::Latency && f.reason == Reason::NotMeasured)
        .map(|f| f.statistic.to_string())
        .collect();
    let absent = |name: &&String| {
        let has = |run: &Run| run.metrics.iter().any(|m| m.name == **name);
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
        let tool = current.first().map(|run| run.tool.name.clone()).unwrap_or_default();
        kinds.push(WarningKind::RequestsUnknown { endpoints, tool });
    }
    if let (false, Some(run)) = (not_measured.is_empty(), current.first()) {
        let statistics = not_measured.into_iter().collect();
        kinds.push(WarningKind::NotMeasured { statistics, tool: run.tool.name.clone() });
    }
    for pattern in rules.unmatched_rules(pairs.iter().map(|pair| &pair.key)) {
        kinds.push(WarningKind::UnmatchedRule { pattern });
    }
    let unclassified: Vec<String> = pairs
        .iter()
        .filter(|pair| !pair.current.is_empty())
        .filter(|pair| {
            let own = rules.for_endpoint(&pair.key);
            let known = own.class.as_ref().is_some_and(|class| rules.knows_class(class));
            !known && own.latency.is_empty() && !own.ignore
        })
        .map(|pair| pair.key.to_string())
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
        let name = same.commit.map_or_else(|| baseline.info.requested.clone(), |id| id.short());
        kinds.push(WarningKind::SameAsBaseline { baseline: name });
    }
    kinds.into_iter().map(Warning::new).collect()
}

/// The verdict on the whole: a failure is certain whatever else is missing; otherwise what was not checked must not
/// look like a pass; otherwise the worst finding decides.
fn overall(report: &Report, rules: &Rules, different: Vec<Difference>) -> (Verdict, ReportReason) {
    let worst = report.findings.iter().map(|f| f.verdict).max_by_key(|verdict| verdict.rank());
    let worst = worst.unwrap_or(Verdict::NotCompared);
    let latency_compared =
        report.findings.iter().any(|f| f.metric == Metric::Latency && f.is_compared());
    let Coverage { compared, total } = report.coverage;
    if !different.is_empty() && compared > 0 {
        return (Verdict::Inconclusive, ReportReason::NotComparable { differences: different });
    }
    if worst == Verdict::Fail {
        return (Verdict::Fail, ReportReason::Findings);
    }
    if compared == 0 {
        return (Verdict::NotCompared, ReportReason::NothingCompared);
    }
    let latency_limited = report.findings.iter().any(|f| f.metric == Metric::Latency);
    if latency_limited && !latency_compared {
        return (Verdict::NotCompared, ReportReason::NoLatencyCompared);
    }
    match rules.require_coverage {
        Some(required) if (compared as f64) < required * total as f64 - 1e-9 => {
            (Verdict::NotCompared, ReportReason::CoverageTooLow { required })
        }
        _ => (worst, ReportReason::Findings),
    }
}
