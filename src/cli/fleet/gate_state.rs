//! Whether a service's gate can be trusted: replayed on its own newest runs, by a policy.

use crate::config::{Rules, Threshold};
use crate::gate::{Exit, RUNS_FOR_NOISE, Report, Verdict, judge_against};
use crate::model::{Metric, Run, differences};
use crate::report::{GateRow, GateState};
use jiff::Timestamp;

/// Commits whose gate is replayed.
const REPLAYED: usize = 10;
/// Share of the compared response times of which a gate sees nothing near their limits, from which on it is blind.
const BLIND: f64 = 0.5;

/// Recorded runs of a service, the newest first, each with the time of its commit.
pub(in crate::cli) struct GateRuns<'a> {
    pub(in crate::cli) service: &'a str,
    pub(in crate::cli) runs: Vec<(Timestamp, Run)>,
    pub(in crate::cli) rules: &'a Rules,
    pub(in crate::cli) window: usize,
}

/// The gates of a service, one for each load. `since`: the newest run must not be older.
pub(in crate::cli) fn gate_rows(own: &GateRuns<'_>, since: Timestamp) -> Vec<GateRow> {
    let mut left: Vec<&(Timestamp, Run)> = own.runs.iter().collect();
    let mut rows = Vec::new();
    while let Some((_, newest)) = left.first() {
        let allowed = &own.rules.allow_different;
        let alike = |run: &Run| {
            !differences(run, newest)
                .iter()
                .any(|d| d.field.forbids() && !allowed.contains(&d.field))
        };
        let (mut load, others): (Vec<_>, Vec<_>) =
            left.iter().skip(1).partition(|(_, run)| alike(run));
        load.insert(0, left[0]);
        rows.push(row(own, &load, since));
        left = others;
    }
    rows
}

fn row(own: &GateRuns<'_>, load: &[&(Timestamp, Run)], since: Timestamp) -> GateRow {
    let commits: Vec<&[&(Timestamp, Run)]> =
        load.chunk_by(|(_, a), (_, b)| a.commit == b.commit).collect();
    let runs_of = |commits: &[&[&(Timestamp, Run)]]| -> Vec<Run> {
        commits.concat().iter().map(|(_, run)| run.clone()).collect()
    };
    let mut reports = Vec::new();
    for at in 0..commits.len().min(REPLAYED) {
        let before = runs_of(&commits[at + 1..]);
        if !before.is_empty() {
            reports.push(judge_against(
                &runs_of(&commits[at..=at]),
                &before,
                own.window,
                own.rules,
            ));
        }
    }
    let (newest_at, newest) = load[0];
    let ended = |exit: Exit| reports.iter().filter(|report| report.exit == exit).count();
    let baseline = runs_of(&commits[1..]).len().min(own.window);
    let sight = reports.first().and_then(sight);
    let blind = reports.first().and_then(blindness);
    let state = if *newest_at < since {
        GateState::Stale
    } else if baseline < RUNS_FOR_NOISE {
        GateState::NoBaseline
    } else if blind.is_none_or(|share| share >= BLIND) {
        GateState::Blind
    } else if ended(Exit::Regression) * 2 > reports.len() {
        GateState::FailsOften
    } else {
        GateState::Fine
    };
    GateRow {
        service: own.service.into(),
        suite: newest.suite.clone(),
        profile: newest.profile.clone(),
        environment: newest.environment.clone(),
        newest: Some(*newest_at),
        commit: newest.commit,
        baseline,
        sees: sight,
        replayed: reports.len(),
        failed: ended(Exit::Regression),
        unclear: ended(Exit::NoVerdict),
        state,
    }
}

/// The median of the smallest changes of response times that would fail.
fn sight(report: &Report) -> Option<f64> {
    let relative = report
        .all_findings()
        .filter(|f| f.metric == Metric::Latency && matches!(f.threshold, Threshold::Relative(_)));
    let visible: Vec<f64> = relative.filter_map(|finding| finding.visible).collect();
    crate::stats::median(&visible)
}

/// The share of the response times with a limit that are too noisy for a change near it to be seen; none without any.
fn blindness(report: &Report) -> Option<f64> {
    let limited: Vec<_> = report.all_findings().filter(|f| f.metric == Metric::Latency).collect();
    let blind = limited.iter().filter(|f| f.verdict() == Verdict::NotCompared).count();
    (!limited.is_empty()).then(|| blind as f64 / limited.len() as f64)
}
