//! What a report says, in words: shared by all renderers for people. Names are not escaped here; the renderer hands in
//! how it shows one.

use super::budgets::{broken, check_headline, text, unjudged};
use super::escape::{Show, shell};
use super::number::{Scale, limit, plural, signed_percent, signed_points, significant};
use super::reasons::not_compared;
use crate::config::Accept;
use crate::gate::{BaselineInfo, Finding, Reason, Report, ReportReason, Role, Verdict};
use crate::model::{
    BEYOND, Direction, EndpointKey, Metric, Outcome, Statistic, Unit, Untrusted, WarningKind,
};
use std::collections::BTreeMap;

/// One scale for each unit that appears in a report.
pub(super) struct Scales(Vec<(Unit, Scale)>);

impl Scales {
    pub(super) fn of(report: &Report) -> Self {
        let mut values: Vec<(Unit, Vec<f64>)> = Vec::new();
        for finding in report.all_findings().filter(|f| f.is_compared()) {
            let own = finding.values.baseline.into_iter().chain(finding.values.current);
            match values.iter_mut().find(|(unit, _)| *unit == finding.unit) {
                Some((_, known)) => known.extend(own),
                None => values.push((finding.unit.clone(), own.collect())),
            }
        }
        Self(values.into_iter().map(|(unit, v)| (unit.clone(), Scale::of(&unit, &v))).collect())
    }

    pub(super) fn scale(&self, unit: &Unit) -> Scale {
        let own = self.0.iter().find(|(known, _)| known == unit).map(|(_, scale)| scale.clone());
        own.unwrap_or_else(|| Scale::of(unit, &[]))
    }
}

/// The name of a measurement without its endpoint: `p95`, `error rate`, `chat_ttft p95`.
pub(super) fn metric(finding: &Finding, show: Show<'_>) -> String {
    match (&finding.metric, finding.statistic) {
        (Metric::Latency, statistic) => statistic.to_string(),
        (Metric::ErrorRate, _) => "error rate".to_owned(),
        (Metric::Throughput, _) => "throughput".to_owned(),
        (Metric::Custom(name), Statistic::Value) => show(name),
        (Metric::Custom(name), statistic) => format!("{} {statistic}", show(name)),
    }
}

/// Whether a larger value of the finding's metric is better.
fn higher_is_better(finding: &Finding) -> bool {
    finding.direction == Direction::Higher
}

/// The change, in percent or percentage points.
pub(super) fn change(finding: &Finding) -> String {
    match (finding.change(), &finding.metric) {
        (None, _) => String::new(),
        (Some(change), Metric::ErrorRate) => signed_points(change.absolute),
        (Some(change), _) => match change.relative {
            Some(relative) => signed_percent(relative),
            None => "from 0".to_owned(),
        },
    }
}

/// The 95 % interval of the change.
pub(super) fn interval(finding: &Finding) -> String {
    let Some(interval) = finding.interval else { return String::new() };
    let end = |value: f64, decimals| super::number::signed(value * 100.0, decimals);
    match finding.metric {
        Metric::ErrorRate => format!("{} … {} pp", end(interval.low, 2), end(interval.high, 2)),
        _ => format!("{} … {} %", end(interval.low, 0), end(interval.high, 0)),
    }
}

/// The limit of the finding.
pub(super) fn limit_of(finding: &Finding) -> String {
    limit(finding.threshold, &finding.metric, &finding.unit, higher_is_better(finding))
}

/// The lines that accept the failures, ready to be copied into a commit message; only where there is a history.
pub(super) fn accept_lines(report: &Report) -> Vec<Untrusted> {
    let failed = attention(report).into_iter().filter(|f| f.verdict() == Verdict::Fail);
    let line = |finding: &Finding| {
        let change = finding.change()?;
        let change = (change.relative, change.absolute);
        Accept::suggest(&finding.key(), change, finding.direction).map(Untrusted::from)
    };
    if report.requested().is_none() { Vec::new() } else { failed.filter_map(line).collect() }
}

