//! What a pass speaks for: where that is not most of what has limits, its first line says so.

use super::number::{plural, significant};
use crate::gate::{Finding, Missing, Reason, Report};

/// A pass of which one in so many measurements was not compared, or more, says so first.
const ONE_IN: usize = 3;
/// Coefficient of variation from run to run beyond which a pass says first that the runs hardly agree.
const LOUD: f64 = 0.5;

/// Whether so much of what has limits was not compared that the answer has to say it.
pub(super) fn is_partial(report: &Report) -> bool {
    let coverage = report.coverage;
    let missing = coverage.total.saturating_sub(coverage.compared);
    coverage.compared > 0 && missing * ONE_IN >= coverage.total
}

/// `no regression`, and in what of it where that is not most: `no regression in the 7 of 14 measurements that could be compared`.
pub(super) fn no_regression(report: &Report) -> String {
    let noise = match report.variation() {
        Some(variation) if variation.cv > LOUD => {
            let cv = significant(100.0 * variation.cv);
            format!(" above the noise (results vary by {cv} % from run to run)")
        }
        _ => String::new(),
    };
    let part = if is_partial(report) {
        let coverage = report.coverage;
        let all = plural(coverage.total, "measurement");
        format!(" in the {} of {all} that could be compared", coverage.compared)
    } else {
        String::new()
    };
    format!("no regression{noise}{part}")
}

/// The same in a few words, for a title.
pub(super) fn no_regression_title(report: &Report) -> String {
    if !is_partial(report) {
        return "no regression".to_owned();
    }
    let coverage = report.coverage;
    format!("no regression in {} of {}", coverage.compared, plural(coverage.total, "measurement"))
}

/// Why the rest was not compared, most frequent reason first: `5 too noisy, 2 new`.
pub(super) fn why_not_compared(report: &Report) -> String {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for finding in report.all_findings().filter(|f| f.is_counted() && !f.is_compared()) {
        let why = why(finding);
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, count)) => *count += 1,
            None => reasons.push((why, 1)),
        }
    }
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let counted: Vec<String> =
        reasons.iter().map(|(why, count)| format!("{count} {why}")).collect();
    counted.join(", ")
}

fn why(finding: &Finding) -> &'static str {
    match finding.reason {
        Reason::TooNoisy => "too noisy",
        Reason::Missing(Missing::TooFewRequests { .. }) => "with too few requests",
        Reason::Missing(Missing::AllFailed) => "with failures only",
        Reason::NewEndpoint => "new",
        Reason::Removed(_) => "missing from this run",
        Reason::ZeroBaseline => "0 in the baseline",
        _ => "not measured",
    }
}
