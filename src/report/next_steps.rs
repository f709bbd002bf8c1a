//! What to do next: the command that settles an open verdict, the lines that accept a slowdown.

use super::escape::shell;
use super::ranking::attention;
use crate::config::Accept;
use crate::gate::{Finding, Reason, Report, Verdict};
use crate::model::{EndpointKey, Untrusted};
use std::collections::BTreeSet;

/// The lines that accept the failures, ready to be copied into a commit message; only where there is a history. What is
/// suspicious about the endpoints that failed belongs to the same change: accepting the failures alone would leave that open.
pub(super) fn accept_lines(report: &Report) -> Vec<Untrusted> {
    let listed = attention(report);
    let failed = |f: &Finding| f.verdict() == Verdict::Fail;
    let endpoints: BTreeSet<&EndpointKey> =
        listed.iter().filter(|f| failed(f)).map(|f| &f.endpoint).collect();
    let belongs = |f: &Finding| {
        failed(f) || f.verdict() == Verdict::Inconclusive && endpoints.contains(&f.endpoint)
    };
    let line = |finding: &Finding| {
        let change = finding.change()?;
        let change = (change.relative, change.absolute);
        Accept::suggest(&finding.key(), change, finding.direction).map(Untrusted::from)
    };
    if report.requested().is_none() {
        return Vec::new();
    }
    listed.into_iter().filter(|f| belongs(f)).filter_map(line).collect()
}

/// Repeats of a run that moved as a whole from which on another one tells no more.
const ENOUGH: usize = 2;

/// What would settle an open verdict: what to do, and the command. Where the whole run moved, and repeats moved as well, more of
/// them cannot tell a slower machine from slower code: both versions have to be measured side by side.
pub(super) fn settle(report: &Report) -> (&'static str, Untrusted) {
    if let Some(pairs) = report.pairs() {
        let longer = (2.0 * pairs.budget_s / 60.0).ceil();
        return ("measure longer", format!("perfgate ab --budget {longer}m …").into());
    }
    let moved = attention(report).iter().any(|finding| finding.reason == Reason::WholeRun);
    if moved && report.current.runs >= ENOUGH {
        let what = "more repeats cannot tell a slower machine from slower code: measure both versions in one job (or name an endpoint \
                    that the change cannot touch under gate.control)";
        return (what, "perfgate ab …".into());
    }
    let against = match (report.requested(), report.baseline()) {
        (Some(revision), _) => format!("--baseline {}", shell(revision)),
        (None, Some(info)) if info.runs == 1 => {
            format!("--baseline-file {}", shell(&info.requested))
        }
        (None, _) => "--baseline-file FILE …".to_owned(),
    };
    let arguments = &report.current.arguments;
    let command =
        arguments.map(|more| format!("perfgate compare {against}{more} RESULTS NEW_RESULTS"));
    ("run the load test again and compare all runs", command)
}