/// The findings that ask for attention: worst first, what names an endpoint before the total, latency before errors
/// before throughput, then by how far they are beyond their limit. What is gone is told apart.
pub(super) fn attention(report: &Report) -> Vec<&Finding> {
    let asks = |f: &&Finding| {
        f.verdict().rank() > Verdict::Pass.rank() && !f.is_removed() && !f.is_chance()
    };
    let mut list: Vec<&Finding> = report.all_findings().filter(asks).collect();
    list.sort_by(|a, b| {
        let total = |f: &Finding| f.endpoint == EndpointKey::Total;
        let rank = b.verdict().rank().cmp(&a.verdict().rank());
        let place = total(a).cmp(&total(b)).then(a.metric.cmp(&b.metric));
        rank.then(place).then(closeness(b).total_cmp(&closeness(a)))
    });
    list
}

/// The crossings that chance gives: told, but not in the headline.
pub(super) fn by_chance(report: &Report) -> Vec<&Finding> {
    report.all_findings().filter(|f| f.is_chance()).collect()
}

/// How many crossings chance gives, in brackets; nothing where there are none.
pub(super) fn chance_count(report: &Report) -> String {
    match by_chance(report).len() {
        0 => String::new(),
        n => format!(" ({} within noise)", plural(n, "crossing")),
    }
}

/// The endpoints that the baseline has and the run has not.
pub(super) fn gone(report: &Report, show: Show<'_>) -> Vec<String> {
    let gone = report.all_findings().filter(|f| f.is_removed());
    let mut names: Vec<String> = gone.map(|f| show(&f.endpoint.text())).collect();
    // The findings of one endpoint stand together.
    names.dedup();
    names
}

/// How much of its limit a change uses: 1 is at the limit, negative is an improvement.
pub(super) fn closeness(finding: &Finding) -> f64 {
    let Some(change) = finding.change() else { return 0.0 };
    let worse = finding.direction.worse_sign();
    match finding.threshold {
        crate::config::Threshold::Relative(share) if share > 0.0 => {
            worse * change.relative.unwrap_or_default() / share
        }
        crate::config::Threshold::Absolute(amount) if amount > 0.0 => {
            worse * change.absolute / amount
        }
        _ => worse * change.absolute,
    }
}

/// The compared finding that came closest to its limit.
pub(super) fn closest(report: &Report) -> Option<&Finding> {
    let passed = report.all_findings().filter(|f| f.verdict() == Verdict::Pass);
    passed.max_by(|a, b| closeness(a).total_cmp(&closeness(b)))
}

/// The findings within their limits that moved most of it, in whatever direction.
pub(super) fn largest(report: &Report) -> Vec<&Finding> {
    let moved = |f: &&Finding| f.verdict() == Verdict::Pass && closeness(f).abs() > BEYOND;
    let mut list: Vec<&Finding> = report.all_findings().filter(moved).collect();
    list.sort_by(|a, b| closeness(b).abs().total_cmp(&closeness(a).abs()));
    list
}

