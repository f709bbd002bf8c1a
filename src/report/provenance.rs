//! Where the numbers come from: the runs of the baseline, and the commits that were searched for them.

use super::escape::Show;
use super::number::{plural, significant};
use crate::gate::{BaselineInfo, PairedInfo, Report};
use crate::model::{Difference, Outcome};
use std::collections::BTreeMap;

/// Where the baseline comes from.
pub(super) fn provenance(info: &BaselineInfo, report: &Report, show: Show<'_>) -> String {
    if let Some(pairs) = report.pairs() {
        return in_turn(info, pairs, show);
    }
    let noise =
        report.variation().map(|v| format!(", run-to-run CV {} %", significant(v.cv * 100.0)));
    let place = match info.distance {
        Some(0) => ", the merge base".to_owned(),
        Some(steps) => format!(", {} before the merge base", plural(steps, "commit")),
        None => String::new(),
    };
    whence(info, &place, report, show) + &noise.unwrap_or_default()
}

/// A baseline that was measured in turn with the run.
fn in_turn(info: &BaselineInfo, pairs: &PairedInfo, show: Show<'_>) -> String {
    let requested = show(&info.requested);
    let commit = info.commits.first().map(|id| format!(" ({})", id.short())).unwrap_or_default();
    let slices =
        pairs.slice_s.map(|s| format!(" of {} s slices", significant(s))).unwrap_or_default();
    let [took, budget] = [pairs.seconds, pairs.budget_s].map(|s| significant(s.round()));
    format!(
        "{requested}{commit}, measured in turn with this run: {}{slices}, {took} s of {budget} s",
        plural(pairs.head_second.len(), "pair")
    )
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

/// The commits that were searched in vain for a baseline: those without a record in one line, the others one by one.
pub(super) fn searched(report: &Report, show: Show<'_>) -> Vec<String> {
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
                let each = |d: &Difference| {
                    format!("{} {}, this run {}", d.field, show(&d.baseline), show(&d.current))
                };
                format!(
                    "not comparable: {}",
                    differences.iter().map(each).collect::<Vec<_>>().join("; ")
                )
            }
            Outcome::SameMeasurement { of } => format!("has the results of {}", of.short()),
            Outcome::NoRecord | Outcome::Taken { .. } => continue,
        };
        different.insert(visited.distance, format!("{}: {text}", visited.commit.short()));
    }
    lines.extend(different.into_values());
    lines
}
