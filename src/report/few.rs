//! What few calls say about a limit on a quantile: in words, and in files.

use super::number::{grouped, probability};
use crate::gate::{BudgetFinding, FewCalls};
use crate::model::{Direction, Quantile};
use crate::schema::{FewV1, ShownV1};

/// Below this, a quantile is not nearly shown.
const LITTLE: f64 = 0.5;

/// What the calls show, and how many more it takes: `10 of 10 below 3000 ms: shows p50 < 3000 ms (99.9 %), says little about p95
/// (40 %); 59 without a miss would show it: 49 more calls`. `limit` is written with its sign and without.
pub(super) fn undecided(budget: &BudgetFinding, few: &FewCalls, limit: [&str; 2]) -> String {
    let [with_sign, bare] = limit;
    let FewCalls { calls, within, beyond, level, .. } = *few;
    let calls_text = count(budget, few, bare);
    if few.runs_differ {
        return format!("{calls_text}, but the runs differ: each must show {level} by itself");
    }
    let shown = few.shows.last();
    let shown = shown.map(|(own, sure)| format!("shows {own} {with_sign} ({})", percent(*sure)));
    let sure = percent(few.confidence);
    let open = match (few.confidence < LITTLE, &shown) {
        (true, Some(shown)) => format!("{shown}, says little about {level} ({sure})"),
        (true, None) => format!("says little about {level} ({sure})"),
        (false, Some(shown)) => format!("{shown}, not yet {level} ({sure})"),
        (false, None) => format!("does not show {level} yet ({sure})"),
    };
    let more = few.more.map(|more| {
        let all = grouped(calls + more);
        let how = if within == calls { "without a miss" } else { "with no further miss" };
        let calls = if more == 1 { "call" } else { "calls" };
        format!("; {all} {how} would show it: {} more {calls}", grouped(more))
    });
    let unlikely = (beyond > 0 && few.p < LITTLE / 10.0).then(|| {
        format!("; as many misses are unlikely if {level} is kept ({})", probability(few.p))
    });
    format!("{calls_text}: {open}{}{}", unlikely.unwrap_or_default(), more.unwrap_or_default())
}

/// What decided: `59 of 59 below: 95 % sure`, `4 of 10 above: p = 0.0010`.
pub(super) fn decided(budget: &BudgetFinding, few: &FewCalls, kept: bool) -> String {
    let at_least = if few.within + few.beyond < few.calls { "at least " } else { "" };
    let [better, worse] = sides(budget);
    let calls = grouped(few.calls);
    match kept {
        true => {
            let sure = percent(few.confidence);
            format!("{at_least}{} of {calls} {better}: {sure} sure", grouped(few.within))
        }
        false => {
            let p = probability(few.p);
            format!("{at_least}{} of {calls} {worse}: {p}", grouped(few.beyond))
        }
    }
}

/// As a file has it.
pub(super) fn to_wire(few: &FewCalls) -> FewV1 {
    let shown = |(quantile, confidence): &(Quantile, f64)| ShownV1 {
        quantile: quantile.to_string(),
        confidence: *confidence,
    };
    FewV1 {
        calls: few.calls,
        within: few.within,
        beyond: few.beyond,
        quantile: few.level.to_string(),
        confidence: few.confidence,
        p: few.p,
        shows: few.shows.iter().map(shown).collect(),
        more_calls: few.more,
        runs_differ: few.runs_differ,
    }
}

/// From a file; the error is what should be a quantile.
pub(super) fn from_wire(file: FewV1) -> Result<FewCalls, String> {
    let level = |text: &str| text.parse().map_err(|()| text.to_owned());
    let shown = |own: &ShownV1| Ok((level(&own.quantile)?, own.confidence));
    Ok(FewCalls {
        calls: file.calls,
        within: file.within,
        beyond: file.beyond,
        level: level(&file.quantile)?,
        confidence: file.confidence,
        p: file.p,
        shows: file.shows.iter().map(shown).collect::<Result<_, String>>()?,
        more: file.more_calls,
        runs_differ: file.runs_differ,
    })
}

fn count(budget: &BudgetFinding, few: &FewCalls, limit: &str) -> String {
    let at_least = if few.within + few.beyond < few.calls { "at least " } else { "" };
    let [better, _] = sides(budget);
    format!("{at_least}{} of {} {better} {limit}", grouped(few.within), grouped(few.calls))
}

/// The sides of the limit: the better one first.
fn sides(budget: &BudgetFinding) -> [&'static str; 2] {
    match budget.limit.map(|(bound, _)| bound.comparison.direction()) {
        Some(Direction::Higher) => ["above", "below"],
        _ => ["below", "above"],
    }
}

/// A confidence, rounded down: what is not shown must not look as if it were.
fn percent(sure: f64) -> String {
    let tenths = (sure * 1e3 + 1e-9).floor();
    if tenths > 990.0 {
        // What the calls show is never certain.
        format!("{:.1} %", tenths.min(999.0) / 10.0)
    } else {
        format!("{} %", (tenths / 10.0).floor())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_is_never_rounded_up_to_what_would_be_enough() {
        let shown = [0.401, 0.9487, 0.95, 0.9515, 0.99, 0.999_02, 0.999_99, 1.0].map(percent);
        assert_eq!(shown, ["40 %", "94 %", "95 %", "95 %", "99 %", "99.9 %", "99.9 %", "99.9 %"]);
    }
}
