//! What a gate sees, by the noise of recorded runs: said before anybody trusts it.

use super::escape::terminal;
use super::reasons::{ANY, visible};
use crate::config::Threshold;
use crate::gate::{Finding, Report, Verdict};
use crate::model::Metric;

/// Measurements that are named as seen by nobody before they are only counted.
const MOST_NAMED: usize = 3;

/// What the gate sees of the latencies of a report: the smallest changes that would fail, from the sharpest to the dullest,
/// and those of which nothing near the limit would. Empty without a latency whose noise is known.
pub fn sight(report: &Report) -> Vec<String> {
    let relative = |f: &&Finding| matches!(f.threshold, Threshold::Relative(_));
    let known = report.all_findings().filter(|f| f.metric == Metric::Latency);
    let mut known: Vec<(&Finding, f64)> =
        known.filter(relative).filter_map(|f| Some((f, f.visible?))).collect();
    known.sort_by(|a, b| a.1.total_cmp(&b.1));
    let blind = |(finding, _): &(&Finding, f64)| finding.verdict() == Verdict::NotCompared;
    let (unseen, seen): (Vec<_>, Vec<_>) = known.into_iter().partition(blind);
    let change = |(finding, _): &(&Finding, f64)| visible(finding);
    let name = |(finding, _): &(&Finding, f64)| terminal(&finding.key().text());
    let mut lines = Vec::new();
    match (seen.first(), seen.last()) {
        (Some(sharpest), Some(dullest)) if seen.len() > 1 => lines.push(format!(
            "smallest visible changes: from {} ({}) to {} ({})",
            change(sharpest),
            name(sharpest),
            change(dullest),
            name(dullest)
        )),
        (Some(only), _) => {
            lines.push(format!("smallest visible change: {} ({})", change(only), name(only)))
        }
        _ => {}
    }
    if !unseen.is_empty() {
        let named: Vec<String> = unseen
            .iter()
            .take(MOST_NAMED)
            .map(|one| match one.1 {
                visible if visible > ANY => format!("{} (not even tenfold)", name(one)),
                _ => format!("{} (nothing below {})", name(one), change(one)),
            })
            .collect();
        let more = unseen.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        lines.push(format!(
            "too noisy for changes near the limit to be visible: {}{more}; measure longer, send more requests, or ignore them",
            named.join(", ")
        ));
    }
    lines
}
