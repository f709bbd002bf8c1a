//! What a report could not compare.

use super::cells::metric;
use super::escape::Show;
use super::reasons::not_compared;
use crate::gate::{Finding, Missing, Reason, Report, Verdict};
use std::collections::BTreeMap;

/// The endpoints that the baseline has and the run has not.
pub(super) fn gone(report: &Report, show: Show<'_>) -> Vec<String> {
    let gone = report.all_findings().filter(|f| f.is_removed());
    let mut names: Vec<String> = gone.map(|f| show(&f.endpoint.text())).collect();
    // The findings of one endpoint stand together.
    names.dedup();
    names
}

/// What was not compared, one phrase for each endpoint and reason: `GET /health p99 (402 requests, needs 500)`.
pub(super) fn left_out(report: &Report, show: Show<'_>) -> Vec<String> {
    let mut groups: Vec<(String, String, Option<Vec<String>>)> = Vec::new();
    let mut index: BTreeMap<(String, String), usize> = BTreeMap::new();
    for finding in report.all_findings().filter(|f| f.verdict() == Verdict::NotCompared) {
        let (endpoint, why) = (show(&finding.endpoint.text()), not_compared(finding));
        let at = *index.entry((endpoint.clone(), why.clone())).or_insert_with(|| {
            let metrics = (!is_of_endpoint(finding)).then(Vec::new);
            groups.push((endpoint, why, metrics));
            groups.len() - 1
        });
        if let Some(metrics) = &mut groups[at].2 {
            metrics.push(metric(finding, show));
        }
    }
    groups
        .into_iter()
        .map(|(endpoint, why, metrics)| match metrics {
            None => format!("{endpoint} ({why})"),
            Some(metrics) => format!("{endpoint} {} ({why})", metrics.join(", ")),
        })
        .collect()
}

/// Whether the reason is one of the endpoint, so that its metrics need no list.
fn is_of_endpoint(finding: &Finding) -> bool {
    match finding.reason {
        Reason::NewEndpoint | Reason::Missing(Missing::AllFailed) => true,
        Reason::Missing(Missing::NoData) => finding.counts.current.requests.unwrap_or(0) == 0,
        _ => false,
    }
}