/// The answer, in one sentence.
pub(super) fn headline(report: &Report, scales: &Scales, show: Show<'_>) -> String {
    if report.is_check() {
        return check_headline(report, show);
    }
    let listed = attention(report);
    let over = broken(report).into_iter().filter(|b| b.verdict() == Verdict::Fail).count();
    let of = |verdict: Verdict| listed.iter().filter(move |f| f.verdict() == verdict).count();
    let more = |n: usize| if n > 1 { format!(", and {} more", n - 1) } else { String::new() };
    let coverage = report.coverage;
    let gone = gone(report, show);
    let missing = || {
        format!("{} in the baseline but not in this run: {}", are(gone.len(), "endpoint"), gone[0])
    };
    match (report.verdict, &report.reason) {
        (Verdict::Fail, _) if of(Verdict::Fail) == 0 && over > 0 => check_headline(report, show),
        (Verdict::Fail, _) if of(Verdict::Fail) == 0 => format!("regression: {}", missing()),
        (Verdict::Fail, _) => {
            let first = listed.first().map(|f| move_of(f, scales, show)).unwrap_or_default();
            let since = match (listed.first(), report.anchor()) {
                (Some(first), Some(anchor)) if first.role == Role::Drift => {
                    format!(" since {}", show(&anchor.requested))
                }
                _ => String::new(),
            };
            let budgets = if over > 0 {
                format!("; {} broken", plural(over, "budget"))
            } else {
                String::new()
            };
            format!("regression{since}: {first}{}{budgets}", more(of(Verdict::Fail)))
        }
        (Verdict::Inconclusive, ReportReason::NotComparable { differences }) => {
            let what: Vec<String> = differences
                .iter()
                .map(|d| format!("{} {} vs {}", d.field, show(&d.current), show(&d.baseline)))
                .collect();
            format!("no verdict: the runs had different loads ({})", what.join(", "))
        }
        (Verdict::Inconclusive, _) => match listed.first() {
            Some(first) if first.reason == Reason::WholeRun => {
                format!("measure again: {}", whole_run(report, first))
            }
            first => {
                let first = first.map(|f| move_of(f, scales, show)).unwrap_or_default();
                format!("measure again: {first}{}", more(of(Verdict::Inconclusive)))
            }
        },
        (Verdict::Pass, _) => {
            let within =
                coverage.compared - by_chance(report).iter().filter(|f| f.is_counted()).count();
            let total = coverage.total;
            let largest = closest(report).map(|f| {
                format!(
                    " (closest: {} {} {}, limit {})",
                    show(&f.endpoint.text()),
                    metric(f, show),
                    change(f),
                    limit_of(f)
                )
            });
            format!(
                "no regression{}: {within} of {total} measurements within limits{}",
                chance_count(report),
                largest.unwrap_or_default()
            )
        }
        (Verdict::Warn, _) if listed.is_empty() && report.budgets_with(Verdict::Warn) > 0 => {
            let missed = report.budgets_with(Verdict::Warn);
            let first = broken(report).first().map(|budget| text(budget, show));
            format!(
                "no regression, but {} missed: {}",
                plural(missed, "target"),
                first.unwrap_or_default()
            )
        }
        (Verdict::Warn, _)
            if listed.is_empty()
                && gone.is_empty()
                && !report.all_findings().any(Finding::is_blind) =>
        {
            format!("no regression, but {}", idle(report, show))
        }
        (Verdict::Warn, _) if listed.is_empty() && gone.is_empty() => {
            let blind = report.all_findings().filter(|f| f.is_blind()).count();
            format!("no regression, but {} could not be compared", plural(blind, "measurement"))
        }
        (Verdict::Warn, _) if listed.is_empty() => format!("no regression, but {}", missing()),
        (Verdict::Warn, _) => format!(
            "no regression, {}: {}{}",
            plural(listed.len(), "warning"),
            listed.first().map(|f| move_of(f, scales, show)).unwrap_or_default(),
            more(listed.len())
        ),
        (Verdict::NotCompared, reason) => {
            format!("no verdict: {}", no_verdict(report, reason, show))
        }
    }
}

/// A run that moved as a whole, in one sentence; its change is that of the typical measurement of this metric.
fn whole_run(report: &Report, moved: &Finding) -> String {
    let same = report.all_findings().filter(|f| f.metric == moved.metric && f.is_compared());
    let changes: Vec<f64> = same.filter_map(|f| f.change()?.relative).collect();
    let typical = 100.0 * crate::stats::median(&changes).unwrap_or_default().abs();
    let how = if moved.metric == Metric::Latency { "slower" } else { "worse" };
    format!("most endpoints are about {typical:.0} % {how}: the machine, or something they share")
}

/// The command that judges all runs, where another one would decide.
pub(super) fn measure_again(report: &Report) -> Untrusted {
    let against = match (report.requested(), report.baseline()) {
        (Some(revision), _) => format!("--baseline {}", shell(revision)),
        (None, Some(info)) if info.runs == 1 => {
            format!("--baseline-file {}", shell(&info.requested))
        }
        (None, _) => "--baseline-file FILE …".to_owned(),
    };
    let arguments = &report.current.arguments;
    arguments.map(|more| format!("perfgate compare {against}{more} RESULTS NEW_RESULTS"))
}

