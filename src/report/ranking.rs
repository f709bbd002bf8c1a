//! Which findings come first: what asks for attention, what chance gives, what came closest to its limit.

use crate::config::Threshold;
use crate::gate::{Finding, Report, Verdict};
use crate::model::{BEYOND, EndpointKey};

/// The findings that ask for attention: worst first, what names an endpoint before the total, latency before errors
/// before throughput, then by how far they are beyond their limit. What is missing from the run is listed apart.
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

/// The crossings that chance gives: listed, but not in the headline.
pub(super) fn by_chance(report: &Report) -> Vec<&Finding> {
    report.all_findings().filter(|f| f.is_chance()).collect()
}

/// How much of its limit a change uses: 1 is at the limit, negative is an improvement.
pub(super) fn closeness(finding: &Finding) -> f64 {
    let Some(change) = finding.change() else { return 0.0 };
    let worse = finding.direction.worse_sign();
    match finding.threshold {
        Threshold::Relative(share) if share > 0.0 => {
            worse * change.relative.unwrap_or_default() / share
        }
        Threshold::Absolute(amount) if amount > 0.0 => worse * change.absolute / amount,
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
