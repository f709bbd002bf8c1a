//! What excuses a crossing: a commit that accepts it, or one that brought it in before.

use super::finding::{Accepted, Finding};
use super::input::Acceptance;
use super::limit::is_crossed;
use super::plan::Test;
use super::sides::Sides;
use super::verdict::{Reason, Verdict};
use crate::config::suggest;
use crate::model::{Direction, Warning, WarningKind};
use crate::stats::fisher_one_sided;

/// p below which the nearest commit fails more often than the runs before it.
const NEAREST_IS_WORSE: f64 = 0.05;

/// A crossing that a commit accepts is a warning, up to the ceiling that the commit names.
pub(super) fn accept(finding: &mut Finding, acceptances: &[Acceptance]) {
    let Some(Sides { baseline, current }) = finding.values.both() else { return };
    let crossed = matches!(finding.verdict(), Verdict::Fail | Verdict::Inconclusive);
    let key = finding.key();
    let covers = |own: &&Acceptance| {
        own.accept.covers(&key)
            && own.accept.direction == finding.direction
            && !is_crossed(baseline, current, own.accept.ceiling, finding.direction)
    };
    if let Some(own) = acceptances.iter().find(covers).filter(|_| crossed) {
        finding.reason = Reason::Accepted;
        finding.accepted = Some(Accepted {
            commit: own.commit,
            author: own.author.clone(),
            reason: own.accept.reason.clone(),
            ceiling: Some(own.accept.ceiling),
        });
    }
}

/// Lines that accept nothing, with why: probably slips, or a ceiling that the change is beyond.
pub(super) fn idle_acceptances(acceptances: &[Acceptance], findings: &[Finding]) -> Vec<Warning> {
    let warning = |own: &Acceptance| {
        let why = why_idle(own, findings)?;
        Some(Warning::new(WarningKind::BrokenTrailer { commit: own.commit.short(), why }))
    };
    acceptances.iter().filter_map(warning).collect()
}

/// Why a line accepts nothing; none where it does, or where nothing is left to accept.
fn why_idle(own: &Acceptance, findings: &[Finding]) -> Option<String> {
    let what = own.accept.what();
    let meant: Vec<&Finding> = findings.iter().filter(|f| own.accept.covers(&f.key())).collect();
    if meant.is_empty() {
        let known: Vec<String> = findings.iter().map(|f| f.key().text().into_raw()).collect();
        let near = suggest(what, known.iter().map(String::as_str));
        let near = near.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        return Some(format!("nothing that is judged is called `{what}`{near}"));
    }
    let mut same_way = meant.iter().filter(|f| own.accept.direction == f.direction).peekable();
    if same_way.peek().is_none() {
        let way = if own.accept.direction == Direction::Lower { ">= -10%" } else { "<= +10%" };
        return Some(format!("`{what}` gets worse the other way: write it like {way}"));
    }
    let is_left = |f: &&Finding| matches!(f.verdict(), Verdict::Fail | Verdict::Inconclusive);
    same_way.copied().any(|f| is_left(&f)).then(|| format!("`{what}` is beyond its ceiling"))
}

/// Whether the nearest commit fails more often than those before it, and no less than the new runs: then the failures came
/// with a change that was merged before. Only counts tell; everything else is told by the noise.
pub(super) fn fails_on_main_already(test: &Test, current: f64, nearest: usize) -> bool {
    let failures = &test.measured.baseline_failures;
    if nearest == 0 || nearest >= failures.len() {
        return false;
    }
    let sum = |runs: &[(u64, u64)]| runs.iter().fold((0, 0), |s, r| (s.0 + r.0, s.1 + r.1));
    let (near, before) = (sum(&failures[..nearest]), sum(&failures[nearest..]));
    let rate = near.0 as f64 / near.1.max(1) as f64;
    fisher_one_sided(before, near) < NEAREST_IS_WORSE
        && !is_crossed(rate, current, test.threshold, test.direction)
}