/// A number, its noun and its verb: `1 endpoint is`, `2 endpoints are`.
fn are(n: usize, noun: &str) -> String {
    format!("{} {}", plural(n, noun), if n == 1 { "is" } else { "are" })
}

/// What in the policy holds for nothing.
fn idle(report: &Report, show: Show<'_>) -> String {
    let idle: Vec<&WarningKind> =
        report.warnings.iter().map(|own| &own.kind).filter(|kind| kind.is_idle_rule()).collect();
    // A limit weighs more than what only leaves something out.
    let first = match idle.iter().min_by_key(|kind| !kind.is_idle_limit()) {
        Some(WarningKind::UnmatchedRule { pattern, .. }) => {
            format!("no endpoint matches the rule {}", show(pattern))
        }
        Some(WarningKind::UnknownMetric { name }) => {
            format!("no run has the metric {}, which has a limit", show(name))
        }
        _ => "a rule of the policy matches nothing".to_owned(),
    };
    let more = idle.len().saturating_sub(1);
    if more > 0 { format!("{first}, and {more} more unmatched in the policy") } else { first }
}

fn no_verdict(report: &Report, reason: &ReportReason, show: Show<'_>) -> String {
    let share = |part: usize, whole: usize| significant(100.0 * part as f64 / whole.max(1) as f64);
    let coverage = report.coverage;
    match reason {
        ReportReason::NoBaseline => {
            let revision = report.requested().map(|revision| show(revision));
            let revision = revision.unwrap_or_else(|| "the baseline".to_owned());
            let looked = plural(report.visited().len(), "commit");
            format!("no comparable run is recorded for {revision} ({looked} searched)")
        }
        ReportReason::BudgetNotMeasured => unjudged(report, show),
        ReportReason::IdleLimit => idle(report, show),
        ReportReason::NoLatencyCompared => {
            "latency has limits, but no latency could be compared".to_owned()
        }
        ReportReason::CoverageTooLow { required } => format!(
            "only {} of {} measurements were compared ({} %, required {} %)",
            coverage.compared,
            coverage.total,
            share(coverage.compared, coverage.total),
            significant(required * 100.0)
        ),
        _ => "nothing could be compared".to_owned(),
    }
}

/// A change as a sentence: `POST /api/chat is slower: p95 33.0 → 41.9 ms (+27.0 %, limit +20 %)`.
pub(super) fn move_of(finding: &Finding, scales: &Scales, show: Show<'_>) -> String {
    let name = match (&finding.endpoint, &finding.metric) {
        (EndpointKey::Total, Metric::Custom(name)) => show(name),
        (EndpointKey::Total, _) => "the whole run".to_owned(),
        (named @ EndpointKey::Named { .. }, _) => show(&named.text()),
    };
    let what = match finding.metric {
        Metric::Latency => "is slower",
        Metric::ErrorRate => "fails more often",
        Metric::Throughput => "has less throughput",
        Metric::Custom(_) => "is worse",
    };
    let scale = scales.scale(&finding.unit);
    let value = |value: Option<f64>| value.map(|v| scale.bare(v)).unwrap_or_default();
    format!(
        "{name} {what}: {} {} → {}{} ({}, limit {})",
        metric(finding, show),
        value(finding.values.baseline),
        value(finding.values.current),
        scale.suffix(),
        change(finding),
        limit_of(finding)
    )
}

/// Where the baseline comes from.
pub(super) fn provenance(info: &BaselineInfo, report: &Report, show: Show<'_>) -> String {
    let noise =
        report.variation().map(|v| format!(", run-to-run CV {} %", significant(v.cv * 100.0)));
    let place = match info.distance {
        Some(0) => ", the merge base".to_owned(),
        Some(steps) => format!(", {} before the merge base", plural(steps, "commit")),
        None => String::new(),
    };
    whence(info, &place, report, show) + &noise.unwrap_or_default()
}

/// The same for the anchor, which has no place before a merge base.
pub(super) fn anchored(info: &BaselineInfo, report: &Report, show: Show<'_>) -> String {
    whence(info, "", report, show)
}

fn whence(info: &BaselineInfo, place: &str, report: &Report, show: Show<'_>) -> String {
    let requested = show(&info.requested.map(shortened_path));
    let runs = plural(info.runs, "run");
    let Some(nearest) = info.commits.first() else {
        return format!("{requested} ({runs})");
    };
    let oldest = info.commits.last().filter(|oldest| *oldest != nearest);
    let span = match oldest {
        Some(oldest) => format!("{}…{}", oldest.short(), nearest.short()),
        None => format!("of {}", nearest.short()),
    };
    let age = info.newest.zip(report.current.date).map(|(base, own)| ago(own, base));
    let age = age.map(|age| format!(", {age} older")).unwrap_or_default();
    format!("{requested}: {runs} {span}{place}{age}")
}

/// The end of a long path says more than its beginning.
fn shortened_path(requested: &str) -> String {
    const LONGEST: usize = 60;
    let skip = requested.chars().count().saturating_sub(LONGEST);
    let end: String = requested.chars().skip(skip).collect();
    if skip > 0 { format!("…{end}") } else { end }
}

/// The time from one instant to a later one, in its largest unit: `3 days`, `2 h`.
pub fn ago(now: jiff::Timestamp, then: jiff::Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours) {
        (730.., _) => format!("{} years", days / 365),
        (2.., _) => format!("{days} days"),
        (_, 1..) => format!("{hours} h"),
        _ if minutes > 0 => format!("{minutes} min"),
        _ => format!("{seconds} s"),
    }
}

/// What was not compared, one phrase for each endpoint and reason: `GET /health p99 (402 requests, needs 500)`.
pub(super) fn left_out(report: &Report, show: Show<'_>) -> Vec<String> {
    let mut groups: Vec<(String, String, Vec<String>)> = Vec::new();
    let mut index: BTreeMap<(String, String), usize> = BTreeMap::new();
    for finding in report.all_findings().filter(|f| f.verdict() == Verdict::NotCompared) {
        let (endpoint, why) = (show(&finding.endpoint.text()), not_compared(finding));
        let at = *index.entry((endpoint.clone(), why.clone())).or_insert_with(|| {
            groups.push((endpoint, why, Vec::new()));
            groups.len() - 1
        });
        groups[at].2.push(metric(finding, show));
    }
    let whole = |why: &str| matches!(why, "no requests" | "new" | "every request failed");
    groups
        .into_iter()
        .map(|(endpoint, why, metrics)| match whole(&why) {
            true => format!("{endpoint} ({why})"),
            false => format!("{endpoint} {} ({why})", metrics.join(", ")),
        })
        .collect()
}

/// What was looked at in vain for a baseline: commits without a record in one line, the others one by one.
pub(super) fn looked_at(report: &Report, show: Show<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let empty: Vec<String> = report
        .visited()
        .iter()
        .filter(|v| v.outcome == Outcome::NoRecord)
        .map(|v| {
            if v.distance == 0 {
                format!("{} (merge base)", v.commit.short())
            } else {
                v.commit.short()
            }
        })
        .collect();
    if !empty.is_empty() {
        let (named, rest) = empty.split_at(empty.len().min(2));
        let rest =
            if rest.is_empty() { String::new() } else { format!(", … {} more", rest.len()) };
        lines.push(format!("{}{rest}: no record", named.join(", ")));
    }
    let mut different: BTreeMap<usize, String> = BTreeMap::new();
    for visited in report.visited() {
        let text = match &visited.outcome {
            Outcome::OtherVersion => "recorded by a newer perfgate".to_owned(),
            Outcome::UnderTest => "the commit under test is not its own baseline".to_owned(),
            Outcome::NotComparable { differences } => {
                let each = |d: &crate::model::Difference| {
                    format!("{} {}, this run {}", d.field, show(&d.baseline), show(&d.current))
                };
                format!(
                    "not comparable: {}",
                    differences.iter().map(each).collect::<Vec<_>>().join("; ")
                )
            }
            Outcome::NoRecord | Outcome::Taken { .. } => continue,
        };
        different.insert(visited.distance, format!("{}: {text}", visited.commit.short()));
    }
    lines.extend(different.into_values());
    lines
}
